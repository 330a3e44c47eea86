package http1

import (
	"net/http"
	"net/textproto"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// This file is trailers (RFC 9110, 6.5) as net/http has them.

// A stdTail is a response's trailers.
type stdTail struct {
	declared []string // by the field Trailer
	fields   []Field
}

// declare notes which trailers the handler has announced.
func (w *stdWriter) declare() {
	if w.trails = len(w.header["Trailer"]) > 0; w.trails {
		w.tail = &stdTail{declared: trailerNames(w.header)}
	}
	for name := range w.header {
		w.trails = w.trails || strings.HasPrefix(name, http.TrailerPrefix)
	}
}

// tell gives the exchange what few have. It belongs to the loop, which may be reading the
// body meanwhile.
func (w *stdWriter) tell() {
	if !w.trails && !w.undated && w.tail == nil {
		return
	}
	x := w.c.ex.seldom()
	x.trails, x.undated = w.trails, w.undated
	if w.tail != nil {
		for _, f := range w.tail.fields {
			x.sent.Add(f.Name, f.Value)
		}
	}
}

// keepTrailers is called when the handler has ended: the values are those of now.
func (w *stdWriter) keepTrailers() {
	if !w.begun && !w.trails {
		return // nor is the body chunked
	}
	tail := w.tail
	if tail == nil {
		tail = &stdTail{}
	}
	for name, values := range w.header {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && httpwire.ValidTrailerName(name) {
			for _, v := range values {
				tail.fields = append(tail.fields, Field{name, v})
			}
		}
	}
	for _, name := range tail.declared {
		for _, v := range w.header[name] {
			tail.fields = append(tail.fields, Field{name, v})
		}
	}
	if len(tail.fields) > 0 {
		w.tail = tail
	}
}

// trails reports whether trailers may follow, so that the body must be chunked.
func (ex *exchange) trails() bool { return ex.rare != nil && ex.rare.trails && ex.req.Minor > 0 }

// announced is the trailers that the client has announced, without values yet.
func announced(h http.Header) http.Header {
	var t http.Header
	for _, name := range trailerNames(h) {
		if t == nil {
			t = make(http.Header)
		}
		t[name] = nil
	}
	delete(h, "Trailer")
	return t
}

// trailerNames is what the field Trailer lists, as far as it may be one (RFC 9110, 6.6.2).
func trailerNames(h http.Header) (names []string) {
	for _, list := range h["Trailer"] {
		for name := range strings.SplitSeq(list, ",") {
			if name = http.CanonicalHeaderKey(textproto.TrimString(name)); httpwire.ValidTrailerName(name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// takeTrailers puts what has come into the request, when its body has been read.
func (c *stdCall) takeTrailers() {
	came := c.body.came
	c.body.came = nil
	if len(came) > 0 && c.req.Trailer == nil {
		c.req.Trailer = make(http.Header)
	}
	for _, f := range came {
		name := http.CanonicalHeaderKey(f.Name)
		c.req.Trailer[name] = append(c.req.Trailer[name], f.Value)
	}
}
