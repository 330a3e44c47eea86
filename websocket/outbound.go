package websocket

import (
	"errors"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	// highWater is how many bytes the stream is given that its transport has not taken.
	// What comes then waits here, where it can be dropped, and where a prepared message
	// is not copied.
	highWater = 64 << 10
	// slice is how much of a long frame the stream is given at a time.
	slice = 256 << 10
)

// outbound is what has yet to go, while there is anything. What is in queue goes after cork.
type outbound struct {
	lone    []byte // the one frame of this iteration: shared, or in local.page
	cork    []byte // the frames of this iteration, if there are more
	queue   []frame
	head    int     // queue[head:] wait
	bytes   int     // of these, and of parked
	dirty   bool    // its connection is in local.dirty
	writing bool    // somebody writes a message in pieces
	parked  []frame // messages that wait for the end of that one
	blocked bool    // the stream has enough, and will call drain
	pong    []byte  // the answer to the last ping, which goes before queue; only while blocked
	room    *loop.Promise[struct{}]
}

// A frame waits to be sent, or what is left of it.
type frame struct {
	b     []byte
	begun bool // a part of it is gone
}

func newOutbound() *outbound { return &outbound{} }

func (tx *outbound) waiting() int { return len(tx.queue) - tx.head }
func (tx *outbound) unsent() int  { return len(tx.lone) + len(tx.cork) + tx.bytes + len(tx.pong) }

func (tx *outbound) push(f frame) {
	if tx.head > 0 && len(tx.queue) == cap(tx.queue) {
		n := copy(tx.queue, tx.queue[tx.head:])
		clear(tx.queue[n:])
		tx.queue, tx.head = tx.queue[:n], 0
	}
	tx.queue = append(tx.queue, f)
	tx.bytes += len(f.b)
}

func (tx *outbound) pop() {
	tx.bytes -= len(tx.queue[tx.head].b)
	tx.queue[tx.head] = frame{}
	tx.head++
	if tx.head == len(tx.queue) {
		tx.queue, tx.head = tx.queue[:0], 0
	}
}

// outbound is c's, made if need be.
func (c *Conn) outbound() *outbound {
	if c.tx == nil {
		c.tx = take(&c.local().outs, newOutbound)
	}
	return c.tx
}

// release gives back what a connection does not need that has sent all.
func (c *Conn) release() {
	tx := c.tx
	if tx == nil {
		return
	}
	tx.dirty = false
	if tx.unsent() == 0 && !tx.writing && !tx.blocked && tx.room == nil {
		c.tx = nil
		if tx.parked = nil; cap(tx.queue) <= aheadMessages {
			giveUpTo(keptBusy, &c.local().outs, tx)
		}
	}
}

// crowded reports whether what is written now would have to wait for the peer.
func (c *Conn) crowded() bool {
	if tx := c.tx; tx != nil && (tx.blocked || tx.waiting() > 0) {
		return true
	}
	return c.s.Unsent() >= highWater
}

// put sends a frame: joined with others of this iteration, if it is short, and behind what
// waits. Frames of messages wait for the end of one that is written in pieces.
func (c *Conn) put(h wswire.Header, payload []byte, message bool) {
	tx := c.outbound()
	if c.crowded() || message && tx.writing || len(payload) > corkSize-wswire.MaxHeader {
		c.later(c.encode(h, payload), message)
		return
	}
	h = c.header(h, payload)
	if tx.unsent() == 0 {
		tx.lone = c.local().single(h, payload)
	} else {
		c.room(tx, wswire.MaxHeader+len(payload))
		tx.cork = appendFrame(tx.cork, h, payload)
	}
	c.mark(tx)
}

// putShared is put for the frame of a message that is encoded already, and not changed any
// more.
func (c *Conn) putShared(b []byte) {
	tx := c.outbound()
	if c.crowded() || tx.writing || len(b) > corkSize {
		c.later(b, true)
		return
	}
	if tx.unsent() == 0 {
		tx.lone = b // in a broadcast, of which a copy for each receiver would be the most
	} else {
		c.room(tx, len(b))
		tx.cork = append(tx.cork, b...)
	}
	c.mark(tx)
}

