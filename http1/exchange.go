package http1

import (
	"context"
	"errors"
	"io"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// maxDrain is how much of a body that the handler did not read is thrown away so
// that the connection can be used again. Beyond it, closing is cheaper.
const maxDrain = 256 << 10

// An exchange is a request and its response: the coroutine's job, and all that they
// need, in one piece of memory. It belongs to the loop.
type exchange struct {
	c    *conn
	co   *loop.Co // nil if the handler was not started
	req  Request
	w    ResponseWriter
	body Body
	keep bool // the connection persists, as far as the client has a say
	over bool // the response is sent; what is left of the body is thrown away
}

func newExchange(c *conn, head string, p *httpwire.Request) *exchange {
	ex := &exchange{c: c, keep: p.KeepAlive}
	ex.req.fill(head, p)
	ex.req.Body = &ex.body
	ex.req.RemoteAddr = c.s.RemoteAddr()
	ex.body = Body{
		ex:      ex,
		framing: p.Framing,
		left:    p.Length,
		limit:   c.sv.srv.maxBody(),
		expect:  p.Expect100,
		done:    p.Framing == httpwire.NoBody,
	}
	ex.w = ResponseWriter{ex: ex, head: ex.req.Method == "HEAD", length: -1}
	return ex
}

// Run is the coroutine.
func (ex *exchange) Run(co *loop.Co) error {
	return ex.c.sv.srv.Handler.Serve(co, &ex.w, &ex.req)
}

// Ended sends what the handler left to send.
func (ex *exchange) Ended(err error) {
	if err != nil {
		err = ex.failed(err)
	}
	if err == nil {
		err = ex.w.finish()
	}
	ex.w.release()
	if err != nil {
		ex.c.abort()
		return
	}
	ex.over = true
	ex.skipBody()
}

// failed decides how a handler's error is answered: with an error response, by
// breaking the connection off (then it returns an error), or as if there were none.
func (ex *exchange) failed(err error) error {
	status := statusOf(err)
	switch {
	case ex.c.shut, ex.co != nil && ex.co.Err() != nil && errors.Is(err, context.Canceled):
		// The client has left, or the server is closing: nobody is there to be told.
		return err
	case errors.Is(err, errAborted):
		return err
	case status == 0:
		ex.logFailure(err)
		status = 500
	}
	if ex.w.sent {
		return err
	}
	ex.w.replace(status)
	return nil
}

func (ex *exchange) logFailure(err error) {
	args := []any{"method", ex.req.Method, "target", ex.req.Target, "error", err}
	var pe *loop.PanicError
	if errors.As(err, &pe) {
		args = append(args, "stack", string(pe.Stack))
	}
	ex.c.sv.log.Error("zonda: handler failed", args...)
}

// arrived hears of bytes behind the request's head, and says how many it takes.
func (ex *exchange) arrived(p []byte) int {
	if !ex.over {
		ex.body.wake()
		return 0
	}
	n, done := ex.body.skip(p)
	if done {
		ex.c.ex = nil // and the next head is taken from what follows
	} else if ex.body.close {
		ex.c.finished(false)
	}
	return n
}

// skipBody throws away what the handler did not read, so that the next request can
// be found behind it.
func (ex *exchange) skipBody() {
	if !ex.body.done && ex.reusable() {
		n, _ := ex.body.skip(ex.c.s.Buffered())
		ex.c.s.Discard(n)
		if !ex.body.done && ex.reusable() {
			ex.c.uncork()
			return // arrived goes on
		}
	}
	ex.c.finished(ex.reusable())
}

func (ex *exchange) reusable() bool {
	return ex.keep && !ex.w.close && !ex.body.close && !ex.c.last && !ex.c.shut
}

// clientGone cancels the handler. err is io.EOF or what broke the connection.
func (ex *exchange) clientGone(err error) {
	cause := ErrClientGone
	switch {
	case errors.Is(err, ErrServerClosed):
		cause = err
	case err != io.EOF:
		cause = errors.Join(ErrClientGone, err)
	}
	ex.body.wake()
	switch {
	case ex.over:
		ex.c.finished(false)
	case ex.co != nil:
		ex.co.Cancel(cause)
	}
}
