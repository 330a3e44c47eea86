package http1

// To a client that sends requests without waiting for the answers, the answers go
// out together: one write, and one packet. They wait for each other only as long as
// nobody waits for anything else: see uncork's callers.

// room is where a response is to be put whose body has n bytes, for send. If the client
// has sent its next request already, that is behind those which wait to be joined with
// the next one.
func (c *conn) room(n int) []byte {
	if len(c.cork)+n+usualHead > bodyBuffer {
		c.uncork()
	} else if c.cork == nil && len(c.s.Buffered()) > 0 {
		c.cork = c.sv.buffers.take()
	}
	if c.cork == nil {
		return c.sv.scratch[:0]
	}
	return c.cork
}

// usualHead is more than most heads of responses have.
const usualHead = 512

// send writes a response that was appended to room, or leaves it there to be joined.
func (c *conn) send(b []byte) {
	if c.cork == nil {
		c.s.Write(b)
		c.sv.scratch = keep(b)
		return
	}
	c.cork = b
	if len(b) > bodyBuffer {
		c.uncork()
	}
}

// uncork writes the answers that were held back to be joined.
func (c *conn) uncork() {
	if c.cork == nil {
		return
	}
	if len(c.cork) > 0 {
		c.s.Write(c.cork)
	}
	c.sv.buffers.give(c.cork)
	c.cork = nil
}
