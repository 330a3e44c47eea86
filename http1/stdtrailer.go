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
	w.trails = len(w.header["Trailer"]) > 0
	w.declared = trailerNames(w.header)
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
	for _, f := range w.tail {
		x.sent.Add(f.Name, f.Value)
	}
}

// keepTrailers is called when the handler has ended: the values are those of now.
func (w *stdWriter) keepTrailers() {
	if !w.begun && !w.trails {
		return // nor is the body chunked
	}
	for name, values := range w.header {
		if name, ok := strings.CutPrefix(name, http.TrailerPrefix); ok && httpwire.ValidTrailerName(name) {
			for _, v := range values {
				w.tail = append(w.tail, Field{name, v})
			}
		}
	}
	for _, name := range w.declared {
		for _, v := range w.header[name] {
			w.tail = append(w.tail, Field{name, v})
		}
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
