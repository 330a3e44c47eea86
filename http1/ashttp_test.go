package http1_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// running is a loop on a goroutine of its own, until the test ends.
func running(t testing.TB) *loop.Loop {
	t.Helper()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	t.Cleanup(func() {
		l.Close()
		<-ended
	})
	return l
}

// native is a handler of ours that does a bit of everything.
var native = routes{
	"/": site["/"],
	"/about": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		_, err := fmt.Fprint(w, r.Method, " ", r.Target, " ", r.Host, " ", r.Header.Values("A"), r.RemoteAddr.Addr(), r.Header.Has("User-Agent"))
		return err
	},
	"/echo": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Trailer", "Sum")
		n, err := io.Copy(w, r.Body)
		w.Trailer().Set("Sum", fmt.Sprint(n, r.Trailer().Get("T")))
		return err
	},
	"/forbidden": func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return &http1.HTTPError{Status: 403} },
	"/fail":      func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return errors.New("failed") },
	"/hints": func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_ = w.Inform(103, http1.Field{Name: "Link", Value: "</a>"})
		_, err := w.WriteString("x")
		return err
	},
	"/broken": func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_, _ = w.WriteString("part")
		_ = w.Flush()
		return errors.New("failed")
	},
	"/tick": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		for i := range 3 {
			fmt.Fprint(w, i)
			if err := w.Flush(); err != nil {
				return err
			}
			if _, err := r.Body.Read(make([]byte, 1)); err != nil {
				return err
			}
		}
		return nil
	},
	"/upgrade": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		s, err := w.Upgrade("echo")
		if err != nil {
			return err
		}
		line, err := loop.Await(co, s.ReadUntil("\n", 100))
		s.Write(line)
		s.Close()
		return err
	},
}

// TestAsHTTP: a native handler under net/http's server, with net/http's client.
func TestAsHTTP(t *testing.T) {
	srv := httptest.NewServer(http1.AsHTTP(running(t), native))
	defer srv.Close()
	checkNative(t, srv.Client(), srv.URL)

	t.Run("upgrade", func(t *testing.T) {
		c, err := net.Dial("tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		io.WriteString(c, wire("GET /upgrade HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: echo||hello\n"))
		r := bufio.NewReader(c)
		resp, err := http.ReadResponse(r, nil)
		if err != nil || resp.StatusCode != 101 || resp.Header.Get("Upgrade") != "echo" {
			t.Fatal(resp, err)
		}
		if rest, err := io.ReadAll(r); string(rest) != "hello\n" || err != nil {
			t.Errorf("%q, %v", rest, err)
		}
	})
	t.Run("recorder", func(t *testing.T) {
		w := httptest.NewRecorder()
		http1.AsHTTP(running(t), native).ServeHTTP(w, httptest.NewRequest("GET", "/about?x", nil))
		if w.Code != 200 || !strings.HasPrefix(w.Body.String(), "GET /about?x example.com") {
			t.Error(w.Code, w.Body)
		}
	})
	t.Run("closed loop", func(t *testing.T) {
		l, err := loop.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		l.Close()
		w := httptest.NewRecorder()
		http1.AsHTTP(l, native).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		if w.Code != 503 {
			t.Error(w.Code)
		}
	})
}

// checkNative asks the handler native, by whatever way it is served.
func checkNative(t *testing.T, c *http.Client, url string) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for _, tt := range []struct {
		name, method, path, body, want string
		status                         int
	}{
		{"hello", "GET", "/", "", "hello", 200},
		{"about", "GET", "/about?a=b", "", "GET /about?a=b " + strings.SplitN(url, "/", 3)[2] + " [1 2] 127.0.0.1 true", 200},
		{"HEAD", "HEAD", "/", "", "", 200},
		{"echo", "POST", "/echo", strings.Repeat("x", 300_000), strings.Repeat("x", 300_000) + "+300000t", 200},
		{"hints", "GET", "/hints", "", "x", 200},
		{"status", "GET", "/forbidden", "", "403 Forbidden\n", 403},
		{"error", "GET", "/fail", "", "500 Internal Server Error\n", 500},
		{"nothing", "GET", "/nothing", "", "404 Not Found\n", 404},
		{"broken", "GET", "/broken", "", "part<cut>", 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var body io.Reader
			if tt.body != "" {
				body = io.MultiReader(strings.NewReader(tt.body)) // of a length that the client does not see
			}
			r, err := http.NewRequestWithContext(ctx, tt.method, url+tt.path, body)
			if err != nil {
				t.Fatal(err)
			}
			r.Header["A"] = []string{"1", "2"}
			if body != nil {
				r.Trailer = http.Header{"T": {"t"}}
			}
			resp, err := c.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			p, err := io.ReadAll(resp.Body)
			got := string(p)
			if err != nil {
				got += "<cut>"
			}
			if sum := resp.Trailer.Get("Sum"); sum != "" {
				got += "+" + sum
			}
			if resp.StatusCode != tt.status || got != tt.want {
				t.Errorf("%d %.100q (%d bytes), want %d %.100q", resp.StatusCode, got, len(got), tt.status, tt.want)
			}
		})
	}
	t.Run("dialogue", func(t *testing.T) {
		in, out := io.Pipe()
		r, err := http.NewRequestWithContext(ctx, "POST", url+"/tick", in)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		p := make([]byte, 1)
		for i := range 3 {
			if _, err := io.ReadFull(resp.Body, p); err != nil || string(p) != fmt.Sprint(i) {
				t.Fatalf("%q, %v", p, err)
			}
			if _, err := out.Write([]byte("x")); err != nil {
				t.Fatal(err)
			}
		}
		out.Close()
	})
	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(ctx)
		r, err := http.NewRequestWithContext(ctx, "POST", url+"/tick", nil)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := c.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		resp.Body.Close()
	})
}
