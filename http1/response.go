package http1

import (
	"fmt"
	"io"
	"strconv"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// bodyBuffer is how much of a response is collected before it is begun: a response
// that fits gets a Content-Length, a longer one goes out in chunks.
const bodyBuffer = 8 << 10

// A ResponseWriter makes the response to one request. It belongs to the loop. Its
// methods must not be used after the handler has returned.
//
// Set header fields and status first; the response begins when more than 8 KiB
// have been written, at Flush, or when the handler returns.
type ResponseWriter struct {
	ex      *exchange
	header  Header
	room    [4]Field
	buf     []byte // of the body, not sent yet
	status  int
	length  int64 // the declared Content-Length; -1: none
	written int64
	head    bool // the request was HEAD: the body is counted and not sent
	begun   bool // the head is made, and cannot change any more
	sent    bool // and at least some of it has been written
	chunked bool
	close   bool // the connection ends with this response
}

var (
	_ io.Writer       = (*ResponseWriter)(nil)
	_ io.StringWriter = (*ResponseWriter)(nil)
)

// Header is the response's header. Date, Content-Length, Transfer-Encoding and
// Connection are added as needed; Date and Content-Length only if they are not
// there.
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
	w.status = code
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
// written before; the error is then as Await's.
func (w *ResponseWriter) Write(p []byte) (int, error) {
	if err := w.admit(len(p)); err != nil {
		return 0, err
	}
	if w.fits(len(p)) {
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	return len(p), w.push(p)
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
	return len(p), w.push([]byte(p))
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

// Flush sends what has been written so far, and waits until the client has taken
// most of it.
func (w *ResponseWriter) Flush() error { return w.push(nil) }

// admit counts n more bytes of the body, if they may come.
func (w *ResponseWriter) admit(n int) error {
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

// push begins the response if need be, and sends what was collected, and p.
func (w *ResponseWriter) push(p []byte) error {
	sv := w.ex.c.sv
	b, err := w.appendBegin(sv.scratch[:0], false)
	if err != nil {
		return err
	}
	b = w.appendBody(b, p)
	w.buf = w.buf[:0]
	w.sent = true
	w.ex.c.uncork()
	w.ex.c.s.Write(b)
	sv.scratch = keep(b)
	_, err = loop.Await(sv.l.Current(), w.ex.c.s.Writable())
	return err
}

// appendBegin appends the head if it was not sent before. whole: the body is in buf.
func (w *ResponseWriter) appendBegin(b []byte, whole bool) ([]byte, error) {
	if w.begun {
		return b, nil
	}
	if err := w.measure(); err != nil {
		return b, err
	}
	return w.appendHead(b, whole)
}

// appendBody appends what was collected, and p, in the response's framing.
func (w *ResponseWriter) appendBody(b, p []byte) []byte {
	if w.head {
		return b
	}
	if !w.chunked {
		return append(append(b, w.buf...), p...)
	}
	if n := len(w.buf) + len(p); n > 0 {
		b = httpwire.AppendChunkSize(b, n)
		b = append(append(b, w.buf...), p...)
		b = append(b, "\r\n"...)
	}
	return b
}

// finish sends the rest of the response. An error means that the client cannot be
// given a whole one.
func (w *ResponseWriter) finish() error {
	c := w.ex.c
	if c.shut {
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
	if httpwire.HasContent(status) {
		_, _ = w.WriteString(strconv.Itoa(status) + " " + httpwire.StatusText(status) + "\n") // it fits
	}
}

// appendHead begins the response. whole: the body is in buf.
func (w *ResponseWriter) appendHead(b []byte, whole bool) ([]byte, error) {
	for _, f := range w.header.fields {
		if !httpwire.ValidFieldName(f.Name) || !httpwire.ValidFieldValue(f.Value) {
			return nil, fmt.Errorf("%w: %q: %q", ErrBadField, f.Name, f.Value)
		}
	}
	w.begun = true
	b = httpwire.AppendStatusLine(b, w.Status())
	dated := false
	for _, f := range w.header.fields {
		switch {
		case httpwire.EqualFold(f.Name, "Content-Length"), httpwire.EqualFold(f.Name, "Transfer-Encoding"):
			continue // framing is ours
		case httpwire.EqualFold(f.Name, "Date"):
			dated = true
		case httpwire.EqualFold(f.Name, "Connection"):
			w.close = w.close || httpwire.HasToken(f.Value, "close")
			continue
		}
		b = httpwire.AppendField(b, f.Name, f.Value)
	}
	if !dated {
		b = httpwire.AppendField(b, "Date", w.ex.c.sv.dateNow())
	}
	b = w.appendFraming(b, whole)
	return httpwire.AppendHeadEnd(w.appendConnection(b)), nil
}

// appendFraming says where the body ends (RFC 9112, 6).
func (w *ResponseWriter) appendFraming(b []byte, whole bool) []byte {
	switch {
	case !httpwire.HasContent(w.Status()):
		return b
	case w.length >= 0:
		return httpwire.AppendContentLength(b, w.length)
	case whole && w.head && w.written == 0:
		return b // a handler need not know what GET would have given
	case whole:
		return httpwire.AppendContentLength(b, w.written)
	case w.ex.req.Minor == 0:
		w.close = true // HTTP/1.0 knows no chunks: the end of the connection ends it
		return b
	}
	w.chunked = true
	return httpwire.AppendField(b, "Transfer-Encoding", "chunked")
}

// appendConnection says whether the connection goes on (RFC 9112, 9.3).
func (w *ResponseWriter) appendConnection(b []byte) []byte {
	ex := w.ex
	switch {
	case !ex.keep || w.close || ex.c.last || ex.c.sv.draining || ex.body.close || ex.body.expect && !ex.body.done:
		w.close = true
		return httpwire.AppendField(b, "Connection", "close")
	case ex.req.Minor == 0:
		return httpwire.AppendField(b, "Connection", "keep-alive")
	}
	return b
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
