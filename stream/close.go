package stream

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// lingerTime is how long a close waits without progress for the peer to take the
// bytes that were written.
const lingerTime = 30 * time.Second

// ErrNotDelivered is what Close's future gives when the peer did not take all that
// was written, or may not have. The cause is joined to it.
var ErrNotDelivered = errors.New("stream: closed before everything was delivered")

// closing is a stream on its way to its end.
type closing struct {
	p     *loop.Promise[struct{}]
	timer loop.Timer // while only the peer's end is missing
}

// Close ends the stream and delivers what was written: it sends what is queued,
// tells the peer that this was all, and waits until the peer has ended its side
// too. Only then is the socket closed: closed earlier, with input unread, it would
// answer with a reset, which destroys what the peer has not read yet.
//
// A peer that takes nothing for 30 seconds, or does not end its side within 30 seconds
// after it was told, is cut off. If it had everything by
// then as far as this side can tell, and only did not end its own side, that is no
// loss.
//
// A peer that has ended its side already is not waited for: the system delivers what
// it has taken, and a peer that breaks off only then goes unnoticed.
//
// Reads that are under way fail with ErrClosed; what still comes is thrown away.
// The future fails with ErrNotDelivered if the connection broke, now or before; to
// close again gives the same future.
func (s *Stream) Close() *loop.Future[struct{}] {
	if c := s.closing(); c != nil {
		return c.p.Future()
	}
	c := &closing{p: loop.NewPromise[struct{}](s.l)}
	c.p.Quiet()
	s.forgetInput()
	s.seldom().closing = c
	switch {
	case s.err == ErrClosed:
		c.finish(io.EOF) // whoever called Abort knows what that means
		return c.p.Future()
	case s.err != nil:
		c.finish(s.err)
		return c.p.Future()
	}
	if s.out == nil {
		s.drained()
	} else {
		s.moved() // from now on another limit holds
		s.watchPeer()
	}
	s.refresh()
	return c.p.Future()
}

// CloseIdle closes at once a stream that neither side is using: nothing waits to be
// sent, and nothing has come that was not consumed. Otherwise it is Close.
//
// Bytes that are on their way then meet a closed socket, and the reset that answers
// them destroys what the peer has not read yet. So it is for protocols whose clients
// wait for answers; with others, take Close.
func (s *Stream) CloseIdle() {
	switch {
	case s.err != nil:
	case s.closing() == nil && s.out == nil && s.in == nil && s.silent():
		s.forgetInput()
		s.end(ErrClosed, false)
	default:
		s.Close()
	}
}

// silent reports whether nothing has come that was not read. To close the socket
// over unread bytes would be a reset, and that could destroy an answer which is
// still on its way.
func (s *Stream) silent() bool {
	if s.offering {
		return false // the read buffer is in use
	}
	n, err := s.t.Read(s.l.ReadBuffer()[:1])
	return n <= 0 && err != nil
}

// CloseWrite tells the peer, behind all that was written, that no more will come.
// Reading goes on. When the peer has ended its side too, the stream is closed; what
// has come can still be read. Of the ends of a pipe and of what was pumped, some cannot
// tell their peer: then the error matches errors.ErrUnsupported, and nothing changes.
func (s *Stream) CloseWrite() error {
	if err := s.unwritable(); err != nil {
		return err
	}
	if t, ok := s.lowest().(limited); ok && !t.halfCloses() {
		return fmt.Errorf("stream: half-close: %w", errors.ErrUnsupported)
	}
	s.shut = true
	if s.out == nil {
		s.drained()
		s.refresh()
	}
	if s.err != io.EOF {
		return s.err
	}
	return nil
}

// Abort ends the stream at once. What was written and not delivered is lost, and
// the peer sees a reset.
func (s *Stream) Abort() {
	s.forgetInput()
	if s.err == nil {
		s.end(ErrClosed, true)
	}
}

// drained is called when nothing waits to be sent.
func (s *Stream) drained() {
	c := s.closing()
	if c == nil && !s.shut {
		return
	}
	if !s.fin {
		// Not twice: when the peer has ended too, it is an error.
		err := s.t.CloseWrite()
		if c != nil && errors.Is(err, errors.ErrUnsupported) {
			s.end(io.EOF, false) // that must tell the peer
			return
		}
		if err == ErrAgain {
			// No bytes, and yet something that waits: flush comes back here.
			s.out = &outgoing{home: s.home, progress: s.l.Now()}
			s.watchPeer()
			return
		}
		if err != nil {
			s.fail(err)
			return
		}
		s.fin = true
	}
	s.bothEnded()
	if t, ok := s.t.(limited); ok && c != nil && t.oneWay() {
		s.fail(io.EOF) // there is no end of the peer's to wait for
	}
	if c != nil && s.err == nil {
		c.timer = s.l.After(lingerTime, func() { s.end(io.EOF, false) })
	}
}

// bothEnded ends the stream when both sides have ended. There is nothing to wait
// for any more, and a socket in this state reports Failed without end. While there
// is something to send the stream goes on: a peer may end its side and read on.
func (s *Stream) bothEnded() {
	if s.fin && s.eof && s.err == nil {
		s.end(io.EOF, false)
	}
}

// finish settles the close: err is io.EOF if all went well. A loss is reported also
// if the system had taken everything: a peer that goes without having read it
// answers with a reset.
func (c *closing) finish(err error) {
	c.timer.Stop()
	if err != io.EOF {
		c.p.Fail(fmt.Errorf("%w: %w", ErrNotDelivered, err))
		return
	}
	c.p.Set(struct{}{})
}
