package http1_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// TestStdWrapped: behind a wrapper it is as by itself, also without the default limit.
func TestStdWrapped(t *testing.T) {
	count := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Connection", "close")
		fmt.Fprint(w, r.ContentLength)
	})
	inner := http1.Std(count)
	wrapper := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Wrapped", "yes")
		return inner.Serve(co, w, r)
	})
	for _, tt := range []struct {
		max  int64
		want string
	}{{0, "HTTP/1.1 200"}, {-1, "HTTP/1.1 200"}, {1 << 30, "HTTP/1.1 413"}} {
		serveOn(t, &world{srv: &http1.Server{MaxBody: tt.max, Handler: wrapper}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Content-Length: 9000000000||")))
			if got := c.recvAll(co); !strings.HasPrefix(got, tt.want) {
				t.Errorf("limit %d: %s", tt.max, got)
			}
			c.Abort()
			return nil
		})
	}
}

// TestStdMaxGoroutines: the limit holds, and nobody is forgotten.
func TestStdMaxGoroutines(t *testing.T) {
	var now, most atomic.Int32
	const n = 10
	came, turn := make(chan struct{}, n), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		most.Store(max(most.Load(), now.Add(1)))
		came <- struct{}{}
		<-turn
		now.Add(-1)
		io.WriteString(w, "x")
	})
	srv := &http1.Server{Handler: http1.StdWith(h, http1.StdOptions{MaxGoroutines: 2})}
	serveOn(t, &world{srv: srv}, func(co *loop.Co, w *world) error {
		var cs []*client
		for range n {
			c := w.dial(co)
			c.Write([]byte(wire(getLast)))
			cs = append(cs, c)
		}
		go func() {
			<-came
			<-came // the second goroutine may be late
			for range n {
				turn <- struct{}{}
			}
		}()
		for _, c := range cs {
			if got := c.recvAll(co); !strings.HasSuffix(got, "||x<end>") {
				t.Error(got)
			}
			c.Close()
		}
		if most.Load() != 2 {
			t.Errorf("%d at the same time", most.Load())
		}
		return nil
	})
}

// TestStdBodyKept: what a handler has not read of its body is not written over by later
// requests, which use the room of those that were read whole.
func TestStdBodyKept(t *testing.T) {
	var kept io.Reader // the handlers run one after another
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/keep" {
			io.ReadFull(r.Body, make([]byte, 10))
			kept = r.Body
			return
		}
		b, err := io.ReadAll(r.Body)
		if len(b) != 100 || strings.Trim(string(b), r.URL.Path[1:]) != "" || err != nil {
			t.Errorf("%s: read %q, %v", r.URL.Path, b, err)
		}
	})
	serve(t, http1.Std(h), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		post := func(path, body string) {
			c.Write([]byte(wire("POST /" + path + " HTTP/1.1|Host: a|Content-Length: 100||" + strings.Repeat(body, 100))))
			if _, err := loop.Await(co, c.ReadUntil("\r\n\r\n", 1<<10)); err != nil {
				t.Error(err)
			}
		}
		post("x", "x")
		post("keep", "k")
		for _, c := range "abcdef" {
			post(string(c), string(c))
		}
		if b, err := io.ReadAll(kept); strings.Trim(string(b), "k") != "" {
			t.Errorf("read %q, %v", b, err)
		}
		return nil
	})
}

// TestStdBlocked: handlers that block hold up nobody, however many.
func TestStdBlocked(t *testing.T) {
	const n = 100
	came, end := make(chan struct{}, n), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		came <- struct{}{}
		<-end
	})
	serve(t, http1.Std(h), func(co *loop.Co, w *world) error {
		var cs []*client
		for range n {
			c := w.dial(co)
			c.Write([]byte(wire(getLast)))
			cs = append(cs, c)
		}
		for range n {
			if _, err := loop.Await(co, fromChan(co, came)); err != nil {
				return err
			}
		}
		close(end)
		for _, c := range cs {
			c.recvAll(co)
			c.Close()
		}
		return nil
	})
}

