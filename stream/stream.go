package stream

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

var (
	// ErrClosed is what operations on a stream give that was closed on this side.
	// It matches net.ErrClosed.
	ErrClosed = fmt.Errorf("stream: %w", net.ErrClosed)
	// ErrReading is what a second read gives while another is under way.
	ErrReading = errors.New("stream: already reading")
	// ErrTooLong is what ReadUntil gives when the delimiter does not come within
	// the maximum. The bytes stay for the next read.
	ErrTooLong = errors.New("stream: delimiter not found within the maximum")
	// ErrBufferFull is what Write gives when it would make the queue longer than
	// its limit. It has taken nothing then.
	ErrBufferFull = errors.New("stream: write buffer full")
)

const (
	// readAhead is SetReadAhead's default.
	readAhead = 64 << 10
	// quickRead is how much is read without telling Go's scheduler: see package
	// sock.
	quickRead = 16 << 10
	// lowWater is where Ready resolves; highWater is where it begins to wait.
	lowWater, highWater = 16 << 10, 64 << 10
	// writeLimit bounds the bytes that wait to be written.
	writeLimit = 16 << 20
)

// A Stream is a connected byte stream. It belongs to its loop. The zero Stream is
// not usable; New makes one. When it has been closed its operations give an error
// that matches net.ErrClosed, or the error that broke it.
type Stream struct {
	// Immutable after New.
	l *loop.Loop
	t Transport

	// Owned by the loop. All the pointers are nil while the stream is idle.
	consumer Consumer
	in       *incoming // bytes that have come and are not consumed; a read
	out      *outgoing // bytes that have yet to go
	closing  *closing
	err      error // why the transport is gone
	ahead    int32 // of SetReadAhead; 0: the default
	eof      bool  // the peer has sent its last byte
	shut     bool  // CloseWrite was called
}

// A Consumer is given a stream's bytes as they come. Its methods run on the loop
// and must not wait.
type Consumer interface {
	// Consume is given all bytes that were not consumed before, and returns how
	// many it takes. It is called again at once with the rest if it took some but
	// not all, and else when more have come, or when Offer is called. p is valid
	// only during the call.
	Consume(p []byte) int
	// Ended is called once, when no more bytes will come: io.EOF, or the error
	// that broke the stream. After io.EOF writing is still possible.
	Ended(err error)
}

// New makes a stream of a transport and starts it.
func New(l *loop.Loop, t Transport) (*Stream, error) {
	s := &Stream{l: l, t: t}
	if err := t.Start(l, s); err != nil {
		return nil, err
	}
	return s, s.update()
}

// Loop is the loop the stream belongs to.
func (s *Stream) Loop() *loop.Loop { return s.l }

// LocalAddr is this end's address, where it has one.
func (s *Stream) LocalAddr() netip.AddrPort { return s.t.LocalAddr() }

// RemoteAddr is the peer's address, where it has one.
func (s *Stream) RemoteAddr() netip.AddrPort { return s.t.RemoteAddr() }

// Closed reports whether the transport is gone: by Close, Abort or an error.
func (s *Stream) Closed() bool { return s.err != nil }

// Ready is how the stream hears of its transport. It is not for users.
func (s *Stream) Ready(e loop.Events) {
	if s.err != nil {
		return
	}
	if e&loop.Writable != 0 {
		s.flush()
	}
	if s.err == nil && e&(loop.Readable|loop.Failed) != 0 {
		s.fill(e)
	}
	if s.err == nil {
		if err := s.update(); err != nil {
			s.fail(err)
		}
	}
}

// update tells the transport what the stream waits for. A stream that nobody reads
// still looks at its input, up to readAhead, or it would not notice its end.
func (s *Stream) update() error {
	var want loop.Events
	if !s.eof && !s.full() {
		want |= loop.Readable
	}
	if s.out != nil {
		want |= loop.Writable
	}
	return s.t.Want(want)
}

// full reports whether there is enough unread input already.
func (s *Stream) full() bool {
	if s.closing != nil || s.in == nil || s.in.read != nil {
		return false
	}
	return len(s.in.buf) >= cmp.Or(int(s.ahead), readAhead)
}

// SetReadAhead bounds what the stream keeps of input that nobody takes, in bytes;
// at least the default, 64 KiB. Beyond it the stream stops reading, and in time the
// peer must wait. A Consumer that wants to see a longer piece whole must ask for
// more.
func (s *Stream) SetReadAhead(n int) { s.ahead = int32(min(max(n, readAhead), math.MaxInt32)) }

// fail ends the stream because of an error: the transport is closed, and everyone
// who waits is told.
func (s *Stream) fail(err error) {
	if s.err != nil {
		return
	}
	s.end(err, false)
}

// end gives the transport back, and tells everyone.
func (s *Stream) end(err error, abort bool) {
	s.err = err
	_ = s.t.Close(abort) // the stream is over either way
	if in := s.in; in != nil && in.read != nil {
		in.fail(err)
	}
	s.in = nil
	if out := s.out; out != nil {
		s.out = nil
		out.fail(err)
	}
	if c := s.closing; c != nil {
		c.finish(err)
	}
	if c := s.consumer; c != nil && !s.eof {
		s.consumer = nil
		c.Ended(err)
	}
}

// broken is the error for an operation on a stream that takes no more of them.
func (s *Stream) broken() error {
	switch {
	case s.err != nil && s.err != io.EOF:
		return s.err
	case s.err != nil || s.closing != nil:
		return ErrClosed
	}
	return nil
}
