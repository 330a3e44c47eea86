package main

import (
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// p2 mirrors cotest() of seed 000, which fetches a page. The page is one of its own:
// the server runs on the same loop. The coroutine starts at once and stops at its
// first wait, so its future is shown, pending, before the loop runs.
func p2(s *stage) error {
	srv := &http1.Server{Handler: http1.HandlerFunc(page)}
	addr, err := srv.Listen(s.l, "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer srv.Close() // takes effect when the loop is closed
	future := cotest(s, "http://"+addr.String()+"/")
	s.print("%s", show(future))
	return s.until(future)
}

func cotest(s *stage, url string) *loop.Future[struct{}] {
	return loop.Go(s.l, func(co *loop.Co) (struct{}, error) {
		res, err := loop.Await(co, fetch(s.l, url))
		if err != nil {
			return struct{}{}, err
		}
		s.print("%v", res)
		return struct{}{}, nil
	})
}

func page(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.WriteString("a page of one's own")
	return err
}

// fetch asks on a goroutine, which must not touch the loop; it hands the response
// over with Post. A client on the loop is not built yet.
func fetch(l *loop.Loop, url string) *loop.Future[response] {
	promise := loop.NewPromise[response](l)
	go func() {
		res, err := get(url)
		_ = promise.Post(res, err) // a closed loop has no use for it
	}()
	return promise.Future()
}

func get(url string) (response, error) {
	client := &http.Client{
		Transport: &http.Transport{DisableKeepAlives: true},
		Timeout:   30 * time.Second,
	}
	began := time.Now()
	r, err := client.Get(url)
	if err != nil {
		return nil, err
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	return response{
		"body":          fmt.Sprintf("%q", body),
		"code":          r.StatusCode,
		"effective_url": fmt.Sprintf("%q", url),
		"headers":       r.Header,
		"reason":        fmt.Sprintf("%q", http.StatusText(r.StatusCode)),
		"request_time":  time.Since(began),
	}, nil
}

// A response is its attributes.
type response map[string]any

// String lists the attributes by name.
func (r response) String() string {
	var list []string
	for _, name := range slices.Sorted(maps.Keys(r)) {
		list = append(list, fmt.Sprintf("%s=%v", name, r[name]))
	}
	return "HTTPResponse(" + strings.Join(list, ",") + ")"
}
