package websocket

import (
	"context"
	"errors"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// OnMessage has fn called with each message from now on, one after another, in a coroutine
// that is begun when messages have come and ends when they are dealt with: between them the
// connection holds none. fn may wait; the next message waits for it then, and in time so
// does the peer.
//
// An error of fn closes the connection: with its code if it is a *CloseError whose code may be
// sent, and else with InternalError, after it was logged. If the connection breaks, or this side closes it, fn's
// co is cancelled, and what came besides is dropped. If the peer closes it, or ends its side,
// what came before is still dealt with.
// To call it a second time replaces fn.
func (c *Conn) OnMessage(fn func(co *loop.Co, m Message) error) {
	if fn == nil {
		panic("websocket: OnMessage without a function")
	}
	if c.taken() {
		panic("websocket: OnMessage while somebody reads")
	}
	c.on = fn
	if rx := c.rx; rx != nil && rx.waiting() > 0 {
		c.work(rx)
	}
	c.offer()
}

// OnClose has fn called once the connection is over, in an iteration of its own, after the
// last message has been dealt with; also if it is over already. err is as Conn.Err's.
func (c *Conn) OnClose(fn func(err error)) {
	r := c.seldom()
	r.onClose = append(r.onClose, fn)
	if c.state == over {
		c.tellClosed()
	}
}

// work has the messages that wait dealt with, if nobody does.
func (c *Conn) work(rx *inbound) {
	if !rx.busy {
		rx.busy = true
		rx.job = loop.SpawnJob(c.Loop(), (*job)(c))
	}
}

// job is a Conn as the coroutine that calls OnMessage's function.
type job Conn

func (j *job) Run(co *loop.Co) error {
	c := (*Conn)(j)
	for rx := c.rx; ; {
		if rx.waiting() == 0 {
			c.offer()
		}
		if rx.waiting() == 0 {
			return nil
		}
		if err := c.on(co, rx.pop()); err != nil {
			return err
		}
	}
}

func (j *job) Ended(err error) {
	c := (*Conn)(j)
	rx := c.rx
	rx.busy, rx.job = false, nil
	if err != nil {
		c.failed(err)
		rx.queue, rx.head, rx.bytes = nil, 0, 0
	}
	if rx.waiting() > 0 {
		c.work(rx) // they came with the last look
	} else {
		c.settle()
	}
	if c.state == over && c.rare != nil {
		c.tellClosed()
	}
}

// failed closes the connection because of an error of OnMessage's function.
func (c *Conn) failed(err error) {
	ce, given := errors.AsType[*CloseError](err)
	panicked, isPanic := errors.AsType[*loop.PanicError](err)
	switch {
	case c.state != open && !isPanic && (errors.Is(err, ErrClosed) || errors.Is(err, context.Canceled) || given):
		return // it is the connection's own end that fn ran into
	case given && (ce.Code == 0 || ce.Code == NoCode || wswire.SendableCode(uint16(ce.Code))):
		c.Close(ce.Code, ce.Reason)
		return
	case isPanic:
		c.set.log.Error("zonda: OnMessage failed", "error", err, "stack", string(panicked.Stack))
	case errors.Is(err, loop.ErrClosed):
	default:
		c.set.log.Error("zonda: OnMessage failed", "error", err)
	}
	c.Close(InternalError, "")
}
