package http1

import (
	"cmp"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A stdWriter is a ResponseWriter as a net/http handler sees it. It belongs to the
// handler's goroutine, and with it the ResponseWriter's header and status, which
// the loop does not look at before the goroutine asks for it.
type stdWriter struct {
	c       *stdCall
	to      *ResponseWriter
	header  http.Header
	buf     []byte // not with the loop yet
	length  int64  // the declared Content-Length; -1: none
	written int64
	wrote   bool // WriteHeader was called: the header is with the loop
	typed   bool // it has a Content-Type, or the body needs none
}

var (
	_ http.ResponseWriter = (*stdWriter)(nil)
	_ http.Flusher        = (*stdWriter)(nil)
	_ io.StringWriter     = (*stdWriter)(nil)
)

// Header is made when it is asked for.
func (w *stdWriter) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader fixes status and header: as with net/http, what the handler changes
// afterwards is not sent.
func (w *stdWriter) WriteHeader(status int) {
	if status < 100 || status > 999 {
		panic(fmt.Sprintf("http1: invalid WriteHeader code %v", status))
	}
	if w.wrote || status < 200 {
		return
	}
	w.wrote = true
	w.to.SetStatus(status)
	h := w.to.Header()
	for name, values := range w.header {
		for _, v := range values {
			h.Add(name, v)
		}
	}
	slices.SortStableFunc(h.lines, func(a, b Field) int { return cmp.Compare(a.Name, b.Name) })
	_, w.typed = w.header["Content-Type"]
	w.typed = w.typed || w.header.Get("Content-Encoding") != ""
	if v := w.header.Get("Content-Length"); v != "" {
		if n, err := strconv.ParseUint(v, 10, 63); err == nil {
			w.length = int64(n)
		}
	}
}

// begin completes the header before the first bytes of the body go to the loop: a
// body without a type gets one by these.
func (w *stdWriter) begin(body []byte) {
	w.WriteHeader(http.StatusOK)
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
	w.WriteHeader(http.StatusOK)
	switch {
	case n > 0 && !httpwire.HasContent(w.to.status):
		return false, http.ErrBodyNotAllowed
	case w.length >= 0 && w.written+int64(n) > w.length:
		return false, http.ErrContentLength
	}
	w.written += int64(n)
	return len(w.buf)+n <= bodyBuffer, nil
}

// send has the loop write what was collected, and p.
func (w *stdWriter) send(p []byte, flush bool) error {
	if len(w.buf) > 0 {
		w.begin(w.buf)
	} else {
		w.begin(p)
	}
	buf := w.buf
	w.buf = w.buf[:0]
	return w.c.ask(nil, func() error {
		_, err := w.to.Write(buf)
		if err == nil {
			_, err = w.to.Write(p)
		}
		if err == nil && flush {
			err = w.to.Flush()
		}
		return err
	})
}

func (w *stdWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController's Flush calls.
func (w *stdWriter) FlushError() error { return w.send(nil, true) }

// EnableFullDuplex is what http.ResponseController's calls. It is always so.
func (w *stdWriter) EnableFullDuplex() error { return nil }
