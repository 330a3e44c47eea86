package http1_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// stdSite is a server of net/http.
func stdSite() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/hello", func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "hello %s", r.Host) })
	mux.HandleFunc("/echo", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Length", fmt.Sprint(r.ContentLength))
		b, _ := io.ReadAll(r.Body) // once it writes, this server reads no more
		_, _ = w.Write(b)
	})
	mux.HandleFunc("/turns", func(w http.ResponseWriter, r *http.Request) {
		c := http.NewResponseController(w)
		_ = c.EnableFullDuplex()
		_ = c.Flush()
		room := make([]byte, 100)
		for {
			n, err := r.Body.Read(room)
			_, _ = w.Write(bytes.ToUpper(room[:n]))
			_ = c.Flush()
			if err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/gzip", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = io.WriteString(z, strings.Repeat("hello", 1000))
		_ = z.Close()
	})
	mux.HandleFunc("/trailer", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Trailer", "Sum")
		_, _ = io.Copy(w, r.Body)
		w.Header().Set("Sum", "1"+r.Trailer.Get("Sum"))
	})
	mux.HandleFunc("/redirect", func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "k", Value: "v", Path: "/"})
		http.Redirect(w, r, "/cookie", http.StatusFound)
	})
	mux.HandleFunc("/cookie", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("Cookie")) })
	mux.HandleFunc("/wait", func(w http.ResponseWriter, r *http.Request) {
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done()
	})
	mux.HandleFunc("/never", func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // only who reads the body hears that the client has left
		<-r.Context().Done()
	})
	mux.HandleFunc("/status", func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(http.StatusTeapot) })
	return mux
}

// onLoop runs a loop on a goroutine for a test.
func onLoop(t *testing.T) *loop.Loop {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ran; err != loop.ErrClosed {
			t.Error(err)
		}
	})
	return l
}

// talkTo is a request, and what comes of it.
func talkTo(ctx context.Context, c *http.Client, method, url string, body io.Reader) (*http.Response, string, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return nil, "", err
	}
	res, err := c.Do(r)
	if err != nil {
		return nil, "", err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	return res, string(b), err
}

// http.Client over a Transport does what it does over net/http's.
func TestTransportLikeStd(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	l := onLoop(t)
	std := &http.Transport{}
	defer std.CloseIdleConnections()
	ours := &http1.Transport{Client: &http1.Client{}, Loop: l}
	defer ours.CloseIdleConnections()
	long := strings.Repeat("0123456789", 100_000)
	type outcome struct {
		status         string
		length         int64
		body           string
		encoding       string
		uncompressed   bool
		xLength, final string
		trailer        string
	}
	for _, tt := range []struct {
		name, method, path string
		body               func() io.Reader
	}{
		{"get", "GET", "/hello", nil},
		{"head", "HEAD", "/hello", nil},
		{"not found", "GET", "/nowhere", nil},
		{"teapot", "GET", "/status", nil},
		{"post", "POST", "/echo", func() io.Reader { return strings.NewReader("body") }},
		{"post nothing", "POST", "/echo", nil},
		{"post a stream", "POST", "/echo", func() io.Reader { return io.MultiReader(strings.NewReader("body")) }},
		{"post much", "POST", "/echo", func() io.Reader { return strings.NewReader(long) }},
		{"post a long stream", "POST", "/echo", func() io.Reader { return io.MultiReader(strings.NewReader(long)) }},
		{"put", "PUT", "/echo", func() io.Reader { return bytes.NewReader([]byte("body")) }},
		{"delete with a body", "DELETE", "/echo", func() io.Reader { return strings.NewReader("body") }},
		{"gzip", "GET", "/gzip", nil},
		{"redirect", "GET", "/redirect", nil},
	} {
		ask := func(rt http.RoundTripper) (o outcome) {
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
			defer cancel()
			jar, err := cookiejar.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			var body io.Reader
			if tt.body != nil {
				body = tt.body()
			}
			res, text, err := talkTo(ctx, &http.Client{Transport: rt, Jar: jar}, tt.method, srv.URL+tt.path, body)
			if err != nil {
				return outcome{status: err.Error()}
			}
			return outcome{res.Status, res.ContentLength, text, fmt.Sprint(res.TransferEncoding), res.Uncompressed,
				res.Header.Get("X-Length"), res.Request.URL.Path, fmt.Sprint(res.Trailer)}
		}
		if got, want := ask(ours), ask(std); got != want {
			t.Errorf("%s\n got %.300v\nwant %.300v", tt.name, got, want)
		}
	}
}

