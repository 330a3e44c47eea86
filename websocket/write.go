package websocket

import (
	"unicode/utf8"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// longMessage is from how many bytes on Write sends a message in pieces, so as not to hold
// it a second time.
const longMessage = 256 << 10

// Stats are counts of one connection. They are a value without owner.
type Stats struct {
	// Unsent is how many bytes wait in memory for the peer.
	Unsent int
	// Dropped is how many messages were dropped, DroppedBytes how many bytes they had.
	Dropped      uint64
	DroppedBytes uint64
}

// Stats gives the counts of this moment.
func (c *Conn) Stats() Stats {
	var s Stats
	if c.rare != nil && c.rare.stats != nil {
		s = *c.rare.stats
	}
	s.Unsent = c.unsent()
	return s
}

func (c *Conn) unsent() int {
	n := c.s.Unsent()
	if c.tx != nil {
		n += c.tx.unsent()
	}
	return n
}

// Write sends a message; data is the caller's again when it returns. What is written in
// one iteration of the loop goes out together. Under the policy Wait it first waits while
// 64 KiB or more are unsent, or another message is being written in pieces; under others it
// is Send. If co is cancelled while it waits nothing was sent, but of a message of more than
// 256 KiB a part may have been: the connection is broken off then.
//
// That Write returns nil does not mean that the message has arrived. Close delivers it, or
// says that it could not.
func (c *Conn) Write(co *loop.Co, t Type, data []byte) error {
	if c.set.slow != Wait {
		return c.Send(t, data)
	}
	if err := c.writable(t, data); err != nil {
		return err
	}
	if err := c.waitRoom(co, false); err != nil {
		return err
	}
	if len(data) > longMessage {
		return c.writeLong(co, t, data)
	}
	return c.message(t, data)
}

// Send is Write for code that cannot wait, such as one that sends to many. What the peer
// does not take waits, up to Options.Queue; beyond that the message goes the way of
// Options.Slow.
func (c *Conn) Send(t Type, data []byte) error {
	if err := c.writable(t, data); err != nil {
		return err
	}
	if err := c.admit(len(data)); err != nil {
		return err
	}
	return c.message(t, data)
}

// writable is why a message cannot be sent.
func (c *Conn) writable(t Type, data []byte) error {
	if t != Text && t != Binary {
		panic("websocket: a message that is neither Text nor Binary")
	}
	if err := c.sendable(); err != nil {
		return err
	}
	if t == Text && !utf8.Valid(data) {
		return ErrNotUTF8
	}
	return nil
}

// sendable is why nothing can be sent. A stream that has broken tells so in an iteration of its
// own, and after what came before is read: who writes on and on must not have to wait for that.
func (c *Conn) sendable() error {
	switch {
	case c.state != open:
		return c.Err()
	case c.s.Closed():
		_, err := c.s.Write(nil).Result()
		return &CloseError{Code: Abnormal, Err: err}
	}
	return nil
}

// message sends one that is let in.
func (c *Conn) message(t Type, data []byte) error {
	h := wswire.Header{Fin: true, Opcode: wswire.Opcode(t)}
	if c.compresses(len(data)) {
		if small, ok := c.deflate(data); ok {
			h.RSV1 = true
			data = small
		}
	}
	c.put(h, data, true)
	return nil
}

// controlFrame sends a ping or a pong.
func (c *Conn) controlFrame(op wswire.Opcode, data []byte) error {
	if err := c.sendable(); err != nil {
		return err
	}
	c.put(wswire.Header{Fin: true, Opcode: op}, data, false)
	return nil
}

// lastFrame sends the close frame. A message that is being written in pieces will not be
// ended, and those that wait for that cannot be sent.
func (c *Conn) lastFrame(payload []byte) {
	if tx := c.tx; tx != nil && tx.writing {
		tx.writing = false
		for _, f := range tx.parked {
			tx.bytes -= len(f.b)
		}
		tx.parked = nil
	}
	c.put(wswire.Header{Fin: true, Opcode: wswire.Close}, payload, false)
}

// waitRoom waits until a frame can be written without waiting for the peer. It is one of a
// message that is being written in pieces, or the first of another one.
func (c *Conn) waitRoom(co *loop.Co, piece bool) error {
	for {
		if err := c.sendable(); err != nil {
			return err
		}
		tx := c.tx
		if tx == nil || !tx.blocked && tx.waiting() == 0 && (piece || !tx.writing) {
			if c.unsent() < highWater {
				return nil
			}
			tx = c.outbound()
			if c.pull(tx); c.s.Unsent() < highWater {
				continue
			}
			c.block(tx)
		}
		if tx.room == nil {
			tx.room = loop.NewPromise[struct{}](co.Loop())
		}
		if _, err := loop.Await(co, tx.room.Future()); err != nil {
			return err
		}
	}
}

// admit is why n more bytes of a message may not be queued, after the policy had its say.
func (c *Conn) admit(n int) error {
	over := c.unsent() + n - c.set.queue
	if over <= 0 {
		return nil
	}
	switch c.set.slow {
	case DropOldest:
		if c.dropOldest(over) {
			return nil
		}
		fallthrough
	case DropNewest:
		c.dropped(n)
		return ErrDropped
	case CloseSlow:
		c.closeSlow()
		return c.Err()
	}
	return ErrQueueFull
}

func (c *Conn) dropped(n int) {
	r := c.seldom()
	if r.stats == nil {
		r.stats = &Stats{}
	}
	r.stats.Dropped++
	r.stats.DroppedBytes += uint64(n)
}

// dropOldest makes room for n bytes, and reports whether there is.
func (c *Conn) dropOldest(n int) bool {
	tx := c.tx
	if tx == nil {
		return false
	}
	old := tx.queue[tx.head:]
	if len(old) > 0 && old[0].begun {
		old = old[1:]
	}
	rest := c.dropFrom(old, &n)
	tx.queue = tx.queue[:len(tx.queue)-len(old)+rest]
	tx.parked = tx.parked[:c.dropFrom(tx.parked, &n)]
	return n <= 0
}

// dropFrom drops the first of q until n bytes are gone, and returns how many are left.
func (c *Conn) dropFrom(q []frame, n *int) (left int) {
	end := 0
	for ; end < len(q) && *n > 0; end++ {
		size := len(q[end].b)
		*n -= size
		c.tx.bytes -= size
		c.dropped(size)
	}
	left = copy(q, q[end:])
	clear(q[left:])
	return left
}

// closeSlow closes a connection whose peer does not keep up: what waits is dropped, and it
// is not given long.
func (c *Conn) closeSlow() {
	c.dropOldest(c.set.queue)
	c.Close(TryAgainLater, "too slow")
	if e := c.ending(); c.state != over && !e.timer.Pending() {
		e.timer = c.Loop().After(c.set.closeTimeout, c.giveUp)
	}
}
