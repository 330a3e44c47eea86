package main

import (
	"io"
	"io/fs"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// routes is the site as native handlers: a map by path, which is all the router that
// this needs.
type routes map[string]route

// A route is a handler and the methods that it takes.
type route struct {
	methods string // with blanks between; "": any
	handle  http1.HandlerFunc
}

// newRoutes is the whole site.
func newRoutes(files fs.FS, conns func() int) routes {
	static := &http1.Files{FS: files, Prefix: "/static/"}
	return routes{
		"/":            {"GET HEAD", hello},
		"/echo":        {"", echo},
		"/inspect":     {"", inspect},
		"/stream":      {"GET HEAD", pieces},
		"/big":         {"GET HEAD", big},
		"/sleep":       {"GET HEAD", sleep},
		"/sse":         {"GET HEAD", events},
		"/static/":     {"GET HEAD", static.Serve},
		"/gzip":        {"GET HEAD", zipped},
		"/etag":        {"GET HEAD", tagged},
		"/cookies/set": {"GET HEAD", setCookies},
		"/cookies":     {"GET HEAD", cookies},
		"/status/":     {"GET HEAD", status},
		"/redirect":    {"GET HEAD", redirect},
		"/form":        {"POST", readForm},
		"/auth":        {"GET HEAD", auth},
		"/ws":          {"GET", socket},
		"/panic":       {"GET HEAD", func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { panic("as asked") }},
		"/page": {"GET HEAD", func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			return static.ServeName(co, w, r, "page.html")
		}},
		"/mem": {"GET HEAD", func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error { return sendJSON(w, memory(conns())) }},
	}
}

// Serve finds the route. Two of them have something behind their path.
func (rs routes) Serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	path := r.Path()
	for _, prefix := range [...]string{"/static/", "/status/"} {
		if strings.HasPrefix(path, prefix) {
			path = prefix
		}
	}
	to, ok := rs[path]
	switch {
	case !ok:
		return w.Error(404, "")
	case to.methods != "" && !strings.Contains(" "+to.methods+" ", " "+r.Method+" "):
		w.Header().Set("Allow", strings.ReplaceAll(to.methods, " ", ", "))
		return w.Error(405, "")
	}
	return to.handle(co, w, r)
}

// plain is a short text as the answer.
func plain(w *http1.ResponseWriter, text string) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.WriteString(text)
	return err
}

func hello(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	return plain(w, "Hello, World!")
}

func echo(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return err // 413, if it was too large
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		kind = "application/octet-stream"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Set("X-Method", r.Method)
	h.Set("X-Body-Length", strconv.Itoa(len(body)))
	_, err = w.Write(body)
	return err
}

func sleep(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	ms := query(r, "ms", 0, 3_600_000)
	if err := loop.Sleep(co, time.Duration(ms)*time.Millisecond); err != nil {
		return err // the client has left, or the server is closing
	}
	return plain(w, "slept "+strconv.Itoa(ms)+"\n")
}

func status(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	code, err := strconv.Atoi(strings.TrimPrefix(r.Path(), "/status/"))
	if err != nil || code < 200 || code > 999 {
		return w.Error(400, "no such status")
	}
	w.SetStatus(code)
	if code == http.StatusNoContent || code == http.StatusNotModified {
		return nil
	}
	return plain(w, "status "+strconv.Itoa(code)+"\n")
}

func auth(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	if user, pass, ok := r.BasicAuth(); !ok || !secret(user, pass) {
		w.Header().Set("WWW-Authenticate", `Basic realm="zonda"`)
		return w.Error(401, "who are you?")
	}
	return plain(w, "welcome\n")
}
