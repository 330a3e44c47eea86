package http1

import (
	"cmp"
	"compress/gzip"
	"io"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// An Encoder encodes what is written to it, and writes that to where Reset has said.
// *gzip.Writer is one, and so are the writers of other packages for Brotli and
// Zstandard. An encoder belongs to one response at a time, on one loop.
type Encoder interface {
	io.WriteCloser
	// Flush writes what has been held back, so that a decoder can have all that was
	// written by now.
	Flush() error
	// Reset makes it as new, to write to w.
	Reset(w io.Writer)
}

// An Encoding is a content coding that Compress may use.
type Encoding struct {
	// Name is what the coding is called in Accept-Encoding: "br".
	Name string
	// New makes an encoder. It is called on the loop; the result is Reset before it is
	// used, and used again.
	New func() Encoder
}

// CompressOptions are the options of Compress. The zero value is a good choice.
type CompressOptions struct {
	// Encodings are what is offered, the one to be preferred first. Default: gzip.
	Encodings []Encoding
	// Level is the default encoding's, as in package gzip. Default:
	// gzip.DefaultCompression.
	Level int
	// MinSize is from how many bytes on a body is compressed. Those whose size is not
	// known when they begin are. Default: 1024; negative: 0.
	MinSize int64
	// Types says which media types gain by it. It is given the field Content-Type.
	// Default: text except for text/event-stream, JSON, XML, JavaScript, WebAssembly,
	// SVG and a few more. A response without the field is not compressed.
	Types func(contentType string) bool
	// Limit is how many responses of a loop may be in the middle of being compressed,
	// each with an encoder: of gzip that is about 800 KB. Further ones are sent as
	// they are. Default: 64.
	Limit int
}

// Compress is h with its responses compressed where the client accepts that (RFC 9110,
// 8.4.1 and 12.5.3). nil options are the defaults.
//
// Only the body's way to the client changes: handlers write, Flush and wait as before,
// and what is flushed can be decoded. Left alone are responses that have a
// Content-Encoding, parts (206), those without a body, and those that Cache-Control
// forbids to transform. Where the client's wish decided, Vary says so. A
// Content-Length is taken away, a strong entity tag becomes weak, and so does not
// match If-Match and If-Range any more.
//
// Do not compress pages that hold a secret beside something that others can choose,
// such as a token beside a search term: who sees the size of many of them learns the
// secret (the attack is known as BREACH).
//
// The work is done on the loop, 64 KiB at a time. Files that do not change are better
// compressed once: see Files.Precompressed.
func Compress(h Handler, o *CompressOptions) Handler {
	c := &compressor{h: h}
	if o != nil {
		c.CompressOptions = *o
	}
	if c.Encodings == nil {
		level := cmp.Or(c.Level, gzip.DefaultCompression)
		if _, err := gzip.NewWriterLevel(io.Discard, level); err != nil {
			panic("http1: Compress: " + err.Error())
		}
		c.Encodings = []Encoding{{"gzip", func() Encoder {
			w, _ := gzip.NewWriterLevel(io.Discard, level)
			return w
		}}}
	}
	if c.Types == nil {
		c.Types = gains
	}
	c.MinSize = cmp.Or(c.MinSize, 1024)
	c.Limit = cmp.Or(c.Limit, 64)
	for _, e := range c.Encodings {
		c.names = append(c.names, e.Name)
	}
	return c
}

// A compressor is the Handler that Compress makes. It is immutable.
type compressor struct {
	CompressOptions
	h     Handler
	names []string
}

func (c *compressor) Serve(co *loop.Co, w *ResponseWriter, r *Request) error {
	if w.coding == nil { // else another Compress is around this one
		w.coding = &coding{by: c, declared: -1}
	}
	return c.h.Serve(co, w, r)
}

// gains reports whether content of a type usually gets smaller. Streams of events do,
// but they last, and each would keep an encoder.
func gains(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	kind = strings.ToLower(strings.TrimSpace(kind))
	switch kind {
	case "text/event-stream":
		return false
	case "application/json", "application/javascript", "application/xml", "application/wasm",
		"application/x-javascript", "application/x-ndjson", "application/manifest+json",
		"application/vnd.ms-fontobject", "image/svg+xml", "image/bmp", "font/ttf", "font/otf":
		return true
	}
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "+json") || strings.HasSuffix(kind, "+xml")
}

// choose is the encoding for a response whose header is complete; nil: none. size is
// that of its body, -1 if nobody knows.
func (c *compressor) choose(w *ResponseWriter, size int64) *Encoding {
	h, status := w.Header(), w.Status()
	switch {
	case status == 304:
		h.vary("Accept-Encoding") // as the 200 would have had (RFC 9110, 15.4.5)
		return nil
	case !httpwire.HasContent(status), status == 206, h.Has("Content-Encoding"), h.Has("Content-Range"),
		size >= 0 && size < c.MinSize, !c.Types(h.Get("Content-Type")),
		h.lists("Cache-Control", "no-transform"): // RFC 9111, 5.2.2.6
		return nil
	}
	h.vary("Accept-Encoding")
	accepted := acceptedCodings(&w.ex.req, c.names)
	for i := range c.Encodings {
		if len(accepted) > 0 && c.Encodings[i].Name == accepted[0] {
			return &c.Encodings[i]
		}
	}
	return nil
}
