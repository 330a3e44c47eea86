package looptest

import (
	"bytes"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A Conn is a connection of a Network as the network sees it: what a test spoils. It
// belongs to the network's loop. See Network.Conns and Network.OnConnect.
type Conn struct {
	// Immutable.

	// From is the address of the end that has dialled, To of the one that was dialled.
	// On "unix" they have no ports.
	From, To netip.AddrPort

	n            *Network
	l            *loop.Loop
	dialled, far *end

	// Owned by the loop.

	// Faults is what may go wrong with this connection from now on: at first the
	// network's. What it says of connecting and of descriptors has no effect here.
	Faults Faults

	carried  int  // bytes of both directions
	vanished bool // for good
	reset    bool
	silence  loop.Timer // while nothing arrives: the patience of keep-alive
}

// A flight is a parcel on its way.
type flight struct {
	parcel
	when time.Time
}

// Reset breaks the connection off, as a router does that has forgotten it: both ends
// see syscall.ECONNRESET, and what they have not read yet is destroyed. On a
// connection that is closed it does nothing.
func (c *Conn) Reset() {
	c.sever(parcel{broken: syscall.ECONNRESET, wipe: true})
}

// Vanish makes each end vanish for the other: nothing arrives any more, in either
// direction, not even a reset. Who writes fills the window and then waits; who reads
// waits until Network.KeepAlive is over.
func (c *Conn) Vanish() {
	if c.vanished || c.reset {
		return
	}
	c.vanished = true
	c.checkSilence()
}

// sever ends the connection for both ends at once.
func (c *Conn) sever(p parcel) {
	if c.reset {
		return
	}
	c.reset = true
	c.silence.Stop()
	for _, e := range c.ends() {
		e.receive(p)
	}
}

func (c *Conn) ends() [2]*end { return [2]*end{c.dialled, c.far} }

// silent reports whether nothing arrives now.
func (c *Conn) silent() bool {
	return c.vanished || c.reset || c.n.cut(c.From.Addr(), c.To.Addr())
}

// checkSilence is called when silence may have begun or ended.
func (c *Conn) checkSilence() {
	switch {
	case !c.silent() || c.reset:
		c.silence.Stop()
	case !c.silence.Pending() && c.n.keepAlive() >= 0:
		c.silence = c.l.After(c.n.keepAlive(), func() { c.sever(parcel{broken: syscall.ETIMEDOUT}) })
	}
}

// carry takes a parcel to an end, or makes something happen to it.
func (c *Conn) carry(to *end, p parcel) {
	piece := len(p.data) > 0 || p.fin
	if c.vanished || c.reset || piece && !c.survives(len(p.data)) {
		return
	}
	d := c.Faults.Delay.draw(c.l)
	if d <= 0 && len(to.coming) == 0 && !c.silent() {
		to.receive(p)
		return
	}
	p.data = bytes.Clone(p.data)
	to.coming = append(to.coming, flight{p, c.l.Now().Add(d)})
	c.await(to)
}

// survives draws what happens to a piece.
func (c *Conn) survives(size int) bool {
	c.carried += size
	f := &c.Faults
	switch {
	case f.ResetAfter > 0 && c.carried >= f.ResetAfter, happens(c.l, f.Reset):
		c.Reset()
		return false
	case happens(c.l, f.HalfOpen):
		c.Vanish()
		return false
	}
	return true
}

// await sets the timer of the first parcel on its way to e. Those behind it wait for it,
// as they do in TCP.
func (c *Conn) await(e *end) {
	if len(e.coming) > 0 && !e.timer.Pending() && !c.silent() {
		e.timer = c.l.At(e.coming[0].when, func() { c.land(e) })
	}
}

// land delivers what is due. A parcel may be answered, and so lead to others.
func (c *Conn) land(e *end) {
	for len(e.coming) > 0 && !c.silent() && !e.coming[0].when.After(c.l.Now()) {
		p := e.coming[0].parcel
		e.coming = e.coming[1:]
		e.receive(p)
	}
	c.await(e)
}

// A Pipe has no Conn, and nothing of this happens to it.

func (c *Conn) shortRead(n int) int {
	if c == nil {
		return n
	}
	return shorten(c.l, c.Faults.ShortReads, n)
}

func (c *Conn) shortWrite(n int) int {
	if c == nil {
		return n
	}
	return shorten(c.l, c.Faults.ShortWrites, n)
}

// left is called when an end was closed. With both, the network forgets the connection;
// nobody is left to hear what is on its way.
func (c *Conn) left() {
	if c == nil || !c.dialled.closed || !c.far.closed {
		return
	}
	c.dialled.timer.Stop()
	c.far.timer.Stop()
	c.silence.Stop()
	c.n.conns = slices.DeleteFunc(c.n.conns, func(x *Conn) bool { return x == c })
}
