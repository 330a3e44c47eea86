package http1

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A stdWriter is a ResponseWriter as a net/http handler sees it. It belongs to the
// handler's goroutine, and with it the ResponseWriter's header and status, which
// the loop does not look at before the goroutine asks for it.
type stdWriter struct {
	c        *stdCall
	to       *ResponseWriter
	header   http.Header
	buf      []byte // not with the loop yet
	length   int64  // the declared Content-Length; -1: none
	written  int64
	wrote    bool     // WriteHeader was called: the header is with the loop
	typed    bool     // it has a Content-Type, or the body needs none
	hijacked bool     // the connection is the handler's
	begun    bool     // some of the body is with the loop
	trails   bool     // trailers may follow the body
	undated  bool     // the response gets no Date
	tail     *stdTail // nil: no trailers
}

var (
	_ http.ResponseWriter = (*stdWriter)(nil)
	_ http.Flusher        = (*stdWriter)(nil)
	_ http.Hijacker       = (*stdWriter)(nil)
	_ io.StringWriter     = (*stdWriter)(nil)
	_ io.ReaderFrom       = (*stdWriter)(nil)
)

// Header is made when it is asked for.
func (w *stdWriter) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader fixes status and header: as with net/http, what the handler changes
// afterwards is not sent. An informational status is sent at once, and the response is
// still to come.
func (w *stdWriter) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("http1: invalid WriteHeader code %v", status))
	case w.hijacked:
		w.complain("zonda: WriteHeader on a hijacked connection")
	case w.wrote:
		w.complain("zonda: superfluous WriteHeader")
	case status < 200 && status != http.StatusSwitchingProtocols:
		w.inform(status)
	default:
		w.fix(status)
	}
}

// complain logs a mistake and where it was made: the first caller outside of this
// package and net/http.
func (w *stdWriter) complain(what string) {
	var pcs [16]uintptr
	frames := runtime.CallersFrames(pcs[:runtime.Callers(3, pcs[:])])
	f, more := frames.Next()
	for more && (strings.HasPrefix(f.Function, "net/http.") || strings.Contains(f.Function, ".(*stdWriter).")) {
		f, more = frames.Next()
	}
	r := &w.c.ex.req
	w.c.ex.c.sv.log.Warn(what, "caller", fmt.Sprintf("%s:%d", f.File, f.Line), "method", r.Method, "target", r.Target)
}

// fix hands status and header over.
func (w *stdWriter) fix(status int) {
	w.wrote = true
	w.to.status = status // 101 too, which Hijack sends
	w.copyFields(w.to.Header())
	_, w.typed = w.header["Content-Type"]
	w.typed = w.typed || w.header.Get("Content-Encoding") != "" || w.header.Get("Transfer-Encoding") != ""
	if v := w.header.Get("Content-Length"); v != "" {
		if n, err := strconv.ParseUint(v, 10, 63); err == nil {
			w.length = int64(n)
		} else {
			w.complain("zonda: invalid Content-Length dropped")
			w.to.Header().Del("Content-Length")
		}
	}
	if v, ok := w.header["Date"]; ok && len(v) == 0 {
		w.undated = true
	}
	if status == http.StatusNotModified {
		w.to.Header().Del("Content-Type")
	}
	w.declare()
}

// copyFields puts the fields into h, sorted.
func (w *stdWriter) copyFields(h *Header) {
	begin := len(h.lines)
	for name, values := range w.header {
		if strings.HasPrefix(name, http.TrailerPrefix) {
			continue
		}
		for _, v := range values {
			h.Add(name, v)
		}
	}
	slices.SortStableFunc(h.lines[begin:], func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
}

// inform sends an informational response (RFC 9110, 15.2) with the fields that are set
// so far.
func (w *stdWriter) inform(status int) {
	var h Header
	w.copyFields(&h)
	_ = w.c.ask(none, func() error { return w.to.Inform(status, h.lines...) })
}

// begin completes the header before the first bytes of the body go to the loop: a
// body without a type gets one by these.
func (w *stdWriter) begin(body []byte) {
	if !w.wrote {
		w.fix(http.StatusOK)
	}
	if !w.typed && len(body) > 0 {
		w.to.Header().Add("Content-Type", http.DetectContentType(body))
	}
	w.typed = true
}

func (w *stdWriter) Write(p []byte) (int, error) {
	collected, err := w.admit(len(p))
	switch {
	case err != nil:
		return 0, err
	case collected:
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	return len(p), w.send(p, false)
}

func (w *stdWriter) WriteString(p string) (int, error) {
	collected, err := w.admit(len(p))
	switch {
	case err != nil:
		return 0, err
	case collected:
		w.buf = append(w.buf, p...)
		return len(p), nil
	}
	return len(p), w.send([]byte(p), false)
}

// admit counts n more bytes, and reports whether they can be collected.
func (w *stdWriter) admit(n int) (collected bool, err error) {
	if w.hijacked {
		return false, http.ErrHijacked
	}
	if !w.wrote {
		w.fix(http.StatusOK)
	}
	switch {
	case n > 0 && !httpwire.HasContent(w.to.status):
		return false, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(n) > w.length:
		return false, http.ErrContentLength
	}
	w.written += int64(n)
	return len(w.buf)+n <= bodyBuffer, nil
}
