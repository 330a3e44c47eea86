package http1

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

var errBegun = errors.New("http1: ResponseWriter.Error after the response has begun")

// Error makes the response a plain text, like net/http's function of that name: unlike
// an HTTPError it keeps the header, but for the fields that described what would have
// been sent instead (RFC 9110, 15.4 to 15.6). A handler may end with
//
//	return w.Error(404, "no such page")
//
// status is 200 to 999; an empty text becomes the status with its name. What has been
// written and not sent is dropped. If the response has begun there is an error, and the
// handler should return that: the connection then breaks off. Other errors are Write's.
func (w *ResponseWriter) Error(status int, text string) error {
	if w.begun {
		return errBegun
	}
	w.buf, w.written = w.buf[:0], 0
	h := w.Header()
	for _, name := range []string{"Content-Length", "Content-Encoding", "ETag", "Last-Modified", "Cache-Control", "Accept-Ranges"} {
		h.Del(name)
	}
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("X-Content-Type-Options", "nosniff")
	w.SetStatus(status)
	if text == "" {
		text = strings.TrimSpace(strconv.Itoa(status) + " " + httpwire.StatusText(status))
	}
	_, err := w.WriteString(text + "\n")
	return err
}

// Redirect sends the client to another URL, by the rules of http.Redirect: a target
// without a scheme is relative to the request's path, and a short page is for clients
// that do not follow. code is 300 to 399 (RFC 9110, 15.4). What users enter should not
// become the target: it may lead anywhere.
func (w *ResponseWriter) Redirect(r *Request, target string, code int) error {
	if code < 300 || code > 399 {
		panic(fmt.Sprintf("http1: Redirect with status %d", code))
	}
	var at url.URL
	if err := parseTarget(&at, r); err != nil {
		return &HTTPError{Status: 400, Err: err}
	}
	to := &recorder{w: w, header: http.Header{}}
	if v := w.Header().Get("Content-Type"); v != "" {
		to.header.Set("Content-Type", v)
	}
	http.Redirect(to, &http.Request{Method: r.Method, URL: &at}, target, code)
	return to.err
}

// A recorder is a ResponseWriter for functions of net/http that answer at once.
type recorder struct {
	w      *ResponseWriter
	header http.Header
	err    error
}

func (t *recorder) Header() http.Header { return t.header }

func (t *recorder) WriteHeader(status int) {
	t.w.SetStatus(status)
	for _, name := range []string{"Location", "Content-Type"} {
		if v := t.header.Get(name); v != "" {
			t.w.Header().Set(name, v)
		}
	}
}

func (t *recorder) Write(p []byte) (n int, err error) {
	n, err = t.w.Write(p)
	t.err = err
	return n, err
}
