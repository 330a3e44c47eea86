package http1

import (
	"fmt"
	"io"
	"strconv"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

const (
	// bodyBuffer is how much of a response is collected before it is begun: a
	// response that fits gets a Content-Length, a longer one goes out in chunks.
	bodyBuffer = 8 << 10
	// maxPiece is how much of a long Write is given to the stream at a time, so
	// that what waits for a slow client stays little.
	maxPiece = 64 << 10
)

// A ResponseWriter makes the response to one request. It belongs to the loop. It
// must not be used after the handler has returned; writing then gives an error.
//
// Set header fields and status first; the response begins when more than 8 KiB
// have been written, at Flush, or when the handler returns.
type ResponseWriter struct {
	ex       *exchange
	header   Header
	room     [4]Field // of header: most responses need no more
	buf      []byte   // of the body, not sent yet
	status   int
	length   int64 // the declared Content-Length; -1: none
	written  int64 // bytes of the body, sent or not
	head     bool  // the request was HEAD: the body is counted and not sent
	begun    bool  // the head is made, and cannot change any more
	sent     bool  // and has been given to the stream, before the handler returned
	chunked  bool
	unframed bool // the end of the connection ends the body
	close    bool // the connection ends with this response
}

var (
	_ io.Writer       = (*ResponseWriter)(nil)
	_ io.StringWriter = (*ResponseWriter)(nil)
)

// Header is the response's header. Date, Content-Length, Transfer-Encoding and
// Connection are added as needed; Date and Content-Length only if they are not
// there. A field with a line break or another control byte in its value makes the
// response a 500.
func (w *ResponseWriter) Header() *Header {
	if w.header.fields == nil {
		w.header.fields = w.room[:0:len(w.room)]
	}
	return &w.header
}

// SetStatus sets the status code, 200 to 999. Default: 200. Once the response has
// begun it does nothing.
func (w *ResponseWriter) SetStatus(code int) {
	if code < 200 || code > 999 {
		panic("http1: SetStatus with status " + strconv.Itoa(code))
	}
	if !w.begun {
		w.status = code
	}
}

// Status is the status code.
func (w *ResponseWriter) Status() int {
	if w.status == 0 {
		return 200
	}
	return w.status
}

// Begun reports whether the response's head has been sent.
func (w *ResponseWriter) Begun() bool { return w.sent }

// Write appends to the body. It waits when the client is slow to take what was
// written before; the error is then as Await's, or tells how the connection broke.
func (w *ResponseWriter) Write(p []byte) (int, error) {
	if err := w.admit(len(p)); err != nil {
		return 0, err
	}
	if w.fits(len(p)) {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	return w.pushAll(p)
}

// WriteString is Write for a string.
func (w *ResponseWriter) WriteString(p string) (int, error) {
	if err := w.admit(len(p)); err != nil {
		return 0, err
	}
	if w.fits(len(p)) {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	return w.pushAll([]byte(p))
}

// fits reports whether n more bytes can be collected, and makes room for them.
func (w *ResponseWriter) fits(n int) bool {
	if len(w.buf)+n > bodyBuffer {
		return false
	}
	if w.buf == nil {
		w.buf = w.ex.c.sv.buffer()
	}
	return true
}

// Flush sends what has been written so far, and waits if the client is slow to take
// it.
func (w *ResponseWriter) Flush() error {
	if w.ex.over {
		return errOver
	}
	return w.push(nil)
}

// admit counts n more bytes of the body, if they may come.
func (w *ResponseWriter) admit(n int) error {
	if w.ex.over {
		return errOver
	}
	if !httpwire.HasContent(w.Status()) {
		return ErrNoBody
	}
	if err := w.measure(); err != nil {
		return err
	}
	if w.length >= 0 && w.written+int64(n) > w.length {
		return ErrContentLength
	}
	w.written += int64(n)
	return nil
}

// measure reads the Content-Length that the handler has set, as long as it may
// still set one.
func (w *ResponseWriter) measure() error {
	if w.begun {
		return nil
	}
	w.length = -1
	v := w.header.Get("Content-Length")
	if v == "" {
		return nil
	}
	n, err := strconv.ParseUint(v, 10, 63)
	if err != nil {
		return fmt.Errorf("%w: Content-Length %q", ErrBadField, v)
	}
	w.length = int64(n)
	return nil
}

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
func (w *ResponseWriter) wait() error {
	c := w.ex.c
	co := c.sv.l.Current()
	if co == nil {
		panic("http1: ResponseWriter used outside a coroutine")
	}
	f := c.s.Writable()
	_, err := loop.Await(co, f)
	if err != nil && !f.Done() && c.s.EOF() && !c.gone() {
		// The client has closed its half of the connection, which has cancelled the
		// coroutine; but it may well be reading still.
		err = loop.Shield(co, 0, func(co *loop.Co) error {
			_, err := loop.Await(co, f)
			return err
		})
	}
	return err
}

// finish sends the rest of the response. An error means that the client cannot be
// given a whole one.
func (w *ResponseWriter) finish() error {
	c := w.ex.c
	if c.gone() {
		return nil
	}
	b, err := w.appendBegin(c.sv.scratch[:0], true)
	if err == nil && w.length > w.written && !w.head && httpwire.HasContent(w.Status()) {
		err = fmt.Errorf("%w: %d of %d bytes", ErrContentLength, w.written, w.length)
	}
	if err != nil {
		return w.complain(err)
	}
	b = w.appendBody(b, nil)
	if w.chunked && !w.head {
		b = httpwire.AppendLastChunk(b)
	}
	c.send(b)
	c.sv.scratch = keep(b)
	return nil
}

// complain logs a mistake of the handler. If nothing is sent yet, the client gets a
// 500 for it.
func (w *ResponseWriter) complain(err error) error {
	w.ex.logFailure(err)
	if w.sent {
		return err
	}
	w.replace(500)
	return w.finish()
}

// replace makes the response a plain error response.
func (w *ResponseWriter) replace(status int) {
	w.release()
	*w = ResponseWriter{ex: w.ex, head: w.head, status: status, length: -1}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.WriteString(strconv.Itoa(status) + " " + httpwire.StatusText(status) + "\n") // it fits
}

func (w *ResponseWriter) release() {
	if w.buf != nil {
		w.ex.c.sv.giveBack(w.buf)
		w.buf = nil
	}
}

// keep is a scratch buffer for the next response, unless it has become very large.
func keep(b []byte) []byte {
	if cap(b) > 1<<20 {
		return nil
	}
	return b[:0]
}
