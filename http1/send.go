package http1

import (
	"fmt"
	"strconv"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// This file is a response on its way to the stream: in pieces while the handler
// runs, and the rest when it has ended.

const (
	// maxPiece is how much of a long Write is given to the stream at a time, so
	// that what waits for a slow client stays little.
	maxPiece = 64 << 10
	// maxScratch bounds the buffer that is kept for the next response.
	maxScratch = 1 << 20
)

// pushAll sends what was collected, and p.
func (w *ResponseWriter) pushAll(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		piece := p[n:min(len(p), n+maxPiece)]
		err = w.push(piece)
		n += len(piece)
	}
	return n, err
}

// push begins the response if need be, and sends what was collected, and p.
func (w *ResponseWriter) push(p []byte) error {
	c := w.ex.c
	if w.coding != nil {
		var err error
		if p, err = w.coding.piece(w, p); err != nil {
			return err
		}
	}
	b, err := w.appendBegin(c.sv.scratch[:0], false)
	if err != nil {
		return err
	}
	b = w.appendBody(b, p)
	w.buf = w.buf[:0]
	w.sent = true
	c.uncork()
	c.s.Write(b)
	c.sv.scratch = keep(b)
	return w.wait()
}

// wait waits until the client has taken most of what was written.
func (w *ResponseWriter) wait() error { return outlast(w.ex.c, w.ex.c.s.Writable()) }

// outlast waits for a future of the connection's stream.
func outlast[T any](c *conn, f *loop.Future[T]) error {
	co := c.sv.l.Current()
	if co == nil {
		panic("http1: ResponseWriter used outside a coroutine")
	}
	_, err := loop.Await(co, f)
	if err != nil && !f.Done() && c.s.EOF() && !c.gone() {
		// The client has closed its half of the connection, which has cancelled the
		// coroutine; but it may well be reading still.
		err = loop.Shield(co, 0, func(co *loop.Co) error {
			_, err := loop.Await(co, f)
			return err
		})
	}
	c.lost = err != nil && f.Done()
	return err
}

// finish sends the rest of the response. An error means that the client cannot be
// given a whole one.
func (w *ResponseWriter) finish() error {
	c := w.ex.c
	if c.gone() {
		return nil
	}
	var rest []byte
	if w.coding != nil {
		var err error
		if rest, err = w.coding.last(w); err != nil {
			return w.complain(err)
		}
	}
	b, err := w.appendBegin(c.room(len(w.buf)+len(rest)), true)
	if err == nil && w.length > w.written && !w.head && httpwire.HasContent(w.Status()) {
		err = fmt.Errorf("%w: %d of %d bytes", ErrContentLength, w.written, w.length)
	}
	if err == nil && w.chunked {
		err = checkTrailer(w.trailer())
	}
	if err != nil {
		return w.complain(err)
	}
	b = w.appendBody(b, rest)
	if w.chunked && !w.head {
		b = w.appendEnd(b)
	}
	c.send(b)
	return nil
}

// complain answers for a response that cannot be sent as the handler made it: by the
// error's status, or with 500 for a mistake, which is logged.
func (w *ResponseWriter) complain(err error) error {
	status := statusOf(err)
	if status == 0 {
		w.ex.logFailure(err)
		status = 500
	}
	if w.sent {
		return err
	}
	w.replace(status)
	return w.finish()
}

// replace makes the response a plain error response.
func (w *ResponseWriter) replace(status int) {
	w.release()
	if w.ex.rare != nil {
		w.ex.rare.sent = Header{}
	}
	*w = ResponseWriter{ex: w.ex, head: w.head, status: status, length: -1}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.WriteString(strconv.Itoa(status) + " " + httpwire.StatusText(status) + "\n") // it fits
}

func (w *ResponseWriter) release() {
	w.coding.release()
	w.ex.req.form.release()
	w.ex.req.form = nil
	if w.buf != nil {
		w.ex.c.sv.buffers.give(w.buf)
		w.buf = nil
	}
}

// keep is a scratch buffer for the next response, unless it has become very large.
func keep(b []byte) []byte {
	if cap(b) > maxScratch {
		return nil
	}
	return b[:0]
}
