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
// was written.
var ErrNotDelivered = errors.New("stream: closed before everything was delivered")

// closing is a stream on its way to its end.
type closing struct {
	s     *Stream
	p     *loop.Promise[struct{}]
	timer loop.Timer
	fin   bool // all is sent, and the peer knows
}

// Close ends the stream and delivers what was written: it sends what is queued,
// tells the peer that this was all, and waits until the peer has ended its side
// too. Only then is the socket closed: closed earlier, with input unread, it would
// answer with a reset, which destroys what the peer has not read yet. A peer that
// makes no progress for 30 seconds is cut off.
//
// Reads that are under way fail with ErrClosed; what still comes is thrown away.
// The future tells of any loss; to close again gives the same future.
func (s *Stream) Close() *loop.Future[struct{}] {
	if s.closing != nil {
		return s.closing.p.Future()
	}
	c := &closing{s: s, p: loop.NewPromise[struct{}](s.l)}
	c.p.Quiet()
	s.closing = c
	if s.err != nil {
		c.p.Set(struct{}{}) // whoever wrote has been told
		return c.p.Future()
	}
	c.timer = s.l.After(lingerTime, c.expire)
	s.consumer = nil
	if in := s.in; in != nil && in.read != nil {
		in.fail(ErrClosed)
	}
	s.in = nil
	if s.out == nil {
		s.drained()
	}
	s.refresh()
	return c.p.Future()
}

// CloseIdle closes at once a stream that neither side is using: nothing waits to be
// sent, and nothing has come that was not consumed. Otherwise it is Close.
func (s *Stream) CloseIdle() {
	if s.out != nil || s.in != nil || s.closing != nil {
		s.Close()
		return
	}
	if s.err == nil {
		s.consumer = nil
		s.end(ErrClosed, false)
	}
}

// CloseWrite tells the peer, behind all that was written, that no more will come.
// Reading goes on.
func (s *Stream) CloseWrite() error {
	if err := s.unwritable(); err != nil {
		return err
	}
	s.shut = true
	if s.out == nil {
		s.drained()
	}
	return nil
}

// Abort ends the stream at once. What was written and not delivered is lost, and
// the peer sees a reset.
func (s *Stream) Abort() {
	if s.err == nil {
		s.end(ErrClosed, true)
	}
}

// drained is called when nothing waits to be sent.
func (s *Stream) drained() {
	if s.closing == nil && !s.shut {
		return
	}
	if err := s.t.CloseWrite(); err != nil {
		s.fail(err)
		return
	}
	s.shut = true
	if c := s.closing; c != nil {
		c.fin = true
		if s.eof {
			s.lingered()
		}
	}
}

// lingered is called when a closing stream's peer has ended its side. What is
// queued still goes out: a peer may end its side and read on.
func (s *Stream) lingered() {
	if s.closing.fin {
		s.end(io.EOF, false)
	}
}

func (c *closing) progress() { c.timer.Reset(lingerTime) }

// expire cuts off a peer that makes no progress. If all was sent, the system goes
// on delivering it by itself.
func (c *closing) expire() {
	if c.fin {
		c.s.end(io.EOF, false)
	} else {
		c.s.end(fmt.Errorf("%w: the peer made no progress for %v", ErrNotDelivered, lingerTime), true)
	}
}

// finish settles the close: err is io.EOF, or what went wrong.
func (c *closing) finish(err error) {
	c.timer.Stop()
	switch {
	case err == io.EOF || c.fin:
		c.p.TrySet(struct{}{})
	default:
		c.p.TryFail(fmt.Errorf("%w: %w", ErrNotDelivered, err))
	}
}
