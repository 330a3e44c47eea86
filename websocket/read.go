package websocket

import (
	"errors"
	"io"
	"iter"

	"github.com/zonda-go/zonda/loop"
)

// Read waits for the next message. While nobody reads, no message is taken in, and in time
// the peer must wait; pings before the next message are answered all the same.
//
// When all that has come is read, the error is a *CloseError if the peer has closed or the
// connection has broken, ErrClosed if this side has closed it. If co is cancelled it is
// Await's, and no message is lost.
func (c *Conn) Read(co *loop.Co) (Type, []byte, error) {
	rx, err := c.await(co, false)
	if err != nil {
		return 0, nil, err
	}
	m := rx.pop()
	c.settle()
	return m.Type, m.Data, nil
}

// Messages gives the messages one after another, and waits for them. It ends when the
// connection has been closed in good order by either side; any other error is the last it
// gives.
func (c *Conn) Messages(co *loop.Co) iter.Seq2[Message, error] {
	return func(yield func(Message, error) bool) {
		for {
			t, data, err := c.Read(co)
			if errors.Is(err, io.EOF) || errors.Is(err, ErrClosed) {
				return
			}
			if !yield(Message{t, data}, err) || err != nil {
				return
			}
		}
	}
}

// await waits until there is a message, or with stream the beginning of one.
func (c *Conn) await(co *loop.Co, stream bool) (*inbound, error) {
	if c.on != nil || c.taken() {
		return nil, ErrReading
	}
	rx := c.inbound()
	defer func() {
		c.wanted, rx.stream, rx.wait = false, false, nil
		c.settle()
	}()
	c.wanted, rx.stream = true, stream
	for tried := false; rx.waiting() == 0 && rx.first == nil; tried = true {
		if c.state != open {
			return nil, c.Err()
		}
		if !tried {
			c.offer()
			continue
		}
		rx.wait = loop.NewPromise[struct{}](co.Loop())
		if _, err := loop.Await(co, rx.wait.Future()); err != nil {
			return nil, err
		}
	}
	return rx, nil
}

// taken reports whether somebody reads, or has begun to read a message.
func (c *Conn) taken() bool {
	return c.wanted || c.rx != nil && c.rx.part != nil && !c.rx.part.dropped
}
