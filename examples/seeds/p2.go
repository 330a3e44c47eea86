package main

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

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
		client := &http1.Client{}
		defer client.Close()
		res, err := loop.Await(co, client.Fetch(co, &http1.ClientRequest{URL: url}))
		if err != nil {
			return struct{}{}, err
		}
		s.print("%v", attributes(res))
		return struct{}{}, nil
	})
}

func page(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, err := w.WriteString("a page of one's own")
	return err
}

// attributes are those of the response that the seed prints.
func attributes(r *http1.Response) response {
	return response{
		"body":          fmt.Sprintf("%q", r.Body),
		"code":          r.Status,
		"effective_url": fmt.Sprintf("%q", r.URL),
		"headers":       slices.Collect(lines(&r.Header)),
		"reason":        fmt.Sprintf("%q", r.Reason),
		"request_time":  r.Timing.Total,
	}
}

// lines are header fields as they came.
func lines(h *http1.Header) iter.Seq[string] {
	return func(yield func(string) bool) {
		for name, value := range h.All() {
			if !yield(name + ": " + value) {
				return
			}
		}
	}
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
