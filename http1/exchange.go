package http1

import (
	"context"
	"errors"
	"io"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// An exchange is a request and its response: the coroutine's job, and all that they
// need, in one piece of memory. It belongs to the loop.
//
//	handler runs ──Ended──► over ──body is read or skipped──► the next request
//	    │                    └─────not reusable─────────────► closed
//	    └──Hijack──► taken ──Ended──► over; the stream lives on
type exchange struct {
	c       *conn
	co      *loop.Co // nil if the handler was not started
	req     Request
	w       ResponseWriter
	body    Body
	rare    *rare  // nil: nothing of it
	born    uint32 // when it came, see service.stamp
	keep    bool   // the client lets the connection persist
	upgrade bool   // the client would switch to another protocol
	taken   bool   // the handler has taken the connection away
	over    bool   // the handler has ended, and the response is with the stream
}

// errOver is what a request's body and response give to those who kept them.
var errOver = errors.New("http1: used after the handler has returned")

// ended is what those get who use the exchange after its end.
func (ex *exchange) ended() error {
	switch {
	case ex.taken:
		return ErrHijacked
	case ex.over:
		return errOver
	}
	return nil
}

// newExchange sets field by field what is not zero: to put whole structs into memory that
// the collector may be looking at costs more.
func newExchange(c *conn, head []byte, p *httpwire.Request) *exchange {
	ex := &exchange{c: c, born: c.sv.stamp(), keep: p.KeepAlive, upgrade: p.Upgrade}
	ex.req.fill(head, p)
	ex.req.Body = &ex.body
	ex.req.RemoteAddr = c.s.RemoteAddr()
	b := &ex.body
	b.ex, b.framing, b.left, b.limit = ex, p.Framing, p.Length, c.sv.maxBody
	b.expect, b.done = p.Expect100, p.Framing == httpwire.NoBody
	if p.Framing == httpwire.Chunked {
		b.chunks = &httpwire.Chunks{}
	}
	ex.w.ex, ex.w.head, ex.w.length = ex, ex.req.Method == "HEAD", -1
	return ex
}

// Run is the coroutine.
func (ex *exchange) Run(co *loop.Co) error {
	return ex.c.sv.srv.Handler.Serve(co, &ex.w, &ex.req)
}

// Waits has the answers before this one go out, which is not to be had at once.
func (ex *exchange) Waits() {
	if ex.c.ex == ex {
		ex.c.uncork()
	}
}

// Ended sends what the handler left to send.
func (ex *exchange) Ended(err error) {
	if x := ex.rare; x != nil {
		x.timer.Stop()
		if x.release != nil {
			defer x.release()
		}
	}
	if ex.taken {
		ex.w.release()
		ex.over = true
		ex.log()
		ex.leave(err)
		return
	}
	if err != nil {
		err = ex.failed(err)
	}
	if err == nil {
		err = ex.w.finish()
	}
	ex.w.release()
	ex.over = true
	ex.log()
	ex.body.wake()
	switch {
	case err == nil:
		ex.skipBody()
	case ex.w.unframed:
		// After an orderly end the client would take a part for the whole.
		ex.c.abort()
	default:
		ex.c.close()
	}
}

// failed decides how a handler's error is answered: with an error response, by
// closing (then it returns an error), or not at all.
func (ex *exchange) failed(err error) error {
	status := statusOf(err)
	var panicked *loop.PanicError
	var he *HTTPError
	switch {
	case errors.As(err, &panicked):
		ex.logFailure(err, "stack", string(panicked.Stack))
	case ex.pointless(err), errors.Is(err, errAborted):
		return err
	case status == 0, status >= 500 && errors.As(err, &he) && he.Err != nil:
		ex.logFailure(err)
	}
	if ex.w.sent {
		return err
	}
	if status == 0 {
		status = 500
	}
	ex.w.replace(status)
	return nil
}

// pointless reports whether err comes of nobody being there any more to be
// answered: the client has left, or the server or its loop is closing.
func (ex *exchange) pointless(err error) bool {
	switch {
	case ex.c.gone():
		return true
	case errors.Is(err, ErrRequestTimeout):
		return false
	}
	return ex.co != nil && ex.co.Err() != nil &&
		(errors.Is(err, context.Canceled) || errors.Is(err, ErrClientGone) || errors.Is(err, loop.ErrClosed))
}

func (ex *exchange) logFailure(err error, more ...any) {
	args := append([]any{"method", ex.req.Method, "target", ex.req.Target, "error", err}, more...)
	ex.c.sv.log.Error("zonda: handler failed", args...)
}

// skipBody throws away what the handler did not read, so that the next request can
// be found behind it.
func (ex *exchange) skipBody() {
	c := ex.c
	if (!ex.body.done || ex.body.ready > 0) && ex.reusable() {
		c.s.Discard(ex.body.skip(c.s.Buffered()))
	}
	switch {
	case !ex.reusable():
		c.close()
	case ex.body.done:
		c.ex = nil
		c.resume()
	default:
		c.uncork() // arrived goes on
		ex.seldom().body.begin(c.sv.clock())
	}
}

// arrived hears of bytes behind the request's head, and says how many it takes.
func (ex *exchange) arrived(p []byte) int {
	if !ex.over {
		ex.body.wake()
		return 0
	}
	n, now := ex.body.skip(p), ex.c.sv.clock()
	ex.rare.body.end(now)
	ex.rare.body.begin(now)
	switch {
	case !ex.reusable():
		ex.c.close()
	case ex.body.done:
		ex.c.ex = nil // and the next head is taken from what follows
	}
	return n
}

// reusable reports whether another request may follow this one, as far as is known
// yet.
func (ex *exchange) reusable() bool {
	return ex.keep && !ex.w.close && !ex.body.close && !ex.c.sv.draining && !ex.c.gone()
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
		ex.c.close() // the rest of the body will not come
	case ex.co != nil:
		ex.outlive()
		ex.co.Cancel(cause)
	}
}

// outlives reports whether Shutdown waits for the handler itself.
func (ex *exchange) outlives() bool { return ex.rare != nil && ex.rare.release != nil }

// outlive has Shutdown wait for the handler, although its connection may end first.
func (ex *exchange) outlive() {
	if ex.outlives() {
		return
	}
	sv := ex.c.sv
	end := sv.srv.conns.Hold()
	sv.outlive[ex] = struct{}{}
	ex.seldom().release = func() {
		delete(sv.outlive, ex)
		end()
	}
}
