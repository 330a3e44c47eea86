package http1

import (
	"errors"
	"net/http"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// StdOptions say how StdWith runs a handler. The zero value is what Std does.
type StdOptions struct {
	// OnLoop runs the handler in the request's coroutine instead of on a goroutine of
	// its own, which is cheaper. The rule for such a handler: it waits for nothing but
	// reads of r.Body and writes to w, and gives neither to another goroutine. While it
	// waits for anything else, or computes, every connection of the loop waits with it.
	// Default: goroutines, which may block.
	OnLoop bool
	// MaxGoroutines bounds how many requests are answered at the same time on each loop
	// of the server; the others wait in order. Default: no limit, as with net/http.
	MaxGoroutines int
}

// Std makes an unmodified net/http handler a Handler. Each request runs on an
// ordinary goroutine, which may block as it likes; goroutines are reused, and there
// is no limit to their number. The request's context is cancelled when the client
// leaves or the server is closed, and when the handler has returned.
func Std(h http.Handler) Handler { return StdWith(h, StdOptions{}) }

// StdWith is Std with options.
func StdWith(h http.Handler, o StdOptions) Handler { return &stdHandler{h, o} }

type stdHandler struct {
	h http.Handler
	o StdOptions
}

// errAborted is what http.ErrAbortHandler becomes.
var errAborted = errors.New("http1: the handler aborted the response")

// start begins to answer: in a coroutine, or, if the server's own handler is Std's, on a
// goroutine, without a coroutine that would only wait for it. It says how much it takes of
// rest, which has come behind the head.
func (ex *exchange) start(rest []byte) (taken int) {
	sv := ex.c.sv
	parent := loop.Parent(sv.l)
	if d := sv.srv.RequestTimeout; d > 0 {
		x := ex.seldom()
		x.limit, x.lift = loop.Limit(sv.l, d, ErrRequestTimeout)
		parent = x.limit
	}
	if sv.std == nil {
		ex.co = loop.SpawnJob(parent, ex)
		return 0
	}
	ex.body.lift()
	if err := ex.body.announced(); err != nil {
		ex.Ended(err) // the handler could not ask for more
		return 0
	}
	ex.co = loop.Scope(parent)
	c := newStdCall(sv.std, ex.co, &ex.w, &ex.req)
	if ex.body.framing == httpwire.Chunked && len(rest) > 0 {
		// What has come of it can be decoded when the head is out of the way.
		sv.l.Call(func() {
			c.body.prefetch()
			sv.workers.add(c)
		})
		return 0
	}
	if ex.body.framing == httpwire.Length {
		taken = c.body.seize(rest)
	}
	sv.workers.add(c)
	return taken
}

// Serve is what a handler calls that is wrapped around Std's: it hands the request to a
// goroutine, and waits until that has ended.
func (h *stdHandler) Serve(co *loop.Co, w *ResponseWriter, r *Request) error {
	r.Body.lift()
	if err := r.Body.announced(); err != nil {
		return err
	}
	c := newStdCall(h, co, w, r)
	c.body.prefetch()
	if h.o.OnLoop {
		c.onLoop = true
		c.call()
		return c.outcome()
	}
	c.ended = loop.NewPromise[error](co.Loop())
	w.ex.c.sv.workers.add(c)
	return c.wait(co)
}

// wait waits for the handler's end. The goroutine cannot be cancelled, only asked to
// end; until it has ended, its request is under way.
func (c *stdCall) wait(co *loop.Co) error {
	end, err := loop.Await(co, c.ended.Future())
	if err != nil {
		err = loop.Shield(co, 0, func(co *loop.Co) (err error) {
			end, err = loop.Await(co, c.ended.Future())
			return err
		})
	}
	if err != nil {
		return loop.ErrClosed // the goroutine is left to itself
	}
	return end
}
