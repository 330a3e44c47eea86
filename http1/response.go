package http1

import (
	"fmt"
	"io"
	"strconv"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// bodyBuffer is how much of a response is collected before it is begun: a response
// that fits gets a Content-Length, a longer one goes out in chunks.
const bodyBuffer = 8 << 10

// A ResponseWriter makes the response to one request. It belongs to the loop. It
// must not be used after the handler has returned; writing then gives an error.
//
// Set header fields and status first; the response begins when more than 8 KiB
// have been written, at Flush, or when the handler returns.
type ResponseWriter struct {
	ex       *exchange
	header   Header
	room     [3]Field // of header: most responses need no more
	buf      []byte   // of the body, not sent yet
	coding   *coding  // encodes the body; nil: nobody does
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
	if w.header.lines == nil {
		w.header.lines = w.room[:0:len(w.room)]
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
	if err := w.admit(int64(len(p))); err != nil {
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
	if err := w.admit(int64(len(p))); err != nil {
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
		w.buf = w.ex.c.sv.buffers.take()
	}
	return true
}

// Flush sends what has been written so far, and waits if the client is slow to take
// it.
func (w *ResponseWriter) Flush() error {
	if err := w.ex.ended(); err != nil {
		return err
	}
	return w.push(nil)
}

// admit counts n more bytes of the body, if they may come.
func (w *ResponseWriter) admit(n int64) error {
	if err := w.ex.ended(); err != nil {
		return err
	}
	if n > 0 && !httpwire.HasContent(w.Status()) {
		return ErrNoBody
	}
	if err := w.measure(); err != nil {
		return err
	}
	if w.length >= 0 && w.written+n > w.length {
		return ErrContentLength
	}
	w.written += n
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