// TestStdHijackTLS: the connection stays on its loop behind a GoConn, with what had come.
func TestStdHijackTLS(t *testing.T) {
	cert, config := testCertificate(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil || !r.TLS.HandshakeComplete {
			t.Error("TLS:", r.TLS)
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		defer c.Close()
		if n := rw.Reader.Buffered(); n != 4 {
			t.Error(n, "bytes in the buffer")
		}
		for range 2 {
			l, err := rw.ReadString('\n')
			if err != nil {
				t.Error(err)
			}
			rw.WriteString("got " + l)
			rw.Flush()
		}
	})
	srv := &http1.Server{Handler: http1.Std(h), TLS: &stream.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{cert}}}}
	serveSockets(t, srv, func(addr string) {
		c, err := tls.Dial("tcp", addr, config)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, wire("GET / HTTP/1.1|Host: a||abc\n"))
		r := bufio.NewReader(c)
		for _, want := range []string{"got abc\n", "got def\n"} {
			if l, err := r.ReadString('\n'); l != want || err != nil {
				t.Errorf("%q, %v", l, err)
			}
			io.WriteString(c, "def\n")
		}
	})
}

// TestStdComplains: a mistake is logged with its place.
func TestStdComplains(t *testing.T) {
	_, log := stdTalk(t, func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(200)
		http.Error(w, "x", 500)
	}, getLast)
	if !strings.Contains(log, "superfluous") || !strings.Contains(log, "stdedge_test.go") {
		t.Error(log)
	}
}

// FuzzStdTarget: the short way to a URL gives what url.ParseRequestURI gives.
func FuzzStdTarget(f *testing.F) {
	for _, s := range []string{"/", "/a.b/c-d_~", "/a?b=c", "/?", "/a%20b", "//a", "/a:b@c&d=+", "/(a)", "/ü", "http://a/b", "/a?b?c", "*", "A://@"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, target string) {
		if strings.ContainsFunc(target, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
			return // refused before
		}
		got, err := http1.ParseTarget(target)
		want, wantErr := url.ParseRequestURI(target)
		if (err == nil) != (wantErr == nil) {
			t.Fatalf("%q: %v, %v", target, err, wantErr)
		}
		if err == nil && !reflect.DeepEqual(got, *want) { // User is a pointer
			t.Errorf("%q: %#v, want %#v", target, got, *want)
		}
	})
}

// TestShutdownReport: Shutdown says who has not finished.
func TestShutdownReport(t *testing.T) {
	began, end := make(chan struct{}, 2), make(chan struct{})
	defer close(end)
	blocks := http1.Std(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		began <- struct{}{}
		<-end
	}))
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if r.Path() == "/quick" {
			return nil
		}
		return blocks.Serve(co, w, r)
	})
	srv := &http1.Server{Handler: h}
	serveSockets(t, srv, func(addr string) {
		var remotes []string
		for _, target := range []string{"/quick", "/one", "/two?x"} {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			io.WriteString(c, wire("GET "+target+" HTTP/1.1|Host: a||"))
			remotes = append(remotes, c.LocalAddr().String())
			if target == "/two?x" {
				<-began
				c.Close() // its handler goes on
			}
		}
		<-began
		why := errors.New("patience")
		ctx, cancel := context.WithTimeoutCause(context.Background(), 20*time.Millisecond, why)
		defer cancel()
		err := srv.Shutdown(ctx)
		var e *http1.ShutdownError
		if !errors.As(err, &e) || !errors.Is(err, why) || len(e.Requests) != 2 {
			t.Fatal(err)
		}
		seen := map[string]string{}
		for _, r := range e.Requests {
			seen[r.Target] = r.Method + r.Remote
			if r.Since < 0 || r.Since > time.Minute {
				t.Error(r.Since)
			}
		}
		if seen["/one"] != "GET"+remotes[1] || seen["/two?x"] != "GET"+remotes[2] {
			t.Error(seen, remotes)
		}
		if s := err.Error(); !strings.Contains(s, "2 requests") || !strings.Contains(s, "GET /one of "+remotes[1]) {
			t.Error(s)
		}
	})
}
