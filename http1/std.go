package http1

import (
	"errors"
	"net/http"
	"net/url"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// Std makes an unmodified net/http handler a Handler. Each request runs on an
// ordinary goroutine, which may block as it likes; goroutines are reused, and there
// is no limit to their number. The request's context is cancelled when the client
// leaves or the server is closed.
//
// The http.ResponseWriter is an http.Flusher and works with
// http.ResponseController's Flush. The request may be read while the response is
// written. Not there yet: http.Hijacker, deadlines, trailers, informational
// responses (they are not sent), and the values that net/http puts into the
// request's context.
func Std(h http.Handler) Handler { return stdHandler{h} }

type stdHandler struct{ h http.Handler }

// errAborted is what http.ErrAbortHandler becomes.
var errAborted = errors.New("http1: the handler aborted the response")

// Serve hands the request to a goroutine and waits until that has ended.
func (h stdHandler) Serve(co *loop.Co, w *ResponseWriter, r *Request) error {
	u, err := stdURL(r)
	if err != nil {
		return &HTTPError{Status: 400, Err: err}
	}
	l := co.Loop()
	c := &stdCall{
		l:     l,
		h:     h.h,
		ended: loop.NewPromise[error](l),
		w:     stdWriter{to: w, header: make(http.Header), length: -1},
	}
	c.w.c = c
	c.req = stdRequest(r, u).WithContext(co)
	if r.Body.framing != httpwire.NoBody {
		c.req.Body = &stdBody{c: c, from: r.Body}
	}
	workers := &w.ex.c.sv.workers
	worker := workers.get(l)
	worker.calls <- c
	if err, open := c.wait(co); open {
		workers.put(worker, errors.Is(err, loop.ErrGoexit))
		if err == nil && len(c.w.buf) > 0 {
			_, err = w.Write(c.w.buf)
		}
		return err
	}
	return loop.ErrClosed // the goroutine is left to itself
}

// wait waits for the handler's end. The goroutine cannot be cancelled, only asked to
// end; until it has ended, its request is under way. open is false if the loop was
// closed first.
func (c *stdCall) wait(co *loop.Co) (err error, open bool) {
	end, err := loop.Await(co, c.ended.Future())
	if err != nil {
		err = loop.Shield(co, 0, func(co *loop.Co) (err error) {
			end, err = loop.Await(co, c.ended.Future())
			return err
		})
	}
	return end, err == nil
}

// stdRequest is r as net/http would have made it.
func stdRequest(r *Request, u *url.URL) *http.Request {
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
		Close:         !r.Body.ex.keep,
	}
	if r.Minor == 0 {
		req.Proto = "HTTP/1.0"
	}
	if r.ContentLength < 0 {
		req.TransferEncoding = []string{"chunked"}
	}
	return req
}

func stdURL(r *Request) (*url.URL, error) {
	if r.Method == "CONNECT" {
		return &url.URL{Host: r.Target}, nil
	}
	return url.ParseRequestURI(r.Target)
}

// stdHeader is h as a map, without what net/http keeps in other places.
func stdHeader(h *Header) http.Header {
	m := make(http.Header, h.Len())
	values := make([]string, h.Len()) // one piece of memory for all
	for i := range values {
		f := h.at(i)
		name := http.CanonicalHeaderKey(f.Name)
		if name == "Host" || name == "Transfer-Encoding" {
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
