package http1

import (
	"fmt"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is a response on the wire: its head, and its body's framing.

// appendBegin appends the head if that was not done before. whole: the body is in
// buf.
func (w *ResponseWriter) appendBegin(b []byte, whole bool) ([]byte, error) {
	if w.begun {
		return b, nil
	}
	if err := w.measure(); err != nil {
		return b, err
	}
	switch {
	case w.ex.req.Method == "CONNECT" && w.Status() < 300:
		return b, errNoTunnel
	case w.written > 0 && !httpwire.HasContent(w.Status()):
		return b, ErrNoBody // the status came after the body
	case w.length >= 0 && w.written > w.length:
		return b, ErrContentLength // so did the field
	}
	if err := checkFields(w.header.lines); err != nil {
		return b, err
	}
	if err := checkTrailer(w.trailer()); err != nil {
		return b, err
	}
	w.begun = true
	return w.appendHead(b, whole), nil
}

// checkFields finds a field that would not be one on the wire.
func checkFields(lines []Field) error {
	for i := range lines {
		f := &lines[i]
		if !httpwire.ValidFieldName(f.Name) || !httpwire.ValidFieldValue(f.Value) {
			return fmt.Errorf("%w: %q: %q", ErrBadField, f.Name, f.Value)
		}
	}
	return nil
}

func (w *ResponseWriter) appendHead(b []byte, whole bool) []byte {
	b = httpwire.AppendStatusLine(b, w.Status())
	dated := w.ex.rare != nil && w.ex.rare.undated
	for i := range w.header.lines {
		f := &w.header.lines[i]
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
	return httpwire.AppendHeadEnd(w.appendConnection(b, whole))
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
	case whole && (len(w.trailer()) == 0 && !w.ex.trails() || w.ex.req.Minor == 0):
		return httpwire.AppendContentLength(b, w.written)
	case w.ex.req.Minor == 0:
		// HTTP/1.0 knows no chunks: the end of the connection ends the body.
		w.close, w.unframed = true, !w.head
		return b
	}
	w.chunked = true
	return w.appendTrailerNames(httpwire.AppendField(b, "Transfer-Encoding", "chunked"))
}

// appendConnection says whether the connection goes on (RFC 9112, 9.3 and 9.6).
func (w *ResponseWriter) appendConnection(b []byte, whole bool) []byte {
	ex := w.ex
	switch {
	case !ex.reusable(), whole && ex.body.left > maxSkip:
		w.close = true
	case ex.body.expect:
		w.close = true // a client that was not told to send its body may or may not
	case ex.c.s.EOF() && len(ex.c.s.Buffered()) == 0:
		w.close = true // there will be no further request
	case ex.req.Minor == 0:
		return httpwire.AppendField(b, "Connection", "keep-alive")
	}
	if w.close {
		b = httpwire.AppendField(b, "Connection", "close")
	}
	return b
}

// appendBody appends what was collected, and p, in the response's framing.
func (w *ResponseWriter) appendBody(b, p []byte) []byte {
	switch n := len(w.buf) + len(p); {
	case w.head, n == 0:
		return b
	case !w.chunked:
		return append(append(b, w.buf...), p...)
	default:
		b = httpwire.AppendChunkSize(b, n)
		b = append(append(b, w.buf...), p...)
		return append(b, "\r\n"...)
	}
}
