package http1

import (
	"errors"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/zonda-go/zonda/loop"
)

// A stdCall is one request that is answered on a goroutine. The goroutine keeps
// what is written until it is much, and asks the coroutine that waits for it, by
// one stdOp at a time, to do what only the loop can do.
type stdCall struct {
	// Immutable.
	l   *loop.Loop
	h   http.Handler
	req *http.Request

	// Owned by the loop.
	next *loop.Promise[stdOp]

	// Owned by the goroutine; by the loop while it serves an op.
	header http.Header
	status int
	buf    []byte
	reply  chan stdReply
	begun  bool // status and header are with the loop
}

// A stdOp is what the goroutine asks for.
type stdOp struct {
	do  func(w *ResponseWriter, r *Request) (int, error) // nil: the handler has ended
	err error                                            // how
}

type stdReply struct {
	n   int
	err error
}

// serve does what the goroutine asks until it has ended.
func (c *stdCall) serve(co *loop.Co, w *ResponseWriter, r *Request) error {
	for {
		op, err := loop.Await(co, c.next.Future())
		if err != nil {
			return err
		}
		if op.do == nil {
			if op.err == nil {
				_, op.err = c.write(w)
			}
			return op.err
		}
		c.next = loop.NewPromise[stdOp](c.l)
		n, err := op.do(w, r)
		c.reply <- stdReply{n, err}
	}
}

// ask has the loop do something, and waits for that.
func (c *stdCall) ask(do func(w *ResponseWriter, r *Request) (int, error)) (int, error) {
	if c.reply == nil {
		c.reply = make(chan stdReply, 1)
	}
	if err := c.tell(stdOp{do: do}); err != nil {
		return 0, err
	}
	select {
	case r := <-c.reply:
		return r.n, r.err
	case <-c.l.Closed():
		return 0, loop.ErrClosed
	}
}

func (c *stdCall) tell(op stdOp) error {
	return c.l.Post(func() { c.next.Set(op) })
}

// write moves what the goroutine has collected into the response. It runs on the
// loop.
func (c *stdCall) write(w *ResponseWriter) (int, error) {
	if !c.begun {
		c.begun = true
		if c.status != 0 {
			w.SetStatus(c.status)
		}
		copyHeader(w.Header(), c.header, c.buf)
	}
	if len(c.buf) == 0 {
		return 0, nil
	}
	n, err := w.Write(c.buf)
	c.buf = c.buf[:0]
	return n, err
}

// copyHeader makes h of a map. A body without a type gets one by its first bytes,
// as with net/http.
func copyHeader(h *Header, m http.Header, body []byte) {
	for name, values := range m {
		for _, v := range values {
			h.Add(name, v)
		}
	}
	if _, ok := m["Content-Type"]; !ok && len(body) > 0 && m.Get("Content-Encoding") == "" {
		h.Add("Content-Type", http.DetectContentType(body))
	}
}

// run calls the handler: the edge where user code is called on a goroutine.
func (c *stdCall) run() {
	err := loop.ErrGoexit
	defer func() {
		v := recover()
		switch e, _ := v.(error); {
		case v == nil:
		case errors.Is(e, http.ErrAbortHandler):
			err = errAborted
		default:
			err = &loop.PanicError{Where: "handler", Value: v, Stack: debug.Stack()}
		}
		_ = c.tell(stdOp{err: err}) // a closed loop has no use for it
	}()
	c.h.ServeHTTP((*stdWriter)(c), c.req)
	err = nil
}

// stdWriter is a stdCall as the handler's http.ResponseWriter.
type stdWriter stdCall

var (
	_ http.ResponseWriter = (*stdWriter)(nil)
	_ http.Flusher        = (*stdWriter)(nil)
	_ io.StringWriter     = (*stdWriter)(nil)
)

func (w *stdWriter) Header() http.Header { return w.header }

func (w *stdWriter) WriteHeader(status int) {
	if w.status == 0 && status >= 200 {
		w.status = status
	}
}

func (w *stdWriter) Write(p []byte) (int, error) { return stdWrite(w, p) }

func (w *stdWriter) WriteString(p string) (int, error) { return stdWrite(w, p) }

func stdWrite[T string | []byte](w *stdWriter, p T) (int, error) {
	w.WriteHeader(http.StatusOK)
	w.buf = append(w.buf, p...)
	if len(w.buf) < bodyBuffer {
		return len(p), nil
	}
	c := (*stdCall)(w)
	_, err := c.ask(func(w *ResponseWriter, _ *Request) (int, error) { return c.write(w) })
	if err != nil {
		return 0, err
	}
	return len(p), nil
}

func (w *stdWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController's Flush calls.
func (w *stdWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	c := (*stdCall)(w)
	_, err := c.ask(func(w *ResponseWriter, _ *Request) (int, error) {
		if _, err := c.write(w); err != nil {
			return 0, err
		}
		return 0, w.Flush()
	})
	return err
}

// stdBody is the request's body for the goroutine.
type stdBody struct{ c *stdCall }

func (b *stdBody) Read(p []byte) (int, error) {
	return b.c.ask(func(_ *ResponseWriter, r *Request) (int, error) { return r.Body.Read(p) })
}

func (b *stdBody) Close() error { return nil }
