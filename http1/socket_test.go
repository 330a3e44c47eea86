package http1_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// backends are the loop's, as far as the platform has them.
func backends() []string {
	if runtime.GOOS == "linux" {
		return []string{"epoll", "epoll-block", "poll"}
	}
	return []string{""}
}

// A site on real sockets: its loop runs on a goroutine of its own.
type realSite struct {
	srv  *http1.Server
	addr net.Addr
	url  string
	log  logged
}

// onSockets runs test with a server on each backend, and shuts that down.
func onSockets(t *testing.T, h func() http1.Handler, test func(t *testing.T, s *realSite)) {
	for _, backend := range backends() {
		t.Run(backend, func(t *testing.T) {
			s := &realSite{}
			log := slog.New(slog.NewTextHandler(&s.log, nil))
			l, err := loop.New(&loop.Options{Poller: backend, Logger: log})
			if err != nil {
				t.Fatal(err)
			}
			s.srv = &http1.Server{Handler: h()}
			if s.addr, err = s.srv.Listen(l, "127.0.0.1:0"); err != nil {
				t.Fatal(err)
			}
			s.url = "http://" + s.addr.String()
			ran := make(chan error)
			go func() { ran <- l.Run() }()
			test(t, s)
			if err := s.srv.Shutdown(context.Background()); err != nil {
				t.Error("Shutdown:", err)
			}
			if err := l.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ran; err != loop.ErrClosed {
				t.Error("Run:", err)
			}
		})
	}
}

// newClient is a net/http client of its own.
func newClient(t *testing.T) *http.Client {
	tr := &http.Transport{}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func realRoutes() http1.Handler {
	return routes{"/": site["/"], "/echo": site["/echo"], "/empty": site["/empty"]}
}

// TestSocketTalks is a sample of what the tests in memory show in full.
func TestSocketTalks(t *testing.T) {
	onSockets(t, realRoutes, func(t *testing.T, s *realSite) {
		for _, tt := range []talk{
			{"pipelined", get + get + getLast, hello + hello + last},
			{"1.0", "GET / HTTP/1.0||", last},
			{"echo", "POST /echo HTTP/1.1|Host: a|Connection: close|Transfer-Encoding: chunked||3|abc|0||", "HTTP/1.1 200 OK|DATE|Content-Length: 3|Connection: close||abc<end>"},
			{"garbage", "asdf||", refused("400 Bad Request")},
			{"garbage and more", "asdf||" + strings.Repeat("x", 500_000), refused("400 Bad Request")},
			{"unread body", "POST / HTTP/1.1|Host: a|Content-Length: 500000||" + strings.Repeat("x", 500_000), last},
			{"nothing", "", "<end>"},
		} {
			c := dial(t, s.addr)
			if _, err := io.WriteString(c, wire(tt.send)); err != nil {
				t.Error(tt.name, err)
			}
			if err := c.(*net.TCPConn).CloseWrite(); err != nil { // as nc -N does
				t.Error(tt.name, err)
			}
			p, err := io.ReadAll(c)
			got := undated(story(p))
			if err == nil {
				got += "<end>"
			} else {
				got += "<" + err.Error() + ">"
			}
			if want := undated(tt.want); got != want {
				t.Errorf("%s\n got %s\nwant %s", tt.name, got, want)
			}
		}
	})
}

// undated takes the fields Date out of a transcript, whatever they say.
func undated(s string) string {
	s = strings.ReplaceAll(s, "|DATE", "")
	for {
		before, rest, ok := strings.Cut(s, "|Date: ")
		if !ok {
			return s
		}
		_, after, _ := strings.Cut(rest, "GMT")
		s = before + after
	}
}

// TestSocketClient has net/http's client use a native handler, on several
// connections at once.
func TestSocketClient(t *testing.T) {
	onSockets(t, realRoutes, func(t *testing.T, s *realSite) {
		client := newClient(t)
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				for j := range 20 {
					body := strings.Repeat(fmt.Sprint(i, j, " "), 1+1000*(j%5))
					var r io.Reader = strings.NewReader(body)
					if j%2 == 1 {
						r = struct{ io.Reader }{r} // of unknown length: chunked
					}
					resp, err := client.Post(s.url+"/echo", "text/plain", r)
					if err != nil {
						t.Error(err)
						return
					}
					p, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if err != nil || string(p) != body {
						t.Errorf("%d bytes of %d, %v", len(p), len(body), err)
						return
					}
				}
			})
		}
		wg.Wait()
		client.CloseIdleConnections()
	})
}

// TestSocketClientLeaves: cancelling a request cancels its handler.
func TestSocketClientLeaves(t *testing.T) {
	began, ended := make(chan struct{}, 1), make(chan error, 1)
	h := func() http1.Handler {
		return http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			began <- struct{}{}
			err := loop.Sleep(co, time.Hour)
			ended <- err
			return err
		})
	}
	onSockets(t, h, func(t *testing.T, s *realSite) {
		ctx, cancel := context.WithCancel(context.Background())
		go func() {
			<-began
			cancel()
		}()
		req, err := http.NewRequestWithContext(ctx, "GET", s.url, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := newClient(t).Do(req); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, http1.ErrClientGone) {
			t.Error(err)
		}
		if log := s.log.take(); log != "" {
			t.Error(log)
		}
	})
}

