package stream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"syscall"

	"github.com/zonda-go/zonda/loop"
)

// served is a connection of a Server that its Handler serves. It belongs to its loop.
type served struct {
	// Immutable.
	s *Stream

	// Owned by the loop.
	co   *loop.Co // of the handler, while it runs
	idle []idling
	gone bool       // the stream is
	from netip.Addr // then: under which it was counted
}

var _ loop.Job = (*served)(nil)

// servedKey is under what a handler's Co has its connection.
type servedKey struct{}

// served is nil where no handler is, or was.
func (s *Stream) served() *served {
	if s.rare == nil {
		return nil
	}
	return s.rare.served
}

// serve starts the handler of a connection.
func serve(s *Stream) {
	c := &served{s: s}
	if c.co = loop.SpawnJob(s.l, c); c.co == nil {
		s.Abort() // the loop is closed
		return
	}
	s.seldom().served = c
}

// Run is the handler's coroutine.
func (c *served) Run(co *loop.Co) error {
	return c.s.site.sv.srv.Handler(co.WithValue(servedKey{}, c), c.s)
}

// Ended decides what becomes of the connection when its handler has returned.
func (c *served) Ended(err error) {
	cancelled := c.co.Err() != nil
	c.co = nil
	c.idle = nil
	var panicked *loop.PanicError
	switch log := c.s.site.sv.log; {
	case err == nil:
		c.s.Close()
	case errors.As(err, &panicked):
		log.Error("zonda: handler panicked", "remote", remoteName(c.s), "error", err, "stack", string(panicked.Stack))
		c.s.Abort()
	case errors.Is(err, ErrServerClosed) && !cancelled:
		c.s.CloseIdle() // Shutdown has found it idle, and should not wait for the peer
	case isFarewell(err) && !cancelled:
		log.Debug("zonda: connection ended", "remote", remoteName(c.s), "error", err)
		c.s.Close()
	case isFarewell(err), errors.Is(err, context.Canceled), errors.Is(err, loop.ErrClosed), errors.Is(err, ErrServerClosed):
		log.Debug("zonda: handler ended early", "remote", remoteName(c.s), "error", err)
		c.s.Abort()
	default:
		log.Error("zonda: handler failed", "remote", remoteName(c.s), "error", err)
		c.s.Abort()
	}
	c.check()
}

// isFarewell reports whether err says only that the connection has ended: what was
// written is still to be delivered, if that is possible.
func isFarewell(err error) bool {
	for _, e := range []error{
		io.EOF, io.ErrUnexpectedEOF, net.ErrClosed, ErrStalled,
		syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, syscall.ETIMEDOUT,
	} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// lost is called when the stream is gone. A handler that does not look at it now should
// know if the connection is broken.
func (c *served) lost(from netip.Addr) {
	c.gone, c.from = true, from
	if err := c.s.err; c.co != nil && err != ErrClosed && err != io.EOF {
		c.co.Cancel(fmt.Errorf("stream: connection lost: %w", err))
	}
	c.check()
}

// check has the connection forgotten when both the stream and the handler have ended.
func (c *served) check() {
	if c.co == nil && c.gone {
		c.s.site.forget(c.s, c.from)
	}
}

// drain ends the waits that serve nobody.
func (c *served) drain() {
	for _, w := range c.idle {
		w.cancel(ErrServerClosed)
	}
}

func (c *served) cancel() {
	if c.co != nil {
		c.co.Cancel(ErrServerClosed)
	}
}

// idling is a Co that Idle has given out.
type idling struct {
	parent, co *loop.Co
	cancel     func(error)
}

// Idle gives a Co for the waits of a Server's Handler that serve nobody, such as the
// one for a client's next command. It is cancelled, with the cause ErrServerClosed, as soon as
// Shutdown begins, so that idle connections do not hold that up; co, under
// which a command is carried out, goes on. The error of the wait may be returned as it is:
//
//	line, err := loop.Await(stream.Idle(co), s.ReadUntil("\n", 1000))
//	if err != nil {
//		return err
//	}
//
// co must be the handler's or come from it; else there is no Shutdown to hear of. To
// call it again with the same co gives the same. It belongs to the loop.
func Idle(co *loop.Co) *loop.Co {
	c, ok := co.Value(servedKey{}).(*served)
	if !ok {
		return co
	}
	c.idle = slices.DeleteFunc(c.idle, func(w idling) bool { return w.parent.Err() != nil })
	for _, w := range c.idle {
		if w.parent == co {
			return w.co
		}
	}
	idle, cancel := co.WithCancel()
	c.idle = append(c.idle, idling{co, idle, cancel})
	if c.s.site.closed {
		cancel(ErrServerClosed)
	}
	return idle
}
