package http1

import (
	"errors"
	"io"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A conn is one connection. It belongs to the loop. Between requests nothing hangs
// on it but its stream.
type conn struct {
	sv     *service
	s      *stream.Stream
	ex     *exchange        // the request that is being answered
	parser *httpwire.Parser // of a head that has not come whole
	std    *stdConn         // nil: no net/http handler has been asked yet
	cork   []byte           // answers that wait to be joined with the next one
	since  uint32           // when a sweep first saw it without a request; 0: none has
	fresh  bool             // no request has come yet
	paused bool             // takes no request until the client takes its answers
	lost   bool             // writing has failed
	shut   bool             // close or abort was called, or it was taken away

	skipped uint8 // empty lines since the last request
}

var _ stream.Consumer = (*conn)(nil)

// Consume takes the head of the next request. What belongs to its body, and what
// was sent ahead, stays with the stream, which in time stops reading: so a client
// feels that the handler does not.
func (c *conn) Consume(p []byte) int {
	switch {
	case c.ex != nil:
		return c.ex.arrived(p)
	case c.pause():
		return 0
	case c.fresh && c.sv.srv.HTTP2 && c.prefaced(p):
		return 0
	}
	first := c.parser == nil
	if first {
		c.parser = c.sv.takeParser()
		c.parser.Skipped = c.skipped
	}
	n, err := c.parser.Head(p, c.sv.srv.maxHead())
	switch {
	case err != nil:
		c.refuse(refusalStatus(err), err)
		return len(p)
	case n > 0:
		c.begin(p[:n])
		return n
	case c.parser.Blank(p):
		// Empty lines between requests are to be ignored (RFC 9112, 2.2).
		c.skipped = c.parser.Skipped
		c.returnParser()
		return len(p)
	case first:
		c.since = 0 // another time counts from now on
	}
	return 0
}

// pause reports whether the next request must wait, because the client sends
// requests and does not take the answers.
func (c *conn) pause() bool {
	if c.paused || c.s.Unsent() == 0 {
		return c.paused
	}
	if f := c.s.Writable(); !f.Done() {
		c.paused = true
		f.OnDone(func(*loop.Future[struct{}]) {
			c.paused = false
			c.resume()
		})
	}
	return c.paused
}

func (c *conn) returnParser() {
	if c.parser != nil {
		c.sv.giveParser(c.parser)
		c.parser = nil
	}
}

// begin starts the handler for a head that is complete.
func (c *conn) begin(head []byte) {
	ex := newExchange(c, head, &c.parser.Request)
	c.returnParser()
	c.ex, c.since, c.fresh, c.skipped = ex, 0, false, 0
	if c.sv.srv.AccessLog != nil {
		ex.seldom().began = c.sv.clock()
	}
	ex.start()
	if d := c.sv.srv.RequestTimeout; d > 0 && ex.co != nil {
		ex.seldom().timer = c.sv.l.After(d, func() { ex.co.Cancel(ErrRequestTimeout) })
	}
	if c.s.EOF() {
		ex.clientGone(io.EOF)
	}
	if c.sv.std != nil {
		c.uncork() // a goroutine does not answer at once
	}
}

// resume takes the next request, if it has come. None is under way.
func (c *conn) resume() {
	c.s.Offer()
	if c.ex == nil {
		c.uncork()
		c.closeAtEOF()
	}
}

// closeAtEOF closes if the client will send no more, and what it has sent is
// answered.
func (c *conn) closeAtEOF() {
	if c.s.EOF() && !c.paused {
		c.close()
	}
}

// Ended hears that the client will send no more. Whoever still works for it is
// told; what was asked before is still answered, as far as nobody must wait.
func (c *conn) Ended(err error) {
	switch {
	case c.ex != nil:
		c.ex.clientGone(err)
	case err == io.EOF:
		c.closeAtEOF()
	default:
		c.close()
	}
}

// refusalStatus is what answers a request that is none.
func refusalStatus(err error) int {
	var we *httpwire.Error
	if errors.As(err, &we) {
		return we.Status
	}
	return 400
}

// refuse answers a request that is none, and closes (RFC 9112, 2.2 and 9.6).
func (c *conn) refuse(status int, err error) {
	c.sv.log.Info("zonda: request refused", "remote", c.s.RemoteAddr().String(), "status", status, "error", err)
	c.logRefusal(status, err)
	b := httpwire.AppendStatusLine(c.room(0), status)
	b = httpwire.AppendField(b, "Date", c.sv.dateNow())
	b = httpwire.AppendContentLength(b, 0)
	b = httpwire.AppendField(b, "Connection", "close")
	c.send(httpwire.AppendHeadEnd(b))
	c.close()
}

// gone reports whether nothing that is written could reach the client.
func (c *conn) gone() bool { return c.shut || c.lost || c.s.Closed() }

// close delivers what was answered and closes the connection. The handler must have
// ended.
func (c *conn) close() {
	if c.shut {
		return
	}
	c.uncork()
	c.drop()
	c.s.Close()
}

// abort breaks the connection off.
func (c *conn) abort() {
	if c.ex != nil {
		c.ex.clientGone(ErrServerClosed)
	}
	c.drop()
	c.s.Abort()
}

// drop gives back what the connection holds for requests.
func (c *conn) drop() {
	c.shut = true
	c.ex = nil
	c.cork = nil
	c.returnParser()
}

// newcomer is how long Shutdown waits for the first request of a connection. A client
// that has just connected has one on its way, and would take its end for a failure; one
// whose idle connection ends knows that it should ask again (RFC 9112, 9.3.1).
const newcomer = 5 * time.Second

// Drain closes the connection if nothing is under way, and else afterwards.
func (c *conn) Drain() {
	c.sv.draining = true
	if c.fresh && !c.shut && !c.s.EOF() {
		c.sv.l.After(newcomer, c.settle)
		return
	}
	c.settle()
}

// settle is the end of Drain.
func (c *conn) settle() {
	if c.shut || c.ex != nil && !c.ex.over {
		return
	}
	c.uncork()
	c.s.CloseIdle()
	c.close()
}
