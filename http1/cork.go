package http1

// To a client that sends requests without waiting for the answers, the answers go
// out together: one write, and one packet. They wait for each other only as long as
// nobody waits for anything else: see uncork's callers.

// send writes a response. If the client has sent its next request already, the
// response waits to be joined with the next one.
func (c *conn) send(p []byte) {
	if len(c.cork)+len(p) > bodyBuffer {
		c.uncork()
	}
	if len(p) > bodyBuffer || c.cork == nil && len(c.s.Buffered()) == 0 {
		c.s.Write(p)
		return
	}
	if c.cork == nil {
		c.cork = c.sv.buffers.take()
	}
	c.cork = append(c.cork, p...)
}

// uncork writes the answers that were held back to be joined.
func (c *conn) uncork() {
	if c.cork != nil {
		c.s.Write(c.cork)
		c.sv.buffers.give(c.cork)
		c.cork = nil
	}
}
