package stream

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

var (
	// ErrClosed is what operations on a stream give that was closed on this side.
	// It matches net.ErrClosed.
	ErrClosed = fmt.Errorf("stream: %w", net.ErrClosed)
	// ErrReading is what a second read gives while another is under way, and any
	// read of a stream that has a Consumer.
	ErrReading = errors.New("stream: already reading")
	// ErrTooLong is what a read gives that looks for an end (a delimiter, a match,
	// the peer's last byte) when that does not come within the maximum. The bytes
	// stay for the next read.
	ErrTooLong = errors.New("stream: no end within the maximum")
	// ErrBufferFull is what Write gives when it would make the queue longer than
	// its limit, or those of all streams of the loop longer than theirs. It has
	// taken nothing then.
	ErrBufferFull = errors.New("stream: write buffer full")
)

// A Stream is a connected byte stream. It belongs to its loop. The zero Stream is
// not usable; New makes one. When it has been closed its operations give an error
// that matches net.ErrClosed, or the error that broke it.
type Stream struct {
	// Immutable after New, but for StartTLS, which puts TLS on top of t.
	*home // what it shares with the other streams of its loop, or of its server there
	t     Transport

	// Owned by the loop. Of the pointers, an idle stream has a consumer at most.
	consumer Consumer
	in       *incoming // bytes that have come and are not consumed; a read
	out      *outgoing // what has yet to go
	rare     *rare
	err      error // why the transport is gone; io.EOF: both sides had ended
	ahead    int32 // of SetReadAhead; 0: the default
	slot     int32 // its place among the site's

	eof      bool // the peer has sent its last byte
	shut     bool // CloseWrite was called
	fin      bool // the transport's CloseWrite was
	offering bool // Consume runs, and the bytes are in its hands
	told     bool // the consumer's Ended was called
	fresh    bool // the consumer has been given nothing yet
	handed   bool // to the code of the server's user
}

// New makes a stream of a transport and starts it. If that fails, the transport is
// still the caller's, who closes it.
func New(l *loop.Loop, t Transport) (*Stream, error) {
	s := &Stream{home: homeOf(l), t: t}
	if err := s.begin(); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Stream) begin() error {
	if err := s.t.Start(s.l, (*events)(s)); err != nil {
		return err
	}
	return s.update()
}

// Loop is the loop the stream belongs to.
func (s *Stream) Loop() *loop.Loop { return s.l }

// LocalAddr is this end's address, where it has one and the transport is not gone. Of a
// connection that came through a proxy (Server.ProxyFrom) it is the one that the client has
// connected to.
func (s *Stream) LocalAddr() netip.AddrPort {
	if o := s.origin(); o != nil {
		return o.Destination
	}
	return s.t.LocalAddr()
}

// RemoteAddr is the peer's address, where it has one; behind a proxy (Server.ProxyFrom) it
// is the client's.
func (s *Stream) RemoteAddr() netip.AddrPort {
	if o := s.origin(); o != nil {
		return o.Source
	}
	return s.t.RemoteAddr()
}

// Closed reports whether the transport is gone: by Close, Abort or an error, or
// because both sides had ended.
func (s *Stream) Closed() bool { return s.err != nil }

// events is a Stream as its transport's handler.
type events Stream

// Ready reads before it writes: of a connection that is broken, what had come
// before is taken in first (Tornado 1.60). It reads what the transport has once:
// level-triggered readiness brings us back if there is more, after the other streams
// have had their turn. On Failed it reads on even if there is enough already: that event
// comes back until the transport is closed, and what is there is all that will come.
func (h *events) Ready(e loop.Events) {
	s := (*Stream)(h)
	if s.err == nil && e&(loop.Readable|loop.Failed) != 0 {
		if n, err := s.pull(); err != nil {
			s.pulled(e, n, err)
		}
	}
	if s.err == nil && e&loop.Writable != 0 {
		s.flush()
	}
	s.refresh()
}

// update tells the transport what the stream waits for. A stream that nobody reads
// still looks at its input, up to readAhead, or it would not notice its end.
func (s *Stream) update() error {
	var want loop.Events
	if !s.eof && !s.full() {
		want |= loop.Readable
	}
	if s.out != nil && s.out.sendable() {
		want |= loop.Writable
	}
	return s.t.Want(want)
}

// refresh is update for those who cannot return its error.
func (s *Stream) refresh() {
	if s.err != nil {
		return
	}
	if err := s.update(); err != nil {
		s.fail(err)
	}
}

// fail ends the stream because of an error.
func (s *Stream) fail(err error) {
	if s.err == nil {
		s.end(err, false)
	}
}

// end gives the transport back, and tells everyone who waits. No code of theirs
// runs before the next iteration, so it may be called anywhere. What has come and
// was not consumed stays, to be read.
func (s *Stream) end(err error, abort bool) {
	s.err = err
	from := s.countedAs()
	_ = s.t.Close(abort) // the stream is over either way
	if s.in != nil && s.in.read != nil && !s.offering {
		s.serve()
	}
	if out := s.out; out != nil {
		s.out = nil
		out.fail(err)
	}
	if c := s.closing(); c != nil {
		c.finish(err)
	}
	s.tell()
	s.tellClosed()
	if s.site != nil {
		s.l.Call(func() { s.site.left(s, from) })
	}
}

// forgetInput drops what has come, and whoever waits for more.
func (s *Stream) forgetInput() {
	s.consumer = nil
	if in := s.in; in != nil {
		s.in = nil
		if in.read != nil {
			in.read.fail(ErrClosed)
		}
	}
}

// closed reports whether this side has closed the stream.
func (s *Stream) closed() bool { return s.closing() != nil || s.err == ErrClosed }

// ended is why no more bytes will come; nil: more may.
func (s *Stream) ended() error {
	switch {
	case s.closed():
		return ErrClosed
	case s.eof:
		return io.EOF
	}
	return s.err
}

// unwritable is why the stream takes no more bytes; nil: it does.
func (s *Stream) unwritable() error {
	switch {
	case s.shut || s.closing() != nil:
		return ErrClosed
	case s.out != nil && s.out.err != nil:
		return s.out.err
	}
	return s.err
}
