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

// served is one connection of a Server. It belongs to its loop.
type served struct {
	// Immutable.
	st   *site
	s    *Stream
	from netip.Addr

	// Owned by the loop.
	prev, next *served  // among the site's
	co         *loop.Co // of the handler, while it runs
	idle       []idling
	begun      bool // the handshake, if there is one, is done
	ended      bool // the stream has
}

var _ loop.Job = (*served)(nil)

// servedKey is under what a handler's Co has its connection.
type servedKey struct{}

// secured is called when the handshake has ended. If it has failed, so has the stream.
func (c *served) secured(f *loop.Future[struct{}]) {
	if _, err := f.Result(); err != nil {
		c.st.sv.log.Debug("zonda: TLS handshake failed", "remote", c.remote(), "error", err)
		return
	}
	c.begin()
}

// begin hands the connection to the user's code.
func (c *served) begin() {
	c.begun = true
	if accept := c.st.sv.srv.Accept; accept != nil {
		c.accept(accept)
	} else if c.co = loop.SpawnJob(c.st.l, c); c.co == nil {
		c.s.Abort() // the loop is closed
	}
	if c.st.closed {
		c.drain() // it was on its way when Shutdown began
	}
}

func (c *served) accept(fn func(*Stream)) {
	whole := false
	defer func() {
		if !whole { // it panicked, which the loop reports, and will not care for s
			c.s.Abort()
		}
	}()
	fn(c.s)
	whole = true
}

// Run is the handler's coroutine.
func (c *served) Run(co *loop.Co) error {
	return c.st.sv.srv.Handler(co.WithValue(servedKey{}, c), c.s)
}

// Ended decides what becomes of the connection when its handler has returned.
func (c *served) Ended(err error) {
	cancelled := c.co.Err() != nil
	c.co = nil
	c.idle = nil
	var panicked *loop.PanicError
	switch log := c.st.sv.log; {
	case err == nil:
		c.s.Close()
	case errors.As(err, &panicked):
		log.Error("zonda: handler panicked", "remote", c.remote(), "error", err, "stack", string(panicked.Stack))
		c.s.Abort()
	case errors.Is(err, ErrServerClosed) && !cancelled:
		c.s.CloseIdle() // Shutdown has found it idle, and should not wait for the peer
	case isFarewell(err) && !cancelled:
		log.Debug("zonda: connection ended", "remote", c.remote(), "error", err)
		c.s.Close()
	case isFarewell(err), errors.Is(err, context.Canceled), errors.Is(err, loop.ErrClosed), errors.Is(err, ErrServerClosed):
		log.Debug("zonda: handler ended early", "remote", c.remote(), "error", err)
		c.s.Abort()
	default:
		log.Error("zonda: handler failed", "remote", c.remote(), "error", err)
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

// closed is the stream's OnClose. A handler that does not look at its stream now should
// know if the connection is broken.
func (c *served) closed(err error) {
	c.ended = true
	if c.co != nil && err != ErrClosed && err != io.EOF {
		c.co.Cancel(fmt.Errorf("stream: connection lost: %w", err))
	}
	c.check()
}

// check forgets the connection when both the stream and the handler have ended.
func (c *served) check() {
	if c.co == nil && c.ended {
		c.st.forget(c)
	}
}

// drain asks for the end.
func (c *served) drain() {
	if !c.begun {
		return // begin comes back here
	}
	for _, w := range c.idle {
		w.cancel(ErrServerClosed)
	}
	if fn := c.st.sv.srv.Drain; fn != nil {
		c.st.l.Call(func() { fn(c.s) })
	}
}

func (c *served) cancel() {
	if c.co != nil {
		c.co.Cancel(ErrServerClosed)
	}
}

func (c *served) abort() {
	c.cancel()
	c.s.Abort()
}

// remote is the peer's name in the log.
func (c *served) remote() string {
	if a := c.s.RemoteAddr(); a.IsValid() {
		return a.String()
	}
	return "local"
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
	if c.st.closed {
		cancel(ErrServerClosed)
	}
	return idle
}
