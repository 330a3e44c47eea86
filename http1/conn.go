package http1

import (
	"errors"
	"io"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// corkLimit is how many bytes of responses to pipelined requests are joined before
// they are written.
const corkLimit = 32 << 10

// A conn is one connection. It belongs to the loop. Between requests nothing hangs
// on it but its stream.
type conn struct {
	sv         *service
	s          *stream.Stream
	prev, next *conn
	ex         *exchange        // the request that is being answered
	parser     *httpwire.Parser // of a head that has not come whole
	cork       []byte           // responses that wait for the next one's
	last       bool             // closes when the present request is answered
	shut       bool             // Close or Abort was called
}

var _ stream.Consumer = (*conn)(nil)

// Consume takes the head of the next request. What belongs to its body, and what
// was sent ahead, stays with the stream, which in time stops reading: so a client
// feels that the handler does not.
func (c *conn) Consume(p []byte) int {
	if c.ex != nil {
		return c.ex.arrived(p)
	}
	if c.last || c.shut {
		return len(p)
	}
	if c.parser == nil {
		c.parser = c.sv.takeParser()
	}
	n, err := c.parser.Head(p, c.sv.srv.maxHead())
	switch {
	case err != nil:
		c.refuse(err)
		return len(p)
	case n > 0:
		c.begin(p[:n])
		return n
	case c.parser.Blank(p):
		// Empty lines between requests are to be ignored (RFC 9112, 2.2).
		c.returnParser()
		return len(p)
	}
	return 0
}

func (c *conn) returnParser() {
	if c.parser != nil {
		c.sv.giveParser(c.parser)
		c.parser = nil
	}
}

// begin starts the handler for a head that is complete.
func (c *conn) begin(head []byte) {
	ex := newExchange(c, string(head), &c.parser.Request)
	c.returnParser()
	c.ex = ex
	if limit := c.sv.srv.maxBody(); limit > 0 && ex.req.ContentLength > limit {
		ex.body.close = true
		ex.Ended(ErrBodyTooLarge)
		return
	}
	ex.co = loop.SpawnJob(c.sv.l, ex)
	if len(c.cork) > 0 {
		// The answers that are ready go out if this request does not answer at once.
		c.sv.l.Call(func() {
			if c.ex == ex {
				c.uncork()
			}
		})
	}
}

// Ended hears that the client will send no more. Whoever still works for it is
// told; what has been answered is still sent.
func (c *conn) Ended(err error) {
	c.returnParser()
	c.last = true
	if err != io.EOF {
		c.shut = true // the stream is gone already
	}
	if c.ex != nil {
		c.ex.clientGone(err)
		return
	}
	c.close()
}

// refuse answers a request that is none, and closes (RFC 9112, 2.2 and 9.6).
func (c *conn) refuse(err error) {
	status := 400
	var we *httpwire.Error
	if errors.As(err, &we) {
		status = we.Status
	}
	c.sv.log.Info("zonda: malformed request", "remote", c.s.RemoteAddr().String(), "error", err)
	c.parser = nil
	c.last = true
	b := httpwire.AppendStatusLine(c.sv.scratch[:0], status)
	b = httpwire.AppendField(b, "Date", c.sv.dateNow())
	b = httpwire.AppendField(b, "Connection", "close")
	b = httpwire.AppendContentLength(b, 0)
	c.send(httpwire.AppendHeadEnd(b))
	c.close()
}

// finished is called when the exchange is over: its response is with the stream.
func (c *conn) finished(keep bool) {
	c.ex = nil
	if !keep || c.last || c.sv.draining {
		c.close()
		return
	}
	c.s.Offer()
	if c.ex == nil {
		c.uncork()
	}
}

// send writes a response, or puts it behind the answers that wait to be joined,
// if the client has sent its next request already.
func (c *conn) send(p []byte) {
	if len(c.cork) > 0 || len(c.s.Buffered()) > 0 && !c.last && len(p) < corkLimit {
		c.cork = append(c.cork, p...)
		if len(c.cork) > corkLimit {
			c.uncork()
		}
		return
	}
	c.s.Write(p)
}

// uncork writes the answers that were held back to be joined.
func (c *conn) uncork() {
	if len(c.cork) > 0 {
		c.s.Write(c.cork)
		c.cork = nil
	}
}

// close delivers what was answered and closes the connection.
func (c *conn) close() {
	if !c.shut {
		c.uncork()
		c.shut = true
		c.s.Close().OnDone(func(*loop.Future[struct{}]) { c.sv.forget(c) })
		return
	}
	c.sv.forget(c)
}

// abort breaks the connection off.
func (c *conn) abort() {
	c.last = true
	if c.ex != nil {
		c.ex.clientGone(ErrServerClosed)
	}
	c.shut = true
	c.s.Abort()
	c.sv.forget(c)
}

// drain closes the connection if nothing is under way, and else afterwards.
func (c *conn) drain() {
	c.last = true
	if c.ex == nil && !c.shut {
		c.returnParser()
		c.shut = true
		c.s.CloseIdle()
		c.sv.forget(c)
	}
}
