package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/loop"
)

// A read waits for bytes: for a number of them, for any, or for an end.
type read struct {
	p       *loop.Promise[[]byte] // nil: of ReadInto
	into    *into                 // of ReadInto
	pattern *pattern              // of ReadUntilRegexp
	delim   []byte                // of ReadUntil
	n       int                   // ReadFull: how many; the others: at most
	scanned int                   // where to go on looking for delim
	kind    kind
}

// kind is what a read waits for.
type kind int8

const (
	forAll   kind = iota // n bytes
	forSome              // any
	forDelim             // a delimiter
	forMatch             // a match
	forEnd               // the peer's last byte
)

// ReadUntil reads up to and including delim. If that does not come within max
// bytes, the error is ErrTooLong and the bytes stay. At the end of the stream the
// error is io.EOF, or io.ErrUnexpectedEOF if there were other bytes, which stay.
func (s *Stream) ReadUntil(delim string, max int) *loop.Future[[]byte] {
	if delim == "" {
		panic("stream: ReadUntil with an empty delimiter")
	}
	return s.read(&read{kind: forDelim, delim: []byte(delim), n: max})
}

// ReadFull reads exactly n bytes. At the end of the stream the error is io.EOF, or
// io.ErrUnexpectedEOF if there were some bytes, which stay. To read 0 bytes is done
// at once, also then.
func (s *Stream) ReadFull(n int) *loop.Future[[]byte] {
	if n < 0 {
		panic("stream: ReadFull with a negative number")
	}
	return s.read(&read{n: n})
}

// ReadSome reads at least one byte and at most max, whatever is there first. At the
// end of the stream the error is io.EOF.
func (s *Stream) ReadSome(max int) *loop.Future[[]byte] {
	if max <= 0 {
		panic("stream: ReadSome of no bytes")
	}
	return s.read(&read{kind: forSome, n: max})
}

// ReadUntilClose reads everything up to the peer's last byte; that may be nothing.
// If more than max bytes come, the error is ErrTooLong; if the stream breaks, it is
// what broke it. The bytes stay then, for other reads.
func (s *Stream) ReadUntilClose(max int) *loop.Future[[]byte] {
	return s.read(&read{kind: forEnd, n: max})
}

// read starts a read of bytes. The future fails with ErrReading while another read is
// under way. If its coroutine stops waiting, the read is withdrawn, and the bytes stay
// for the next one. What came before the stream broke can still be read.
func (s *Stream) read(r *read) *loop.Future[[]byte] {
	r.p = loop.NewPromise[[]byte](s.l)
	r.p.Quiet()
	if s.start(r) {
		r.p.OnWithdraw(func() { s.withdraw(r) })
	}
	return r.p.Future()
}

// start begins to read and reports whether r must wait.
func (s *Stream) start(r *read) bool {
	switch {
	case s.closed():
		r.fail(ErrClosed)
		return false
	case s.in != nil && s.in.read != nil || s.consumer != nil:
		r.fail(ErrReading)
		return false
	case s.in == nil:
		s.in = &incoming{}
	}
	s.in.read = r
	if !s.offering {
		s.serve()
	}
	s.refresh()
	return s.reads(r)
}

// reads reports whether r is the read that waits.
func (s *Stream) reads(r *read) bool { return s.in != nil && s.in.read == r }

// errWithdrawn is for whoever kept the future of a read that was withdrawn.
var errWithdrawn = fmt.Errorf("stream: read withdrawn: %w", context.Canceled)

func (s *Stream) withdraw(r *read) {
	if s.reads(r) {
		s.give(r, 0, errWithdrawn)
		s.refresh()
	}
}

// serve completes the read that waits, if what has come is enough or no more will.
func (s *Stream) serve() {
	r := s.in.read
	n, err := s.enough(r)
	if n < 0 && err == nil {
		err = s.ended()
		if err == nil {
			return
		}
		if err == io.EOF && (len(s.in.buf) > 0 || r.into.len() > 0) {
			err = io.ErrUnexpectedEOF
		}
	}
	s.give(r, n, err)
}

// give ends the read that waits: with n bytes, or with an error, and then all bytes
// stay.
func (s *Stream) give(r *read, n int, err error) {
	s.in.read = nil
	switch {
	case err == nil && r.into != nil:
		s.tidy()
		r.into.p.Set(r.into.n)
	case err == nil:
		r.pattern.forget()
		r.p.Set(s.take(n))
	default:
		if r.into.len() > 0 {
			s.in.buf = bytes.Clone(r.into.dst[:r.into.n]) // there was nothing: see fillFrom
		}
		s.tidy()
		r.fail(err)
	}
}

func (r *read) fail(err error) {
	r.pattern.forget()
	if r.into != nil {
		r.into.p.Fail(err)
		return
	}
	r.p.Fail(err)
}

// take consumes n bytes and returns them, for good.
func (s *Stream) take(n int) []byte {
	p, rest := s.in.buf[:n:n], s.in.buf[n:]
	if n >= quickRead && len(rest) < n {
		// It is cheaper to copy the rest, which would hold on to a large buffer.
		s.in.buf = bytes.Clone(rest)
		s.tidy()
		return p
	}
	s.consume(n)
	return bytes.Clone(p)
}
