package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strconv"
	"time"
)

// This file and those called std*.go are the same routes as an ordinary http.Handler,
// which knows nothing of zonda: net/http could serve it too.

// stdRoutes is the whole site. files is the folder with the static files.
func stdRoutes(files fs.FS, conns func() int) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{$}", stdHello)
	mux.HandleFunc("/echo", stdEcho)
	mux.HandleFunc("/inspect", stdInspect)
	mux.HandleFunc("GET /stream", stdStream)
	mux.HandleFunc("GET /big", stdBig)
	mux.HandleFunc("GET /sleep", stdSleep)
	mux.HandleFunc("GET /sse", stdSSE)
	mux.Handle("GET /static/", http.StripPrefix("/static/", http.FileServerFS(unlisted{files})))
	mux.HandleFunc("GET /gzip", stdGzip)
	mux.HandleFunc("GET /etag", stdETag)
	mux.HandleFunc("GET /cookies/set", stdSetCookies)
	mux.HandleFunc("GET /cookies", stdCookies)
	mux.HandleFunc("GET /status/{code}", stdStatus)
	mux.HandleFunc("GET /redirect", stdRedirect)
	mux.HandleFunc("POST /form", stdForm)
	mux.HandleFunc("GET /auth", stdAuth)
	mux.HandleFunc("GET /panic", func(http.ResponseWriter, *http.Request) { panic("as asked") })
	mux.HandleFunc("GET /page", func(w http.ResponseWriter, r *http.Request) { http.ServeFileFS(w, r, files, "page.html") })
	mux.HandleFunc("GET /mem", func(w http.ResponseWriter, _ *http.Request) { stdJSON(w, memory(conns())) })
	mux.HandleFunc("GET /ws", stdSocket)
	return mux
}

// stdNumber is a query's number between 0 and most; without it, or with something else,
// it is the default.
func stdNumber(r *http.Request, name string, def, most int) int {
	return number(r.URL.Query().Get(name), def, most)
}

func stdHello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "Hello, World!")
}

// stdBody reads the body whole, or answers why it cannot.
func stdBody(w http.ResponseWriter, r *http.Request) ([]byte, bool) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		http.Error(w, "body too large", http.StatusRequestEntityTooLarge)
	case errors.Is(err, os.ErrDeadlineExceeded):
		http.Error(w, "body too slow", http.StatusRequestTimeout)
	case err != nil:
		http.Error(w, "body broken off", http.StatusBadRequest)
	}
	return body, err == nil
}

func stdEcho(w http.ResponseWriter, r *http.Request) {
	body, ok := stdBody(w, r)
	if !ok {
		return
	}
	kind := r.Header.Get("Content-Type")
	if kind == "" {
		kind = "application/octet-stream"
	}
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.Header().Set("X-Method", r.Method)
	w.Header().Set("X-Body-Length", strconv.Itoa(len(body)))
	w.Write(body)
}

func stdStream(w http.ResponseWriter, r *http.Request) {
	n, ms := stdNumber(r, "n", 5, 100_000), stdNumber(r, "ms", 20, 60_000)
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	out := http.NewResponseController(w)
	for i := range n {
		if i > 0 && !stdPause(r, ms) {
			return
		}
		fmt.Fprintf(w, "chunk %d\n", i)
		if out.Flush() != nil {
			return
		}
	}
}

func stdSSE(w http.ResponseWriter, r *http.Request) {
	n, ms := stdNumber(r, "n", 3, 100_000), stdNumber(r, "ms", 20, 60_000)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-cache")
	out := http.NewResponseController(w)
	for i := range n {
		if i > 0 && !stdPause(r, ms) {
			return
		}
		fmt.Fprintf(w, "id: %d\ndata: tick %d\n\n", i, i)
		if out.Flush() != nil {
			return
		}
	}
}

// stdPause waits, and reports whether the client is still there.
func stdPause(r *http.Request, ms int) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-time.After(time.Duration(ms) * time.Millisecond):
		return true
	}
}

func stdBig(w http.ResponseWriter, r *http.Request) {
	n := stdNumber(r, "n", 1<<20, maxBig)
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(n))
	for at := 0; at < n; {
		m, err := w.Write(letters(at, n))
		if err != nil {
			return // the client has left
		}
		at += m
	}
}

func stdSleep(w http.ResponseWriter, r *http.Request) {
	ms := stdNumber(r, "ms", 0, 3_600_000)
	if stdPause(r, ms) {
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		fmt.Fprintf(w, "slept %d\n", ms)
	}
}
