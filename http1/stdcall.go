package http1

import (
	"errors"
	"net/http"
	"net/url"
	"os"
	"runtime/debug"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// A stdCall is one request that a net/http handler answers, with all that it needs in
// one piece of memory. Several of its operations may be under way: handlers may read
// the body and write the response in two goroutines.
type stdCall struct {
	// Immutable.
	h      *stdHandler
	ex     *exchange
	l      *loop.Loop
	ended  *loop.Promise[error] // for who waits in a coroutine; nil: nobody does
	onLoop bool

	// Owned by the handler.
	req  http.Request
	url  url.URL
	ctx  stdContext
	body stdBody

	// Owned by the handler; by the loop while that serves an operation of it, and
	// afterwards.
	w   stdWriter
	err error

	// Owned by the loop.
	deadlines *stdDeadlines // nil: nothing was asked of the loop that has one
}

// newStdCall is the loop's part of the preparation; call does the rest.
func newStdCall(h *stdHandler, co *loop.Co, w *ResponseWriter, r *Request) *stdCall {
	w.ex.c.meetStd()
	c := &stdCall{h: h, ex: w.ex, l: co.Loop()}
	c.ctx = stdContext{co, c}
	c.w.c, c.w.to, c.w.length = c, w, -1
	c.body.c, c.body.from = c, r.Body
	return c
}

// run is the goroutine's part.
func (c *stdCall) run() {
	c.err = loop.ErrGoexit
	c.call()
}

// finish is called on the loop when the handler has ended.
func (c *stdCall) finish() {
	err := c.outcome()
	if c.ended != nil {
		c.ended.Set(err)
		return
	}
	co := c.ex.co
	c.ex.Ended(err)
	co.Cancel(nil)
}

// outcome gives the loop what the handler has left to send.
func (c *stdCall) outcome() error {
	if d := c.deadlines; d != nil {
		d[reading].timer.Stop()
		d[writing].timer.Stop()
		switch {
		case c.w.hijacked:
		case d[writing].passed:
			c.ex.c.abort()
		case d[reading].passed:
			c.ex.body.close = true // nobody knows what comes next
		}
	}
	if c.err == nil {
		c.w.tell()
	}
	if c.err == nil && len(c.w.buf) > 0 && !c.w.hijacked {
		_, c.err = c.w.to.Write(c.w.buf)
	}
	return c.err
}

// call calls the handler: the edge where user code is called.
func (c *stdCall) call() {
	if err := c.fillRequest(); err != nil {
		c.err = &HTTPError{Status: 400, Err: err}
		return
	}
	defer func() {
		v := recover()
		switch e, _ := v.(error); {
		case v == nil:
		case errors.Is(e, http.ErrAbortHandler):
			c.err = errAborted
		default:
			c.err = &loop.PanicError{Where: "handler", Value: v, Stack: debug.Stack()}
		}
	}()
	c.h.h.ServeHTTP(&c.w, &c.req)
	if c.w.to.status == http.StatusSwitchingProtocols && !c.w.hijacked {
		c.err = errNotTaken
		return
	}
	if !c.w.hijacked {
		c.w.begin(c.w.buf)
		c.w.keepTrailers()
	}
	c.err = nil
}

// A stdOp is a coroutine's job that a goroutine waits for.
type stdOp struct {
	do   func() error
	by   *stdDeadline // nil: it has none
	next *stdOp       // among those that by ends
	co   *loop.Co
	done chan error
	told *loop.Promise[error] // instead of done, for who waits in a coroutine
}

func (o *stdOp) Run(*loop.Co) error {
	if o.by != nil && o.by.passed {
		return os.ErrDeadlineExceeded
	}
	return o.do()
}

func (o *stdOp) Ended(err error) {
	if o.by != nil {
		err = o.by.leave(o, err)
	}
	if o.told != nil {
		o.told.Set(err)
		return
	}
	o.done <- err
}

// ask has the loop do something in a coroutine, with a deadline if by is one, and waits for
// that.
func (c *stdCall) ask(by whose, do func() error) error {
	if c.onLoop {
		return c.doInline(by, do)
	}
	op := &stdOp{do: do, done: make(chan error, 1)}
	err := c.l.Post(func() {
		if by != none {
			op.by = c.deadline(by)
			op.by.enter(op)
		}
		op.co = loop.SpawnJob(c.l, op)
	})
	if err != nil {
		return err
	}
	select {
	case err := <-op.done:
		return err
	case <-c.l.Closed():
		return loop.ErrClosed
	}
}

// doInline is ask for a handler that has the loop. Its coroutine cannot be cancelled for
// a deadline's sake and go on, so what has a deadline gets one of its own.
func (c *stdCall) doInline(by whose, do func() error) error {
	if by == none || c.deadlines == nil {
		return do()
	}
	d := c.deadline(by)
	switch {
	case d.passed:
		return os.ErrDeadlineExceeded
	case !d.timer.Pending():
		return do()
	}
	co := c.l.Current()
	if co == nil {
		panic("http1: a net/http handler on the loop used outside its coroutine")
	}
	op := &stdOp{do: do, by: d, told: loop.NewPromise[error](c.l)}
	d.enter(op)
	if op.co = loop.SpawnJob(co, op); op.co == nil {
		return d.leave(op, loop.ErrClosed)
	}
	var end error
	err := loop.Shield(co, 0, func(co *loop.Co) (err error) { // op is cancelled with the handler
		end, err = loop.Await(co, op.told.Future())
		return err
	})
	if err != nil {
		return err // the loop is being closed
	}
	return end
}

// fillRequest makes the request as net/http would have made it.
func (c *stdCall) fillRequest() error {
	r := &c.ex.req
	if err := parseTarget(&c.url, r); err != nil {
		return err
	}
	// WithContext is the only way to give a request a context; what it copies here are
	// the zeros of a request that never gets to the heap.
	c.req = *(&http.Request{}).WithContext(&c.ctx)
	req := &c.req
	req.Method = r.Method
	req.URL = &c.url
	req.Proto, req.ProtoMajor, req.ProtoMinor = "HTTP/1.1", 1, r.Minor
	req.Header = stdHeader(&r.Header)
	req.Body = http.NoBody
	req.ContentLength = r.ContentLength
	req.Host = r.Host
	req.RemoteAddr = stdAddr(r.RemoteAddr)
	req.TLS = c.ex.c.std.tls
	req.RequestURI = r.Target
	req.Close = !c.ex.keep
	if r.Minor == 0 {
		req.Proto = "HTTP/1.0"
	}
	if r.ContentLength < 0 {
		req.TransferEncoding = []string{"chunked"}
		req.Trailer = announced(req.Header)
	}
	if r.Body.framing != httpwire.NoBody {
		req.Body = &c.body
	}
	return nil
}
