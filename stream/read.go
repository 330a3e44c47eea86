package stream

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/loop"
)

// A read waits for bytes: for a delimiter, for a number of them, or for any.
type read struct {
	p       *loop.Promise[[]byte]
	delim   []byte // of ReadUntil
	n       int    // ReadFull: how many; ReadUntil: at most; ReadSome: at most
	scanned int    // where to go on looking for delim
	some    bool
}

// errWithdrawn is for whoever kept the future of a read that was withdrawn.
var errWithdrawn = fmt.Errorf("stream: read withdrawn: %w", context.Canceled)

// ReadUntil reads up to and including delim. If that does not come within max
// bytes, the error is ErrTooLong and the bytes stay. At the end of the stream the
// error is io.EOF, or io.ErrUnexpectedEOF if there were other bytes, which stay.
func (s *Stream) ReadUntil(delim string, max int) *loop.Future[[]byte] {
	if delim == "" {
		panic("stream: ReadUntil with an empty delimiter")
	}
	return s.read(&read{delim: []byte(delim), n: max})
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
	return s.read(&read{n: max, some: true})
}

// read starts r. The future fails with ErrReading while another read is under way.
// If its coroutine stops waiting, the read is withdrawn, and the bytes stay for the
// next one. What came before the stream broke can still be read.
func (s *Stream) read(r *read) *loop.Future[[]byte] {
	r.p = loop.NewPromise[[]byte](s.l)
	r.p.Quiet()
	switch {
	case s.closed():
		r.p.Fail(ErrClosed)
		return r.p.Future()
	case s.in != nil && s.in.read != nil || s.consumer != nil:
		r.p.Fail(ErrReading)
		return r.p.Future()
	case s.in == nil:
		s.in = &incoming{}
	}
	s.in.read = r
	if !s.offering {
		s.serve()
	}
	if s.in != nil && s.in.read == r {
		r.p.OnWithdraw(func() { s.withdraw(r) })
	}
	s.refresh()
	return r.p.Future()
}

func (s *Stream) withdraw(r *read) {
	if s.in != nil && s.in.read == r {
		s.in.read = nil
		r.p.Fail(errWithdrawn)
		s.tidy()
		s.refresh()
	}
}

// serve completes the read that waits, if what has come is enough or no more will.
func (s *Stream) serve() {
	in := s.in
	r := in.read
	n, err := r.match(in.buf)
	if n < 0 && err == nil {
		err = s.ended()
		if err == nil {
			return
		}
		if err == io.EOF && len(in.buf) > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	in.read = nil
	if err != nil {
		s.tidy()
		r.p.Fail(err)
		return
	}
	r.p.Set(s.take(n))
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

// match says how many bytes of buf the read takes; negative: it needs more.
func (r *read) match(buf []byte) (int, error) {
	switch {
	case r.some:
		if len(buf) > 0 {
			return min(len(buf), r.n), nil
		}
		return -1, nil
	case r.delim == nil:
		if len(buf) >= r.n {
			return r.n, nil
		}
		return -1, nil
	}
	if i := bytes.Index(buf[r.scanned:], r.delim); i >= 0 {
		if end := r.scanned + i + len(r.delim); end <= r.n {
			return end, nil
		}
		return -1, ErrTooLong
	}
	// The delimiter may have begun in the last bytes. Everything before them has
	// been looked at once and need not be again, however slowly bytes trickle in.
	r.scanned = max(0, len(buf)-len(r.delim)+1)
	if len(buf) >= r.n {
		return -1, ErrTooLong
	}
	return -1, nil
}