// header is h with its length, and masked by a client.
func (c *Conn) header(h wswire.Header, payload []byte) wswire.Header {
	h.Length = int64(len(payload))
	if !c.set.rules.Server {
		h.Masked, h.Key = true, c.local().key()
	}
	return h
}

// encode is a frame in memory of its own.
func (c *Conn) encode(h wswire.Header, payload []byte) []byte {
	return appendFrame(make([]byte, 0, wswire.MaxHeader+len(payload)), c.header(h, payload), payload)
}

func appendFrame(b []byte, h wswire.Header, payload []byte) []byte {
	b = wswire.AppendHeader(b, h)
	n := len(b)
	b = append(b, payload...)
	if h.Masked {
		wswire.Mask(h.Key, b[n:])
	}
	return b
}

// room makes room for n more bytes in the cork.
func (c *Conn) room(tx *outbound, n int) {
	if len(tx.lone)+len(tx.cork)+n > corkSize {
		c.pull(tx)
	}
	if tx.cork == nil {
		tx.cork = append(c.local().buffer(), tx.lone...)
		tx.lone = nil
	}
}

func (c *Conn) mark(tx *outbound) {
	if !tx.dirty {
		tx.dirty = true
		c.local().mark(c)
	}
}

// later queues a frame, and sends what can be sent of it.
func (c *Conn) later(b []byte, message bool) {
	tx := c.tx
	if message && tx.writing {
		tx.parked = append(tx.parked, frame{b: b})
		tx.bytes += len(b)
		return
	}
	tx.push(frame{b: b})
	if !tx.blocked {
		c.drain()
	}
}

// pull gives the cork to the stream.
func (c *Conn) pull(tx *outbound) {
	if b := tx.lone; b != nil {
		tx.lone = nil
		c.write(b)
	}
	if len(tx.cork) > 0 {
		b := tx.cork
		tx.cork = nil
		c.write(b)
		c.local().giveBuffer(b)
	}
}

// uncork sends what was joined in this iteration.
func (c *Conn) uncork() {
	if tx := c.tx; tx != nil {
		c.pull(tx)
		c.handedOver()
	}
}

// write gives the stream bytes, which must not be lost: if it does not take them the
// connection is over. A stream that has broken tells that itself.
func (c *Conn) write(b []byte) {
	f := c.s.Write(b)
	if !f.Done() {
		return
	}
	if _, err := f.Result(); err != nil && errors.Is(err, stream.ErrBufferFull) {
		c.abort(&CloseError{Code: Abnormal, Err: err})
	}
}

// drain gives the stream what waits, as far as it is not enough.
func (c *Conn) drain() {
	tx := c.tx
	c.pull(tx)
	for (tx.waiting() > 0 || tx.pong != nil) && c.state != over {
		if c.s.Unsent() >= highWater {
			c.block(tx)
			return
		}
		c.sendHead(tx)
	}
	tx.hasRoom()
	c.mark(tx) // which gives tx back, if it is not needed
	c.handedOver()
}

// sendHead gives the stream the first that waits, or a slice of it. A pong goes before whole
// frames, not into one.
func (c *Conn) sendHead(tx *outbound) {
	if tx.pong != nil && (tx.waiting() == 0 || !tx.queue[tx.head].begun) {
		c.write(tx.pong)
		tx.pong = nil
		return
	}
	f := &tx.queue[tx.head]
	b := f.b
	if len(b) <= slice {
		tx.pop()
	} else {
		b = b[:slice]
		f.b, f.begun = f.b[slice:], true
		tx.bytes -= slice
	}
	c.write(b)
}

// block waits until the stream has sent most of what it has.
func (c *Conn) block(tx *outbound) {
	tx.blocked = true
	c.s.Writable().OnDone(func(*loop.Future[struct{}]) {
		tx.blocked = false
		if c.tx == tx && c.state != over {
			c.drain()
		}
	})
}

// dropOutput forgets what was not sent, and tells those who wait for room.
func (c *Conn) dropOutput() {
	tx := c.tx
	if tx == nil {
		return
	}
	c.tx = nil
	tx.hasRoom()
}

// hasRoom tells those who wait for room, or for there never being any.
func (tx *outbound) hasRoom() {
	if tx.room != nil {
		tx.room.TrySet(struct{}{})
		tx.room = nil
	}
}
