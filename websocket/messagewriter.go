package websocket

import (
	"io"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// fragmentSize is how many bytes a MessageWriter collects for one frame.
const fragmentSize = 16 << 10

// A MessageWriter writes one message in pieces: for messages that are too large to be kept,
// or that are still being made. It belongs to the loop; its methods wait in the coroutine
// that calls them, while the peer is slow. Until it is closed other messages wait; pings and
// pongs do not.
type MessageWriter struct {
	c          *Conn
	op         wswire.Opcode // Continuation after the first frame
	text       *wswire.UTF8  // nil: Binary
	compressed bool
	done       bool
	buf        []byte
}

var _ io.WriteCloser = (*MessageWriter)(nil)

// NextWriter begins a message that is written in pieces, after it has waited for one that
// somebody else writes, and for the peer. It must be closed, which ends the message.
func (c *Conn) NextWriter(co *loop.Co, t Type) (*MessageWriter, error) {
	if err := c.writable(t, nil); err != nil {
		return nil, err
	}
	if err := c.waitRoom(co, false); err != nil {
		return nil, err
	}
	c.outbound().writing = true
	w := &MessageWriter{c: c, op: wswire.Opcode(t)}
	if takeover, _ := c.set.sending(); c.set.rules.Deflate && !takeover {
		w.compressed = true
	}
	if t == Text {
		w.text = &wswire.UTF8{}
	}
	return w, nil
}

// Write takes the next piece. It may end within a character, but text that cannot be UTF-8
// any more fails with ErrNotUTF8, and the connection with it, since a part of the message is
// gone.
func (w *MessageWriter) Write(p []byte) (int, error) {
	if err := w.err(); err != nil {
		return 0, err
	}
	if w.text != nil && !w.text.Feed(p) {
		return 0, w.spoil(ErrNotUTF8)
	}
	total := len(p)
	for len(w.buf)+len(p) > fragmentSize {
		n := fragmentSize - len(w.buf)
		w.buf = append(w.buf, p[:n]...)
		p = p[n:]
		if err := w.send(false); err != nil {
			return total - len(p), err
		}
	}
	w.buf = append(w.buf, p...)
	return total, nil
}

// Flush sends what was written so far, as a frame.
func (w *MessageWriter) Flush() error {
	if err := w.err(); err != nil {
		return err
	}
	if len(w.buf) == 0 {
		return nil
	}
	return w.send(false)
}

// Close ends the message. To close twice gives ErrClosed.
func (w *MessageWriter) Close() error {
	if err := w.err(); err != nil {
		return err
	}
	if w.text != nil && !w.text.Whole() {
		return w.spoil(ErrNotUTF8)
	}
	err := w.send(true)
	w.done = true
	if err == nil {
		w.c.writerEnded()
	}
	return err
}

// writerEnded lets other messages go again.
func (c *Conn) writerEnded() {
	tx := c.tx
	if tx == nil || c.state != open {
		return
	}
	tx.writing = false
	tx.queue = append(tx.queue, tx.parked...)
	tx.parked = nil
	if !tx.blocked {
		c.drain()
	}
}

func (w *MessageWriter) err() error {
	switch {
	case w.c.state != open:
		return w.c.Err()
	case w.done:
		return ErrClosed
	}
	return nil
}

// spoil breaks the connection off: a message has begun that cannot be ended.
func (w *MessageWriter) spoil(err error) error {
	w.done = true
	w.c.Abort()
	return err
}

// send sends a frame with what was collected, when the peer has taken most of what was sent
// before.
func (w *MessageWriter) send(last bool) error {
	if err := w.wait(); err != nil {
		return err
	}
	h := wswire.Header{Opcode: w.op, Fin: last, RSV1: w.compressed && w.op != wswire.Continuation}
	payload := w.buf
	if w.compressed {
		payload = w.c.deflatePiece(w.buf, last)
	}
	w.c.put(h, payload, false)
	w.op, w.buf = wswire.Continuation, w.buf[:0]
	return nil
}

func (w *MessageWriter) wait() error {
	co := w.c.Loop().Current()
	if co == nil {
		panic("websocket: MessageWriter outside a coroutine")
	}
	err := w.c.waitRoom(co, true)
	if err != nil && w.c.state == open { // co was cancelled
		return w.spoil(err)
	}
	return err
}

// writeLong sends a message of which Write has made sure that it may begin.
func (c *Conn) writeLong(co *loop.Co, t Type, data []byte) error {
	if c.compresses(len(data)) {
		takeover, _ := c.set.sending() // then later messages may refer to it: it must go like this
		if small, ok := c.deflate(data); ok && (takeover || len(small) <= longMessage) {
			c.put(wswire.Header{Fin: true, Opcode: wswire.Opcode(t), RSV1: true}, small, true)
			return nil
		}
	}
	w, err := c.NextWriter(co, t)
	if err != nil {
		return err
	}
	w.text = nil // it was checked as a whole
	if _, err = w.Write(data); err == nil {
		err = w.Close()
	}
	return err
}
