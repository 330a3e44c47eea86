package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestProxy asks through both, and wants the same.
func TestProxy(t *testing.T) {
	back := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/no" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Seen", r.Header.Get("X-Forwarded-For"))
		p, _ := io.ReadAll(r.Body)
		fmt.Fprint(w, string(p), r.Method, r.RequestURI, len(p))
	}))
	defer back.Close()
	target, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	big := strings.Repeat("x", 200_000)
	for _, native := range []bool{false, true} {
		serving(t, proxy(target, native), func(front string) {
			for _, tt := range []struct {
				method, path, body, want string
				status                   int
			}{
				{"GET", "/a?b=c", "", "GET/a?b=c0", 200},
				{"POST", "/", big, big + "POST/200000", 200},
				{"GET", "/no", "", "404 page not found\n", 404},
			} {
				r, err := http.NewRequest(tt.method, front+tt.path, strings.NewReader(tt.body))
				if err != nil {
					t.Fatal(err)
				}
				resp, err := http.DefaultClient.Do(r)
				if err != nil {
					t.Fatal(err)
				}
				p, err := io.ReadAll(resp.Body)
				resp.Body.Close()
				if err != nil || resp.StatusCode != tt.status || string(p) != tt.want {
					t.Errorf("native %v: %s %s: %d, %d bytes, %v", native, tt.method, tt.path, resp.StatusCode, len(p), err)
				}
				if tt.status == 200 && resp.Header.Get("Seen") != "127.0.0.1" {
					t.Errorf("native %v: X-Forwarded-For was %q", native, resp.Header.Get("Seen"))
				}
			}
			back := http.DefaultTransport.(*http.Transport)
			back.CloseIdleConnections()
		})
	}
}

// TestNobodyThere: the target does not answer.
func TestNobodyThere(t *testing.T) {
	serving(t, proxy(&url.URL{Scheme: "http", Host: "127.0.0.1:1"}, true), func(front string) {
		resp, err := http.Get(front)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != 502 {
			t.Error(resp.Status)
		}
	})
}

// serving runs a server with h while body runs.
func serving(t *testing.T, h http1.Handler, body func(url string)) {
	t.Helper()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	srv := &http1.Server{Handler: h}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	body("http://" + addr.String())
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	l.Close()
	<-ended
}