// Request and response go on at the same time, and trailers both ways.
func TestTransportStreams(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	c := &http.Client{Transport: &http1.Transport{Client: &http1.Client{}, Loop: onLoop(t)}}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	r, w := io.Pipe()
	req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+"/turns", r)
	if err != nil {
		t.Fatal(err)
	}
	res, err := c.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	room := make([]byte, 100)
	for _, text := range []string{"ping", "pong"} {
		if _, err := io.WriteString(w, text); err != nil {
			t.Fatal(err)
		}
		n, err := io.ReadAtLeast(res.Body, room, len(text))
		if string(room[:n]) != strings.ToUpper(text) || err != nil {
			t.Fatalf("%q, %v", room[:n], err)
		}
	}
	w.Close()
	if rest, err := io.ReadAll(res.Body); len(rest) > 0 || err != nil {
		t.Errorf("%q, %v", rest, err)
	}
	res.Body.Close()

	req, err = http.NewRequestWithContext(ctx, "POST", srv.URL+"/trailer", io.MultiReader(strings.NewReader("body")))
	if err != nil {
		t.Fatal(err)
	}
	req.Trailer = http.Header{"Sum": {"2"}}
	if res, err = c.Do(req); err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if b, err := io.ReadAll(res.Body); string(b) != "body" || err != nil || res.Trailer.Get("Sum") != "12" {
		t.Errorf("%q, %v, trailer %v", b, err, res.Trailer)
	}
}

// A request ends with its context, in each phase; its body is closed in any case.
func TestTransportCancel(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	client := &http1.Client{}
	l := onLoop(t)
	c := &http.Client{Transport: &http1.Transport{Client: client, Loop: l}}
	for _, path := range []string{"/never", "/wait", "/turns"} {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		body := &closedBody{closed: make(chan struct{})}
		req, err := http.NewRequestWithContext(ctx, "POST", srv.URL+path, body)
		if err != nil {
			t.Fatal(err)
		}
		if path == "/wait" {
			req.Body = nil // the server would read it before it answers
			body.Close()
		}
		if path == "/never" {
			go cancel()
		}
		res, err := c.Do(req)
		if err == nil {
			go cancel()
			_, err = io.ReadAll(res.Body)
			res.Body.Close()
		}
		if !errors.Is(err, context.Canceled) {
			t.Errorf("%s: %v", path, err)
		}
		<-body.closed
	}
	short := *c
	short.Timeout = time.Millisecond
	_, err := short.Get(srv.URL + "/never")
	var timeout interface{ Timeout() bool }
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("%v", err)
	}
	res, err := c.Get(srv.URL + "/wait")
	if err != nil {
		t.Fatal(err)
	}
	read := make(chan error)
	go func() {
		_, err := io.ReadAll(res.Body)
		read <- err
	}()
	res.Body.Close()
	if err := <-read; err == nil {
		t.Error("Read goes on after Close")
	}
	for _, path := range []string{"/wait", "/hello"} { // of /hello all has come with the head
		if res, err = c.Get(srv.URL + path); err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if _, err := res.Body.Read(make([]byte, 10)); !errors.Is(err, http.ErrBodyReadAfterClose) {
			t.Errorf("%s, after Close: %v", path, err)
		}
	}
	if s := statsOf(t, l, client); s.Open != s.Idle {
		t.Errorf("%+v", s)
	}
}

// closedBody gives nothing until it is closed.
type closedBody struct {
	closed chan struct{}
	once   sync.Once
}

func (b *closedBody) Read([]byte) (int, error) {
	<-b.closed
	return 0, errors.New("closed")
}

func (b *closedBody) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}

func statsOf(t *testing.T, l *loop.Loop, c *http1.Client) http1.ClientStats {
	t.Helper()
	s, err := loop.Do(t.Context(), l, func(*loop.Co) (http1.ClientStats, error) { return c.Stats(), nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Many goroutines share the client, over TLS too, within its limits.
func TestTransportMany(t *testing.T) {
	srv := httptest.NewTLSServer(stdSite())
	defer srv.Close()
	roots := x509.NewCertPool()
	roots.AddCert(srv.Certificate())
	l := onLoop(t)
	client := &http1.Client{MaxPerHost: 4, TLS: &stream.TLSOptions{Config: &tls.Config{RootCAs: roots}}}
	c := &http.Client{Transport: &http1.Transport{Client: client, Loop: l}}
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			text := strings.Repeat(fmt.Sprint(i), 10_000)
			_, got, err := talkTo(t.Context(), c, "POST", srv.URL+"/echo", strings.NewReader(text))
			if err != nil || got != text {
				t.Errorf("%d bytes, %v", len(got), err)
			}
		})
	}
	wg.Wait()
	if s := statsOf(t, l, client); s.Open > 4 || s.Waiting != 0 {
		t.Errorf("%+v", s)
	}
	c.CloseIdleConnections()
	if s := statsOf(t, l, client); s.Idle != 0 {
		t.Errorf("%+v", s)
	}
}

// A loop that is closed ends what waits for it.
func TestTransportLoopCloses(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	c := &http.Client{Transport: &http1.Transport{Client: &http1.Client{}, Loop: l}}
	res, err := c.Get(srv.URL + "/wait")
	if err != nil {
		t.Fatal(err)
	}
	go l.Close()
	if _, err := io.ReadAll(res.Body); err == nil {
		t.Error("the body ends in good order")
	}
	res.Body.Close()
	<-ran
	if _, err := c.Get(srv.URL + "/hello"); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("%v", err)
	}
	c.CloseIdleConnections()
}