// TestSocketSlowReader: a client that stops reading and leaves.
func TestSocketSlowReader(t *testing.T) {
	ended := make(chan error, 1)
	h := func() http1.Handler {
		return http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			_, err := w.Write(make([]byte, 64<<20))
			ended <- err
			return err
		})
	}
	onSockets(t, h, func(t *testing.T, s *realSite) {
		c := dial(t, s.addr)
		if _, err := io.WriteString(c, wire(get)); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(c, make([]byte, 1<<20)); err != nil {
			t.Fatal(err)
		}
		c.Close() // with unread bytes: a reset
		if err := <-ended; err == nil {
			t.Error("64 MiB were written to nobody")
		}
		if log := s.log.take(); log != "" {
			t.Error(log)
		}
	})
}

// TestSocketStd has net/http's client use an http.ServeMux.
func TestSocketStd(t *testing.T) {
	text := strings.Repeat("0123456789", 100_000)
	flushed := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("GET /file", func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "file.txt", time.Unix(1, 0), strings.NewReader(text))
	})
	mux.HandleFunc("POST /items/{id}", func(w http.ResponseWriter, r *http.Request) {
		n, err := io.Copy(io.Discard, r.Body)
		w.WriteHeader(http.StatusCreated)
		fmt.Fprint(w, r.PathValue("id"), " ", r.FormValue("q"), " ", n, " ", err)
	})
	mux.Handle("/moved", http.RedirectHandler("/file", http.StatusMovedPermanently))
	mux.HandleFunc("/stream", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprintln(w, "first")
		w.(http.Flusher).Flush()
		<-flushed
		fmt.Fprintln(w, "second")
	})
	onSockets(t, func() http1.Handler { return http1.Std(mux) }, func(t *testing.T, s *realSite) {
		client := newClient(t)
		do := func(method, path, body string, header ...string) (*http.Response, string) {
			t.Helper()
			req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			for i := 0; i < len(header); i += 2 {
				req.Header.Set(header[i], header[i+1])
			}
			resp, err := client.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			p, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Error(method, path, err)
			}
			resp.Body.Close()
			return resp, string(p)
		}
		if resp, got := do("GET", "/file", ""); got != text || resp.ContentLength != int64(len(text)) || resp.Header.Get("Content-Type") != "text/plain; charset=utf-8" {
			t.Error(resp, len(got))
		}
		if resp, got := do("HEAD", "/file", ""); got != "" || resp.ContentLength != int64(len(text)) {
			t.Error(resp)
		}
		if resp, got := do("GET", "/file", "", "Range", "bytes=5-7"); got != "567" || resp.StatusCode != 206 {
			t.Error(resp, got)
		}
		if resp, got := do("GET", "/file", "", "If-Modified-Since", "Thu, 01 Jan 1970 00:00:01 GMT"); got != "" || resp.StatusCode != 304 {
			t.Error(resp, got)
		}
		if resp, got := do("GET", "/moved", ""); got != text {
			t.Error(resp)
		}
		if resp, got := do("POST", "/items/7?q=x", strings.Repeat("b", 200_000)); got != "7 x 200000 <nil>" || resp.StatusCode != 201 {
			t.Error(resp, got)
		}
		if resp, _ := do("DELETE", "/file", ""); resp.StatusCode != 405 || resp.Header.Get("Allow") != "GET, HEAD" {
			t.Error(resp)
		}
		if resp, _ := do("GET", "/none", ""); resp.StatusCode != 404 {
			t.Error(resp)
		}
		resp, err := client.Get(s.url + "/stream")
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		lines := bufio.NewReader(resp.Body)
		for _, want := range []string{"first\n", "second\n"} {
			got, err := lines.ReadString('\n')
			if got != want || err != nil {
				t.Error(got, err)
			}
			if want == "first\n" {
				flushed <- struct{}{}
			}
		}
		client.CloseIdleConnections()
	})
}

// TestListenAndServe: it answers until it is shut down, with requests under way.
func TestListenAndServe(t *testing.T) {
	for _, how := range []string{"Shutdown", "Close"} {
		t.Run(how, func(t *testing.T) {
			listening := make(chan net.Addr, 1)
			srv := &http1.Server{Handler: site, OnListen: func(a net.Addr) { listening <- a }}
			ended := make(chan error, 1)
			go func() { ended <- srv.ListenAndServe("127.0.0.1:0") }()
			c := dial(t, <-listening)
			if _, err := io.WriteString(c, wire(get)); err != nil {
				t.Fatal(err)
			}
			p := make([]byte, 1000)
			if n, err := c.Read(p); err != nil || undated(story(p[:n])) != undated(hello) {
				t.Errorf("%q %v", p[:n], err)
			}
			if how == "Shutdown" {
				if err := srv.Shutdown(context.Background()); err != nil {
					t.Error(err)
				}
			} else if err := srv.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; err != http1.ErrServerClosed {
				t.Error(err)
			}
			if n, err := c.Read(p); n != 0 || err == nil {
				t.Error("the connection lives on:", n, err)
			}
			if err := srv.Shutdown(context.Background()); err != nil {
				t.Error("Shutdown afterwards:", err)
			}
		})
	}
}
