package websocket

import (
	"io"
	"strings"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// ending is a connection on its way to its end.
type ending struct {
	p     *loop.Promise[struct{}]
	timer loop.Timer // the peer's end is due
	last  bool       // nothing will be written any more
	given bool       // and all that was is with the stream
	late  bool       // the peer did not end in time
}

// Close closes the connection in good order (RFC 6455, 7.1): what was written is delivered,
// then the peer is told code and reason, its answer is waited for, and the connection is
// ended. Messages that come meanwhile are thrown away, and reads give ErrClosed. A code that
// may not be sent is a panic; 0 and NoCode send none. Of a reason 123 bytes are sent.
//
// The future resolves when the connection is over. It fails if something that was written
// may not have arrived, or with ErrCloseTimeout if the peer did not answer within
// Options.CloseTimeout of being told; it is cut off then. Nobody needs to look at it. On a
// connection that ends already it is the future of that end.
func (c *Conn) Close(code Code, reason string) *loop.Future[struct{}] {
	if code == NoCode {
		code = 0
	}
	if code != 0 && !wswire.SendableCode(uint16(code)) {
		panic("websocket: Close with a code that may not be sent")
	}
	if c.state == open {
		c.state = closing
		c.forgetInput()
		c.goodbye(uint16(code), strings.ToValidUTF8(reason, "\ufffd"))
	}
	return c.ending().p.Future()
}

// Drain is called when the server shuts down: the peer is told GoingAway.
func (c *Conn) Drain() { c.Close(GoingAway, "") }

// Abort breaks the connection off: what was written and not delivered is lost.
func (c *Conn) Abort() {
	if c.state == open {
		c.forgetInput()
	}
	c.abort(nil)
}

func (c *Conn) ending() *ending {
	r := c.seldom()
	if r.ending == nil {
		r.ending = &ending{p: loop.NewPromise[struct{}](c.Loop())}
		r.ending.p.Quiet()
		if c.state == over { // unseen until now
			r.ending.p.Set(struct{}{})
		}
	}
	return r.ending
}

// goodbye writes the last frame.
func (c *Conn) goodbye(code uint16, reason string) {
	c.leaveSweep()
	e := c.ending()
	var room [125]byte
	c.lastFrame(wswire.AppendClose(room[:0], code, reason))
	c.tx.hasRoom() // those who waited to write need not wait for what goes before
	e.last = true
	c.uncork()
	c.handedOver()
}

// handedOver goes on with the end once all that was written is with the stream.
func (c *Conn) handedOver() {
	if c.rare == nil || c.rare.ending == nil {
		return
	}
	e := c.rare.ending
	if !e.last || e.given || c.state == over || c.tx != nil && c.tx.unsent() > 0 {
		return
	}
	e.given = true
	c.s.Write(nil).OnDone(func(*loop.Future[struct{}]) { // with the kernel, behind all else
		if c.state != over && !e.timer.Pending() {
			e.timer = c.Loop().After(c.set.closeTimeout, c.giveUp)
		}
	})
	if c.state == closed {
		c.shut()
	}
}

// giveUp ends the wait for the peer.
func (c *Conn) giveUp() {
	if c.state != over {
		c.rare.ending.late = c.state == closing
		c.abort(nil)
	}
}

// peerClosed hears the peer's close frame, and answers it (RFC 6455, 5.5.1).
func (c *Conn) peerClosed(payload []byte) {
	if c.state == closing {
		c.state = closed
		if c.ending().given {
			c.shut()
		}
		return
	}
	code, reason := wswire.ParseClose(payload)
	e := &CloseError{Code: Code(code), Reason: string(reason)}
	if code == 0 {
		e.Code = NoCode
	}
	c.ends(e)
	c.goodbye(code, "")
}

// refuse ends the connection because the peer has broken a rule (RFC 6455, 7.1.7).
func (c *Conn) refuse(err *wswire.Error) {
	was := c.state
	if was == open {
		c.ends(&CloseError{Code: Code(err.Code), Reason: err.Reason, Sent: true, Err: err})
		c.goodbye(err.Code, err.Reason)
		return
	}
	c.state = closed // the close frame is on its way already
	if c.ending().given {
		c.shut()
	}
}

// lost ends the connection because no more bytes will come.
func (c *Conn) lost(err error) {
	if c.state == open {
		cause := err
		if err == io.EOF {
			cause = io.ErrUnexpectedEOF
		}
		c.ends(&CloseError{Code: Abnormal, Err: cause})
		if err != io.EOF { // who has ended may still have sent what is worth doing
			c.cancelJob()
		}
	}
	c.state = closed
	c.leaveSweep()
	if err != io.EOF {
		c.finish(err)
		return
	}
	c.ending().last = true
	c.uncork()
	c.handedOver()
	if c.ending().given && !c.s.Closed() {
		c.shut()
	}
}

// ends leaves the open state, and tells those who read.
func (c *Conn) ends(e *CloseError) {
	c.state = closed
	c.seldom().end = e
	if rx := c.rx; rx != nil {
		if rx.part == nil {
			rx.buf = nil
		}
		c.wakeAll(rx)
	}
}

// forgetInput throws away what has come, because this side closes.
func (c *Conn) forgetInput() {
	rx := c.rx
	if rx == nil {
		return
	}
	rx.queue, rx.head, rx.bytes = nil, 0, 0
	rx.buf = nil
	c.wakeAll(rx)
}

// wakeAll tells those who wait for input of the end.
func (c *Conn) wakeAll(rx *inbound) {
	c.wake(rx)
	if rx.part != nil && rx.part.wait != nil {
		rx.part.wait.TrySet(struct{}{})
	}
	rx.part = nil
}

func (c *Conn) cancelJob() {
	if c.rx != nil && c.rx.job != nil {
		c.rx.job.Cancel(c.Err())
	}
}

// shut ends the stream, which delivers what it has.
func (c *Conn) shut() {
	c.s.Close().OnDone(func(f *loop.Future[struct{}]) {
		_, err := f.Result()
		c.finish(err)
	})
}

// abort ends all at once. e is why, if that is not this side's wish.
func (c *Conn) abort(e *CloseError) {
	if c.state == over {
		return
	}
	if e != nil && c.state == open {
		c.ends(e)
	}
	c.state = closed
	c.s.Abort()
	if e != nil {
		c.finish(e)
	} else {
		c.finish(ErrClosed)
	}
}

// finish is called when the stream is gone; err is nil if all was delivered.
func (c *Conn) finish(err error) {
	if c.state == over {
		return
	}
	c.leaveSweep()
	e := c.ending()
	c.state = over
	e.timer.Stop()
	c.dropOutput()
	if c.rx != nil {
		c.wakeAll(c.rx)
	}
	if peer := c.rare.end; peer == nil {
		c.cancelJob()
	}
	switch {
	case e.late:
		e.p.Fail(ErrCloseTimeout)
	case err != nil:
		e.p.Fail(err)
	default:
		e.p.Set(struct{}{})
	}
	c.tellClosed()
}

// tellClosed calls those of OnClose, if no message is being dealt with any more.
func (c *Conn) tellClosed() {
	if c.rx != nil && c.rx.busy {
		return
	}
	err := c.Err()
	for _, fn := range c.rare.onClose {
		c.Loop().Call(func() { fn(err) })
	}
	c.rare.onClose = nil
}
