package http1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// runOnSockets runs body on a real loop.
func runOnSockets(t *testing.T, body func(co *loop.Co) error) {
	t.Helper()
	l := onLoop(t)
	_, err := loop.Do(t.Context(), l, func(co *loop.Co) (struct{}, error) { return struct{}{}, body(co) })
	if err != nil {
		t.Error(err)
	}
}

// Both implementations of Fetcher give the same of a server that nobody here wrote.
func TestFetchers(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	std := &http.Transport{}
	defer std.CloseIdleConnections()
	for name, f := range map[string]http1.Fetcher{"Client": &http1.Client{Redirects: 1}, "StdClient": &http1.StdClient{Transport: std, Redirects: 1}} {
		runOnSockets(t, func(co *loop.Co) error {
			for _, tt := range []struct {
				req  http1.ClientRequest
				want string
			}{
				{http1.ClientRequest{URL: "/hello"}, "200 \"hello HOST\""},
				{http1.ClientRequest{Method: "HEAD", URL: "/hello"}, `200 ""`},
				{http1.ClientRequest{Method: "POST", URL: "/echo", Body: []byte("body")}, `200 "body"`},
				{http1.ClientRequest{Method: "POST", URL: "/echo", Reader: strings.NewReader("body"), BodyLength: 4}, `200 "body"`},
				{http1.ClientRequest{Method: "POST", URL: "/echo", Reader: io.MultiReader(strings.NewReader("body")), Expect100: true}, `200 "body"`},
				{http1.ClientRequest{URL: "/redirect"}, `200 ""`},
				{http1.ClientRequest{URL: "/redirect", Redirects: -1, AnyStatus: true}, "302 \"<a href=\\\"/cookie\\\">Found</a>.\\n\\n\""},
				{http1.ClientRequest{URL: "/status"}, "http1: 418 I'm a teapot: GET http://HOST/status"},
				{http1.ClientRequest{URL: "/gzip", MaxBody: 4999}, "http1: GET http://HOST/gzip: body: http1: response body too large"},
			} {
				req := tt.req
				req.URL = srv.URL + req.URL
				res, err := loop.Await(co, f.Fetch(co, &req))
				if got := strings.ReplaceAll(brief(res, err), strings.TrimPrefix(srv.URL, "http://"), "HOST"); got != tt.want {
					t.Errorf("%s %s:\n got %s\nwant %s", name, tt.req.URL, got, tt.want)
				}
				if err == nil && (res.Major != 1 || res.Minor != 1 || res.Request != &req || res.Timing.Start.IsZero() || res.Timing.Total <= 0) {
					t.Errorf("%s %s: %+v", name, tt.req.URL, res)
				}
			}
			res, err := loop.Await(co, f.Fetch(co, &http1.ClientRequest{URL: srv.URL + "/gzip"}))
			if err != nil || len(res.Body) != 5000 || !res.Decoded {
				t.Errorf("%s: gzip: %v", name, err)
			}
			short := &http1.ClientRequest{URL: srv.URL + "/never", Timeouts: &http1.Timeouts{Whole: time.Millisecond}}
			_, err = loop.Await(co, f.Fetch(co, short))
			var ce *http1.ClientError
			if !errors.As(err, &ce) || !ce.Timeout() || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			_, err = loop.Await(co, f.Fetch(co, &http1.ClientRequest{URL: "gopher://a/"}))
			if !errors.As(err, &ce) {
				t.Errorf("%s: %v", name, err)
			}
			scope, done := co.WithTimeout(10 * time.Millisecond)
			defer done()
			if _, err = loop.Await(scope, f.Fetch(co, &http1.ClientRequest{URL: srv.URL + "/never"})); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("%s: %v", name, err)
			}
			if c, ok := f.(*http1.Client); ok {
				c.Close()
			}
			return nil
		})
	}
}

// A StdClient speaks HTTP/2 where the server does, and refuses what it cannot do.
func TestStdClientHTTP2(t *testing.T) {
	srv := httptest.NewUnstartedServer(stdSite())
	srv.EnableHTTP2 = true
	srv.StartTLS()
	defer srv.Close()
	c := &http1.StdClient{Transport: srv.Client().Transport}
	runOnSockets(t, func(co *loop.Co) error {
		res, err := loop.Await(co, c.Fetch(co, &http1.ClientRequest{URL: srv.URL + "/hello"}))
		if err != nil {
			return err
		}
		if res.Major != 2 || res.TLS == nil {
			t.Errorf("%+v", res)
		}
		_, err = loop.Await(co, c.Fetch(co, &http1.ClientRequest{URL: srv.URL, Digest: true}))
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

// Many at a time on real sockets, and one over a Unix socket.
func TestClientOnSockets(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	runOnSockets(t, func(co *loop.Co) error {
		c := &http1.Client{MaxPerHost: 10}
		defer c.Close()
		var all []*loop.Future[*http1.Response]
		for i := range 200 {
			all = append(all, c.Fetch(co, &http1.ClientRequest{Method: "POST", URL: srv.URL + "/echo", Body: fmt.Append(nil, i)}))
		}
		got, err := loop.Await(co, loop.All(co.Loop(), all...))
		if err != nil {
			return err
		}
		for i, res := range got {
			if string(res.Body) != fmt.Sprint(i) {
				t.Errorf("%d: %q", i, res.Body)
			}
		}
		if s := c.Stats(); s.Open > 10 || s.Open != s.Idle {
			t.Errorf("%+v", s)
		}
		return nil
	})
	if runtime.GOOS == "windows" {
		return
	}
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "s")
	unix := &http.Server{Handler: stdSite()}
	ln, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	go func() { _ = unix.Serve(ln) }()
	defer unix.Close()
	runOnSockets(t, func(co *loop.Co) error {
		c := &http1.Client{Unix: path}
		defer c.Close()
		res, err := c.Get(co, "http://any/hello")
		if got := brief(res, err); got != `200 "hello any"` {
			t.Error(got)
		}
		return nil
	})
}
