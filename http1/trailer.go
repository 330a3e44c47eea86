package http1

import (
	"fmt"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is what comes behind a body in chunks (RFC 9110, 6.5).

// Trailer is the fields that came behind a body in chunks, once Body has given io.EOF;
// until then, and for other bodies, it is empty. Those that concern framing, routing or
// the connection are refused. The others may be anything: what counts only in a header,
// such as credentials, must not be taken from here (RFC 9110, 6.5.1). Altogether they
// have 8 KiB at most.
func (r *Request) Trailer() *Header {
	if x := r.Body.ex.rare; x != nil {
		return &x.came
	}
	return &Header{}
}

// keepTrailer keeps the field that the body's decoder has just found in buf, if any.
func (b *Body) keepTrailer(buf []byte) {
	if f, ok := b.chunks.Trailer(); ok && !b.ex.over {
		name, value := f.Name.Of(buf), f.Value.Of(buf)
		b.ex.seldom().came.Add(string(name), string(value))
	}
}

// Trailer is fields that are sent behind the body: a checksum, or how it went. They may
// be set until the handler returns. Those that are set before the response begins are
// announced in its field Trailer, and make it go out in chunks; without any, a short
// response has a Content-Length instead, which leaves no place for them. They are not
// sent if the handler has set a Content-Length, to HTTP/1.0 and in answer to HEAD. On the
// way to the user they may be dropped.
//
// Fields that say how to treat the message must come before it: with one of them the
// response ends as with ErrBadField (RFC 9110, 6.5.1).
func (w *ResponseWriter) Trailer() *Header { return &w.ex.seldom().sent }

// trailer is the lines of Trailer.
func (w *ResponseWriter) trailer() []Field {
	if x := w.ex.rare; x != nil {
		return x.sent.lines
	}
	return nil
}

func checkTrailer(lines []Field) error {
	for _, f := range lines {
		if !httpwire.ValidTrailerName(f.Name) {
			return fmt.Errorf("%w: %q as a trailer", ErrBadField, f.Name)
		}
	}
	return checkFields(lines)
}

// appendTrailerNames announces the trailers that are known already.
func (w *ResponseWriter) appendTrailerNames(b []byte) []byte {
	lines := w.trailer()
	if len(lines) == 0 || w.header.Has("Trailer") {
		return b
	}
	names := ""
	for i, f := range lines {
		if (&Header{lines: lines[:i]}).Has(f.Name) {
			continue
		}
		if i > 0 {
			names += ", "
		}
		names += f.Name
	}
	return httpwire.AppendField(b, "Trailer", names)
}

// appendEnd ends a body in chunks.
func (w *ResponseWriter) appendEnd(b []byte) []byte {
	b = httpwire.AppendTrailers(b)
	for _, f := range w.trailer() {
		b = httpwire.AppendField(b, f.Name, f.Value)
	}
	return httpwire.AppendHeadEnd(b)
}
