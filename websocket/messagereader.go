package websocket

import (
	"io"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// A MessageReader gives one message as it comes, for messages that are too large to be
// kept. It belongs to the loop; its methods wait in the coroutine that calls them. Until it
// has given the last byte, or is closed, no other message can be read.
type MessageReader struct {
	c          *Conn
	t          Type
	compressed bool
	rest       []byte // of the whole message, once it is there
	done       bool   // it is: rest is all that is left
	dropped    bool   // Close was called
	wait       *loop.Promise[struct{}]
}

var _ io.ReadCloser = (*MessageReader)(nil)

// NextReader waits for the next message, as Read does, but only for its beginning. Up to
// 64 KiB are kept ahead of who reads; a compressed message is decompressed as a whole. The
// limits of Options hold.
func (c *Conn) NextReader(co *loop.Co) (Type, *MessageReader, error) {
	if rx := c.rx; c.state == open && rx != nil && rx.buf != nil && rx.part == nil && rx.waiting() == 0 && c.on == nil && !c.wanted {
		op, compressed := rx.reader.Message() // somebody gave up waiting for its end
		part := c.beginPart(rx, op, compressed)
		rx.first = nil
		return part.t, part, nil
	}
	rx, err := c.await(co, true)
	if err != nil {
		return 0, nil, err
	}
	if part := rx.first; part != nil {
		rx.first = nil
		c.settle()
		return part.t, part, nil
	}
	m := rx.pop()
	c.settle()
	return m.Type, &MessageReader{c: c, t: m.Type, rest: m.Data, done: true}, nil
}

// beginPart has the message under way read as it comes.
func (c *Conn) beginPart(rx *inbound, op wswire.Opcode, compressed bool) *MessageReader {
	rx.part = &MessageReader{c: c, t: Type(op), compressed: compressed}
	rx.first = rx.part
	c.wake(rx)
	return rx.part
}

// more says that there may be more to read.
func (r *MessageReader) more() {
	switch {
	case r == nil:
	case r.dropped && !r.compressed:
		r.c.rx.buf = r.c.rx.buf[:0]
	case r.wait != nil:
		r.wait.TrySet(struct{}{})
	}
}

// complete gives the reader the rest of its message.
func (r *MessageReader) complete(rest []byte) {
	r.rest, r.done = rest, true
	if r.wait != nil {
		r.wait.TrySet(struct{}{})
	}
}

// Read gives what has come of the message and waits if that is nothing. At the message's
// end the error is io.EOF; if the connection ends before, it is as Conn.Read's.
func (r *MessageReader) Read(p []byte) (int, error) {
	for {
		switch {
		case r.dropped:
			return 0, ErrClosed
		case len(r.rest) > 0 || len(p) == 0:
			n := copy(p, r.rest)
			r.rest = r.rest[n:]
			return n, nil
		case r.done:
			return 0, io.EOF
		case !r.compressed && r.c.rx != nil && len(r.c.rx.buf) > 0:
			n := r.c.rx.shift(p)
			r.c.offer()
			return n, nil
		case r.c.state != open:
			return 0, r.c.Err()
		}
		if err := r.park(); err != nil {
			return 0, err
		}
	}
}

// park waits for more of the message.
func (r *MessageReader) park() error {
	co := r.c.Loop().Current()
	if co == nil {
		panic("websocket: MessageReader.Read outside a coroutine")
	}
	r.c.offer()
	if r.done || r.c.state != open || !r.compressed && len(r.c.rx.buf) > 0 {
		return nil
	}
	r.wait = loop.NewPromise[struct{}](co.Loop())
	defer func() { r.wait = nil }()
	_, err := loop.Await(co, r.wait.Future())
	return err
}

// shift moves bytes of the message under way to p.
func (rx *inbound) shift(p []byte) int {
	n := copy(p, rx.buf)
	rx.buf = rx.buf[:copy(rx.buf, rx.buf[n:])]
	return n
}

// Close has the rest of the message thrown away. The error is always nil.
func (r *MessageReader) Close() error {
	if !r.done && !r.dropped {
		r.dropped = true
		r.more()
		r.c.offer()
	}
	r.dropped, r.rest = true, nil
	return nil
}
