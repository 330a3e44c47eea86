package http1

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/zonda-go/zonda/loop"
)

// Std makes an unmodified net/http handler a Handler. Each request runs on an
// ordinary goroutine, which may block as it likes; goroutines are reused, and there
// is no limit to their number. The request's context is cancelled when the client
// leaves or the server is closed.
//
// The http.ResponseWriter is an http.Flusher and works with
// http.ResponseController's Flush. It is not an http.Hijacker yet, and deadlines
// cannot be set through it.
func Std(h http.Handler) Handler { return stdHandler{h} }

type stdHandler struct{ h http.Handler }

// errAborted is what http.ErrAbortHandler becomes.
var errAborted = errors.New("http1: the handler aborted the response")

// Serve hands the request to a goroutine and does for it what only the loop can.
func (h stdHandler) Serve(co *loop.Co, w *ResponseWriter, r *Request) error {
	req, err := stdRequest(co, r)
	if err != nil {
		return &HTTPError{Status: 400, Err: err}
	}
	c := &stdCall{l: co.Loop(), h: h.h, header: make(http.Header)}
	if r.Body.framing != 0 {
		req.Body = &stdBody{c: c}
	}
	c.req = req
	c.next = loop.NewPromise[stdOp](c.l)
	workers := &w.ex.c.sv.workers
	worker := workers.get(c.l)
	worker.calls <- c
	// The goroutine cannot be cancelled, only asked to end; until it has ended, its
	// request is under way.
	err = loop.Shield(co, 0, func(co *loop.Co) error { return c.serve(co, w, r) })
	if errors.Is(err, loop.ErrClosed) {
		return err // the goroutine is left to itself
	}
	workers.put(worker)
	return err
}

// stdRequest is r as net/http would have made it.
func stdRequest(co *loop.Co, r *Request) (*http.Request, error) {
	u, err := stdURL(r)
	if err != nil {
		return nil, err
	}
	req := &http.Request{
		Method:        r.Method,
		URL:           u,
		Proto:         "HTTP/1.1",
		ProtoMajor:    1,
		ProtoMinor:    r.Minor,
		Header:        stdHeader(&r.Header),
		Body:          http.NoBody,
		ContentLength: r.ContentLength,
		Host:          r.Host,
		RemoteAddr:    r.RemoteAddr.String(),
		RequestURI:    r.Target,
	}
	if r.Minor == 0 {
		req.Proto = "HTTP/1.0"
	}
	if r.ContentLength < 0 {
		req.TransferEncoding = []string{"chunked"}
	}
	return req.WithContext(co), nil
}

func stdURL(r *Request) (*url.URL, error) {
	if r.Method == "CONNECT" {
		return &url.URL{Host: r.Target}, nil
	}
	return url.ParseRequestURI(r.Target)
}

// stdHeader is h as a map. Host is not in it, as with net/http.
func stdHeader(h *Header) http.Header {
	m := make(http.Header, len(h.fields))
	values := make([]string, len(h.fields)) // one piece of memory for all
	for i, f := range h.fields {
		name := http.CanonicalHeaderKey(f.Name)
		if name == "Host" {
			continue
		}
		if old, ok := m[name]; ok {
			m[name] = append(old, f.Value)
			continue
		}
		values[i] = f.Value
		m[name] = values[i : i+1 : i+1]
	}
	return m
}
