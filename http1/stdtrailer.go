package http1

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is trailers (RFC 9110, 6.5) as net/http has them.

// declare notes which trailers the handler has announced.
func (w *stdWriter) declare() {
	for _, list := range w.header["Trailer"] {
		w.trails = true
		for name := range strings.SplitSeq(list, ",") {
			name = http.CanonicalHeaderKey(textproto.TrimString(name))
			if httpwire.ValidTrailerName(name) {
				w.declared = append(w.declared, name)
			}
		}
	}
	for name := range w.header {
		w.trails = w.trails || strings.HasPrefix(name, http.TrailerPrefix)
	}
	if w.trails {
		w.c.ex.seldom().trails = true
	}
}

// keepTrailers is called when the handler has ended: the values are those of now.
func (w *stdWriter) keepTrailers() {
	if !w.begun && !w.trails {
		return // nor is the body chunked
	}
	var fields []Field
	for name, values := range w.header {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && httpwire.ValidTrailerName(name) {
			for _, v := range values {
				fields = append(fields, Field{name, v})
			}
		}
	}
	for _, name := range w.declared {
		for _, v := range w.header[name] {
			fields = append(fields, Field{name, v})
		}
	}
	if len(fields) > 0 {
		w.c.ex.seldom().sends = fields
	}
}

// appendLast ends a chunked body, with the trailers if there are any.
func (w *ResponseWriter) appendLast(b []byte) []byte {
	if w.ex.rare == nil || len(w.ex.rare.sends) == 0 {
		return httpwire.AppendLastChunk(b)
	}
	b = httpwire.AppendTrailers(b)
	for _, f := range w.ex.rare.sends {
		if httpwire.ValidFieldValue(f.Value) {
			b = httpwire.AppendField(b, f.Name, f.Value)
		}
	}
	return httpwire.AppendHeadEnd(b)
}

// trails reports whether trailers may follow, so that the body must be chunked.
func (ex *exchange) trails() bool { return ex.rare != nil && ex.rare.trails && ex.req.Minor > 0 }

// announced is the trailers that the client has announced, without values yet.
func announced(h http.Header) http.Header {
	var t http.Header
	for _, list := range h["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			if name = http.CanonicalHeaderKey(textproto.TrimString(name)); httpwire.ValidTrailerName(name) {
				if t == nil {
					t = make(http.Header)
				}
				t[name] = nil
			}
		}
	}
	delete(h, "Trailer")
	return t
}

// keepTrailer notes a trailer of the request that Next has found in buf.
func (b *Body) keepTrailer(buf []byte) {
	if f, ok := b.chunks.Trailer(); ok {
		x := b.ex.seldom()
		x.came = append(x.came, Field{string(f.Name.Of(buf)), string(f.Value.Of(buf))})
	}
}

// takeTrailers puts what has come into the request, when its body has been read.
func (c *stdCall) takeTrailers() {
	if c.ex.rare == nil {
		return
	}
	came := c.ex.rare.came
	c.ex.rare.came = nil
	if len(came) > 0 && c.req.Trailer == nil {
		c.req.Trailer = make(http.Header)
	}
	for _, f := range came {
		name := http.CanonicalHeaderKey(f.Name)
		c.req.Trailer[name] = append(c.req.Trailer[name], f.Value)
	}
}
