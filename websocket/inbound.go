package websocket

import (
	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

const (
	// aheadMessages and aheadBytes bound what is taken apart ahead of who reads.
	aheadMessages = 64
	aheadBytes    = 64 << 10
	// sureSize is how much room a message is given because of its length alone. The
	// rest must come first.
	sureSize = 64 << 10
)

// inbound is what has come and is not dealt with, or who deals with it, while there is any.
type inbound struct {
	reader wswire.Reader
	buf    []byte         // of the message under way
	part   *MessageReader // whose buf is: somebody reads the message as it comes
	first  *MessageReader // of part's message, or one that came whole; for who waits with stream
	queue  []Message      // whole ones; queue[head:] wait
	head   int
	bytes  int                     // of queue[head:]
	wait   *loop.Promise[struct{}] // somebody waits for a message, or for the end
	job    *loop.Co                // OnMessage's function runs in it
	wrong  *wswire.Error           // the rule that was broken behind queue: nothing more is taken in
	busy   bool                    // it does, or is about to
	stream bool                    // who waits wants the next message as it comes
}

func newInbound() *inbound { return &inbound{} }

func (rx *inbound) waiting() int { return len(rx.queue) - rx.head }

// idle reports whether there is nothing to be kept.
func (rx *inbound) idle() bool {
	return rx.waiting() == 0 && rx.wait == nil && !rx.busy && rx.part == nil && rx.first == nil && rx.buf == nil && rx.reader.Idle()
}

func (rx *inbound) push(m Message) {
	rx.queue = append(rx.queue, m)
	rx.bytes += len(m.Data)
}

func (rx *inbound) pop() (m Message) {
	m = rx.queue[rx.head]
	rx.queue[rx.head] = Message{}
	rx.head++
	rx.bytes -= len(m.Data)
	if rx.head == len(rx.queue) {
		rx.queue, rx.head = rx.queue[:0], 0
	}
	return m
}

// takesMore reports whether another piece of a message may be taken in now.
func (c *Conn) takesMore(rx *inbound) bool {
	switch {
	case c.state != open:
		return true // to be thrown away: the peer's close frame comes behind it
	case rx.part != nil:
		return len(rx.buf) < aheadBytes || rx.part.compressed || rx.part.dropped
	case c.wanted && rx.stream:
		return rx.waiting() == 0 && rx.first == nil
	case c.wanted || c.on != nil:
		return rx.waiting() < aheadMessages && rx.bytes < aheadBytes
	}
	return false
}

// inbound is c's, made if need be.
func (c *Conn) inbound() *inbound {
	if c.rx == nil {
		c.rx = take(&c.local().inbounds, newInbound)
	}
	return c.rx
}

// settle gives back what an idle connection does not need.
func (c *Conn) settle() {
	if rx := c.rx; rx != nil && !c.wanted && rx.idle() && (rx.wrong == nil || c.state != open) {
		c.rx, rx.wrong = nil, nil
		if cap(rx.queue) <= aheadMessages {
			giveUpTo(keptBusy, &c.local().inbounds, rx)
		}
	}
}

// Consume takes frames. Messages that nobody wants yet stay with the stream, which in time
// stops reading; control frames before them are dealt with all the same.
func (c *Conn) Consume(p []byte) int {
	c.heard = true
	rx := c.inbound()
	n := 0
	for c.held = false; n < len(p); {
		if c.state >= closed || rx.wrong != nil {
			n = len(p)
			break
		}
		if !c.takesMore(rx) && (rx.reader.Inside() || !wswire.Opcode(p[n]&0x0f).Control()) {
			c.held = true
			break
		}
		ev, took, err := rx.reader.Next(&c.set.rules, p[n:])
		n += took
		if err != nil {
			c.refuse(err)
			n = len(p)
			break
		}
		if ev.Kind == wswire.NeedMore {
			break
		}
		if ev.Kind == wswire.Control {
			c.control(ev)
		} else {
			c.data(rx, ev)
		}
	}
	c.settle()
	return n
}

// data takes in a piece of a message.
func (c *Conn) data(rx *inbound, ev wswire.Event) {
	if c.state != open {
		return
	}
	if ev.Last && !ev.Compressed && rx.buf == nil && rx.part == nil && !(c.wanted && rx.stream) {
		p := ev.Payload
		data := make([]byte, len(p)) // filled at once, and so Go does not clear it
		copy(data, p)
		c.deliver(rx, Message{Type(ev.Opcode), data})
		return
	}
	if rx.buf == nil {
		rx.buf = make([]byte, 0, min(max(rx.reader.Size(), int64(len(ev.Payload))), sureSize))
	}
	rx.buf = append(rx.buf, ev.Payload...)
	if rx.part == nil && c.wanted && rx.stream {
		c.beginPart(rx, ev.Opcode, ev.Compressed)
	}
	if !ev.Last {
		rx.part.more()
		return
	}
	c.whole(rx, ev)
}

// whole is called when a message is there that did not come in one piece.
func (c *Conn) whole(rx *inbound, ev wswire.Event) {
	data := rx.buf
	if ev.Compressed {
		var err *wswire.Error
		if data, err = c.inflate(data, ev.Opcode == wswire.Text); err != nil {
			rx.buf = nil
			c.refuse(err)
			return
		}
	}
	rx.buf = nil
	if part := rx.part; part != nil {
		rx.part = nil
		part.complete(data)
		return
	}
	c.deliver(rx, Message{Type(ev.Opcode), data})
}

// deliver hands on a whole message.
func (c *Conn) deliver(rx *inbound, m Message) {
	rx.push(m)
	if c.on != nil {
		c.work(rx)
		return
	}
	c.wake(rx)
}

// wake tells whoever waits for a message.
func (c *Conn) wake(rx *inbound) {
	if rx.wait != nil {
		rx.wait.TrySet(struct{}{})
	}
}

// Ended hears that no more bytes will come.
func (c *Conn) Ended(err error) {
	c.seldom().eof = err
	c.atEnd()
}

// atEnd ends the connection if no more bytes will come, and none that have come wait to be
// read.
func (c *Conn) atEnd() {
	switch {
	case c.rare == nil || c.rare.eof == nil || c.held || c.rx != nil && c.rx.wrong != nil:
	case c.state < closed:
		c.lost(c.rare.eof)
	case c.s.Closed():
		c.finish(c.rare.eof)
	}
}

// offer has what is held looked at again.
func (c *Conn) offer() {
	if c.held {
		c.s.Offer()
	}
	c.refuseLate()
	c.atEnd()
}
