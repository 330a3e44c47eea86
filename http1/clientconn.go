package http1

import (
	"io"
	"time"

	"github.com/zonda-go/zonda/stream"
)

// A clientConn is a connection to a server, or to a proxy. It belongs to the loop.
// Between two requests nothing hangs on it but its stream, and it is closed when the
// server closes it or says something unasked.
type clientConn struct {
	h          *clientHost
	s          *stream.Stream
	x          *clientExchange // the request under way
	prev, next *clientConn     // among the pool's idle ones, the oldest first
	since      time.Time       // when it became idle
	at         int             // in the host's idle; -1: it is not idle
	used       bool            // it has had a request before
	gone       bool            // drop or abort was called
}

var _ stream.Consumer = (*clientConn)(nil)

// newClientConn makes a connection of a stream that speaks HTTP from here on.
func newClientConn(h *clientHost, s *stream.Stream) *clientConn {
	c := &clientConn{h: h, s: s, at: -1}
	s.SetReadAhead(h.p.maxHead() + 1)
	s.SetConsumer(c)
	return c
}

// Consume takes the response. What of its body nobody has asked for stays with the
// stream, which in time stops reading: so a server feels that the reader does not.
func (c *clientConn) Consume(p []byte) int {
	if c.x != nil {
		return c.x.arrived(p)
	}
	c.unasked()
	return len(p)
}

// unasked ends a connection on which the server speaks unasked: a response to nobody
// must not become that of the next request.
func (c *clientConn) unasked() {
	if !c.gone {
		c.h.p.log.Info("zonda: a server answered without a request", "host", c.h.key.addr, "remote", c.s.RemoteAddr().String())
		c.abort()
	}
}

// Ended hears that the server will send no more.
func (c *clientConn) Ended(err error) {
	switch {
	case c.x != nil:
		c.x.ended(err)
	default:
		c.drop()
	}
}

// usable reports whether a request can be sent, as far as is known by now.
func (c *clientConn) usable() bool {
	return !c.gone && !c.s.Closed() && !c.s.EOF() && len(c.s.Buffered()) == 0
}

// drop closes a connection that neither side is using.
func (c *clientConn) drop() {
	if !c.leave() {
		return
	}
	if c.h.p.closed {
		c.s.Abort()
	} else {
		// Later, as this may be called by Consume, when the stream cannot tell.
		c.h.p.l.Call(func() {
			c.s.CloseIdle()
			c.s.Abort() // there are bytes in the way: they are for nobody
		})
	}
	c.h.free()
}

// abort breaks the connection off.
func (c *clientConn) abort() {
	if c.leave() {
		c.s.Abort()
		c.h.free()
	}
}

// leave takes the connection out of where it is; false if that was done before.
func (c *clientConn) leave() bool {
	if c.gone {
		return false
	}
	c.gone = true
	c.x = nil
	if c.at >= 0 {
		c.leaveIdle()
	}
	return true
}

// lostBy is the error of a connection that ended in the middle of a response: with
// io.EOF in good order, which is none here, or with what broke it.
func lostBy(err error) error {
	if err == io.EOF {
		return &goneError{io.ErrUnexpectedEOF}
	}
	return &goneError{err}
}
