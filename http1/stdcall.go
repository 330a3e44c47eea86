package http1

import (
	"errors"
	"io"
	"net/http"
	"runtime/debug"

	"github.com/zonda-go/zonda/loop"
)

// A stdCall is one request that is answered on a goroutine. For what only the loop
// can do, the goroutine posts a stdOp and waits for it. Several may be under way:
// handlers may read the body and write the response in two goroutines.
type stdCall struct {
	// Immutable.
	l     *loop.Loop
	h     http.Handler
	req   *http.Request
	ended *loop.Promise[error] // fulfilled when the handler has ended

	// Owned by the goroutine; by the loop while that serves an op of w, and
	// afterwards.
	w stdWriter
}

// A stdOp is a coroutine's job that a goroutine waits for.
type stdOp struct {
	do   func() error
	done chan error
}

func (o *stdOp) Run(*loop.Co) error { return o.do() }
func (o *stdOp) Ended(err error)    { o.done <- err }

// ask has the loop do something, and waits for that.
func (c *stdCall) ask(do func() error) error {
	op := &stdOp{do, make(chan error, 1)}
	if err := c.l.Post(func() { loop.SpawnJob(c.l, op) }); err != nil {
		return err
	}
	select {
	case err := <-op.done:
		return err
	case <-c.l.Closed():
		return loop.ErrClosed
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
		_ = c.ended.Post(err, nil) // a closed loop has no use for it
	}()
	c.h.ServeHTTP(&c.w, c.req)
	c.w.begin(c.w.buf)
	err = nil
}

// stdBody is the request's body for goroutines: for one at a time.
type stdBody struct {
	c    *stdCall
	from *Body
	eof  bool
}

// Read has the loop read into p. The end is told with the last bytes, which saves
// asking for it.
func (b *stdBody) Read(p []byte) (n int, err error) {
	if b.eof {
		return 0, io.EOF
	}
	var got int
	err = b.c.ask(func() (err error) {
		got, err = b.from.Read(p)
		if err == nil && b.from.done && b.from.ready == 0 {
			err = io.EOF
		}
		return err
	})
	switch err {
	case io.EOF:
		b.eof = true
	case errOver:
		err = http.ErrBodyReadAfterClose
	}
	return got, err
}

func (b *stdBody) Close() error { return nil }
