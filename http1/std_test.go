package http1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// stdTalk sends text to an unmodified net/http handler and returns what comes until
// the connection ends. The text must make the server end it.
func stdTalk(t *testing.T, h http.HandlerFunc, text string) (got, log string) {
	t.Helper()
	serve(t, http1.Std(h), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire(text)))
		got = c.recvAll(co)
		c.Close()
		log = w.log.take()
		return nil
	})
	return got, log
}

func TestStdResponses(t *testing.T) {
	big := strings.Repeat("x", 8<<10)
	const plain = "Content-Type: text/plain; charset=utf-8|"
	for _, tt := range []struct {
		name   string
		handle http.HandlerFunc
		method string // "": GET
		want   string // behind the status line and without Date and Connection
		log    string
	}{
		{name: "implicit 200", handle: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") },
			want: "200 OK|" + plain + "Content-Length: 2||hi<end>"},
		{name: "nothing", handle: func(http.ResponseWriter, *http.Request) {}, want: "200 OK|Content-Length: 0||<end>"},
		{name: "status", handle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201); w.WriteHeader(202) },
			want: "201 Created|Content-Length: 0||<end>", log: "std_test.go"},
		{name: "informational", handle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(103); w.WriteHeader(202) },
			want: "103 Early Hints||HTTP/1.1 202 Accepted|Content-Length: 0||<end>"},
		{name: "fields are sorted", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("C", "1")
			w.Header()["B"] = []string{"2", "1"}
			w.Header().Set("a", "3")
			w.Header().Set("D", "4")
			w.Header().Set("E", "5")
		}, want: "200 OK|A: 3|B: 2|B: 1|C: 1|D: 4|E: 5|Content-Length: 0||<end>"},
		{name: "fields after the header", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("A", "1")
			w.WriteHeader(200)
			w.Header().Set("A", "2")
			w.Header().Set("B", "3")
			io.WriteString(w, "<html>")
		}, want: "200 OK|A: 1|Content-Type: text/html; charset=utf-8|Content-Length: 6||<html><end>"},
		{name: "no sniffing with a type", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "x/y")
			io.WriteString(w, "<html>")
		}, want: "200 OK|Content-Type: x/y|Content-Length: 6||<html><end>"},
		{name: "no sniffing with nil", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			io.WriteString(w, "<html>")
		}, want: "200 OK|Content-Length: 6||<html><end>"},
		{name: "no sniffing in an encoding", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "x")
			io.WriteString(w, "<html>")
		}, want: "200 OK|Content-Encoding: x|Content-Length: 6||<html><end>"},
		{name: "stream", handle: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "ab")
			w.(http.Flusher).Flush()
			io.WriteString(w, "c")
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}, want: "200 OK|" + plain + "Transfer-Encoding: chunked||2|ab|1|c|0||<end>"},
		{name: "large", handle: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "ab"); io.WriteString(w, big) },
			want: "200 OK|" + plain + "Transfer-Encoding: chunked||2002|ab" + big + "|0||<end>"},
		{name: "large with length", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "8193")
			w.Write([]byte(big))
			w.Write([]byte("y"))
		}, want: "200 OK|" + plain + "Content-Length: 8193||" + big + "y<end>"},
		{name: "head", method: "HEAD", handle: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hi") },
			want: "200 OK|" + plain + "Content-Length: 2||<end>"},
		{name: "204 with body", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(204)
			if n, err := w.Write(nil); n != 0 || err != nil {
				t.Error(n, err)
			}
			if n, err := io.WriteString(w, "x"); n != 0 || err != http.ErrBodyNotAllowed {
				t.Error(n, err)
			}
			if err := http.NewResponseController(w).Flush(); err != nil {
				t.Error(err)
			}
		}, want: "204 No Content||<end>"},
		{name: "too much", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "ab")
			if n, err := w.Write([]byte("c")); n != 0 || err != http.ErrContentLength {
				t.Error(n, err)
			}
		}, want: "200 OK|" + plain + "Content-Length: 2||ab<end>"},
		{name: "too little", handle: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "2")
			io.WriteString(w, "a")
		},
			want: "500 Internal Server Error|" + plain + "Content-Length: 26||500 Internal Server Error\n<end>", log: "1 of 2 bytes"},
		{name: "bad field", handle: func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("A", "b\r\nc: d") },
			want: "500 Internal Server Error|" + plain + "Content-Length: 26||500 Internal Server Error\n<end>", log: "invalid header field"},
		{name: "redirect", handle: func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) },
			want: "302 Found|Content-Type: text/html; charset=utf-8|Location: /there|Content-Length: 29||<a href=\"/there\">Found</a>.\n\n<end>"},
		{name: "not found", handle: http.NotFound,
			want: "404 Not Found|" + plain + "X-Content-Type-Options: nosniff|Content-Length: 19||404 page not found\n<end>"},
		{name: "full duplex", handle: func(w http.ResponseWriter, _ *http.Request) {
			if err := http.NewResponseController(w).EnableFullDuplex(); err != nil {
				t.Error(err)
			}
		}, want: "200 OK|Content-Length: 0||<end>"},

		{name: "panic", handle: func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "gone"); panic("boom") },
			want: "500 Internal Server Error|" + plain + "Content-Length: 26||500 Internal Server Error\n<end>", log: "std_test.go"},
		{name: "bad status", handle: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(0) },
			want: "500 Internal Server Error|" + plain + "Content-Length: 26||500 Internal Server Error\n<end>", log: "invalid WriteHeader"},
		{name: "panic behind the beginning", handle: func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "ab")
			w.(http.Flusher).Flush()
			panic("boom")
		}, want: "200 OK|" + plain + "Transfer-Encoding: chunked||2|ab|<end>", log: "boom"},
		{name: "abort", handle: func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, want: "<end>"},
		{name: "Goexit", handle: func(http.ResponseWriter, *http.Request) { runtime.Goexit() },
			want: "500 Internal Server Error|" + plain + "Content-Length: 26||500 Internal Server Error\n<end>", log: "Goexit"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			method := tt.method
			if method == "" {
				method = "GET"
			}
			got, log := stdTalk(t, tt.handle, method+" / HTTP/1.1|Host: a|Connection: close||")
			got = strings.TrimPrefix(strings.ReplaceAll(strings.ReplaceAll(got, "Connection: close|", ""), "DATE|", ""), "HTTP/1.1 ")
			if got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			if !strings.Contains(log, tt.log) || (strings.Count(log, "\n") != 1) != (tt.log == "") {
				t.Errorf("logged %q, want %q", log, tt.log)
			}
		})
	}
}

func TestStdRequest(t *testing.T) {
	var r *http.Request
	var body string
	keep := func(_ http.ResponseWriter, req *http.Request) {
		p, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r, body = req, string(p)
	}
	got, _ := stdTalk(t, keep, "POST //p%20q?x=1 HTTP/1.1|Host: h:8|a-b: 1|A-B: 2|c: 3|Connection: close|Transfer-Encoding: chunked||3|abc|0||")
	if !strings.HasPrefix(got, "HTTP/1.1 200") {
		t.Fatal(got)
	}
	if want := (http.Header{"A-B": {"1", "2"}, "C": {"3"}, "Connection": {"close"}}); !reflect.DeepEqual(r.Header, want) {
		t.Errorf("header %v", r.Header)
	}
	if s := fmt.Sprint(r.Method, r.URL.Path, r.URL.RawQuery, r.Proto, r.ProtoAtLeast(1, 1), r.Host, r.RequestURI, r.ContentLength, r.TransferEncoding, r.Close, body); s !=
		"POST//p qx=1HTTP/1.1trueh:8//p%20q?x=1-1 [chunked] trueabc" {
		t.Error(s)
	}
	if !strings.HasPrefix(r.RemoteAddr, "127.0.0.1:") || r.Body == nil || r.Context().Err() == nil {
		t.Error(r.RemoteAddr, r.Body, r.Context().Err())
	}
	// Values of one name must not grow into those of another.
	r.Header["C"] = append(r.Header["C"], "4")
	if r.Header.Get("Connection") != "close" {
		t.Error("append to one field changed another")
	}

	stdTalk(t, keep, "POST http://o/?y HTTP/1.0|Content-Length: 2||ab")
	if s := fmt.Sprint(r.Method, r.URL, r.Proto, r.Host, r.RequestURI, r.ContentLength, r.TransferEncoding, body); s !=
		"POSThttp://o/?yHTTP/1.0ohttp://o/?y2 []ab" {
		t.Error(s)
	}
	stdTalk(t, keep, "CONNECT c:1 HTTP/1.1|Host: c:1|Connection: close||")
	if r.URL.Host != "c:1" || r.URL.Path != "" || r.Body != http.NoBody || r.ContentLength != 0 {
		t.Error(r.URL, r.Body)
	}
	if got, _ := stdTalk(t, keep, "GET /%zz HTTP/1.1|Host: a|Connection: close||"); !strings.HasPrefix(got, "HTTP/1.1 400 Bad Request") {
		t.Error(got)
	}
}

// TestStdBody: pieces, more than fits anywhere at once, back and forth.
func TestStdBody(t *testing.T) {
	echo := func(w http.ResponseWriter, r *http.Request) {
		if n, err := r.Body.Read(nil); n != 0 || err != nil {
			t.Error(n, err)
		}
		n, err := io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{r.Body}, make([]byte, 1000))
		if err != nil {
			t.Error(n, err)
		}
		if n, err := r.Body.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Error(n, err)
		}
		if err := r.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	x := strings.Repeat("0123456789", 50_000)
	for _, send := range []string{
		"Content-Length: 500000||" + x,
		"Transfer-Encoding: chunked||3|" + x[:3] + "|61a80|" + x[3:400_003] + "|1869d|" + x[400_003:] + "|0||",
	} {
		serveOn(t, &world{srv: &http1.Server{Handler: http1.Std(http.HandlerFunc(echo))}, net: &looptest.Network{Window: 3000}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Connection: close|" + send)))
			var got []byte
			var err error
			for err == nil {
				var p []byte
				p, err = loop.Await(co, c.ReadSome(1<<20))
				got = append(got, p...)
			}
			c.Close()
			resp, err := http.ReadResponse(newReader(got), nil)
			if err != nil {
				return err
			}
			if body, err := io.ReadAll(resp.Body); err != nil || string(body) != x {
				t.Errorf("%d bytes, %v", len(body), err)
			}
			return nil
		})
	}
}

// TestStdFullDuplex: one goroutine reads the body while another writes, as with
// net/http's ReverseProxy.
func TestStdFullDuplex(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) {
		read := make(chan string)
		go func() {
			p, err := io.ReadAll(r.Body)
			read <- fmt.Sprint(string(p), err)
		}()
		io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		fmt.Fprint(w, <-read)
	}
	serve(t, http1.Std(http.HandlerFunc(h)), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: 3||")))
		got, err := loop.Await(co, c.ReadUntil("first\r\n", 1000))
		if err != nil {
			return err
		}
		c.Write([]byte("abc"))
		rest := c.recvAll(co)
		if want := "5|first|8|abc<nil>|0||<end>"; !strings.HasSuffix(story(got)+rest, want) {
			t.Errorf("got %s%s", story(got), rest)
		}
		c.Close()
		return nil
	})
}

// TestStdContinue: 100 comes when the handler reads.
func TestStdContinue(t *testing.T) {
	h := func(w http.ResponseWriter, r *http.Request) { io.Copy(w, r.Body) }
	serve(t, http1.Std(http.HandlerFunc(h)), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: 3|Expect: 100-continue||")))
		got, err := loop.Await(co, c.ReadUntil("\r\n\r\n", 1000))
		if story(got) != "HTTP/1.1 100 Continue||" {
			t.Errorf("%s, %v", story(got), err)
		}
		c.Write([]byte("abc"))
		if rest := c.recvAll(co); !strings.HasSuffix(rest, "||abc<end>") {
			t.Error(rest)
		}
		c.Close()
		return nil
	})
}

// TestStdClientLeaves: the context is cancelled, writing and reading fail, and
// nothing is logged.
func TestStdClientLeaves(t *testing.T) {
	ended := make(chan struct{})
	began := make(chan struct{}, 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		began <- struct{}{}
		<-r.Context().Done()
		if cause := context.Cause(r.Context()); !errors.Is(cause, http1.ErrClientGone) {
			t.Error(cause)
		}
		if n, err := w.Write(make([]byte, 100_000)); err == nil {
			t.Errorf("wrote %d bytes to nobody", n)
		}
		if _, err := io.ReadAll(r.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
	}
	serve(t, http1.Std(http.HandlerFunc(h)), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Content-Length: 9||")))
		if _, err := loop.Await(co, fromChan(co, began)); err != nil {
			return err
		}
		c.Abort()
		if err, _ := loop.Await(co, w.shutdown(co, context.Background())); err != nil {
			t.Error(err)
		}
		select {
		case <-ended:
		default:
			t.Error("Shutdown did not wait for the handler")
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		return nil
	})
}

// fromChan is a future for what comes from a channel.
func fromChan[T any](co *loop.Co, ch <-chan T) *loop.Future[T] {
	p := loop.NewPromise[T](co.Loop())
	go func() {
		v := <-ch
		_ = p.Post(v, nil)
	}()
	return p.Future()
}

// TestStdBodyAfterTheEnd: what a goroutine left behind reads is no other request's.
func TestStdBodyAfterTheEnd(t *testing.T) {
	waits, late := make(chan error, 1), make(chan error, 1)
	over := make(chan struct{})
	h := func(_ http.ResponseWriter, r *http.Request) {
		reads := make(chan struct{})
		go func() {
			p := make([]byte, 10)
			n, err := r.Body.Read(p) // it has come
			if n != 1 {
				t.Error(n, err)
			}
			close(reads)
			_, err = r.Body.Read(p)
			waits <- err
			<-over
			_, err = r.Body.Read(p)
			late <- err
		}()
		<-reads
	}
	serve(t, http1.Std(http.HandlerFunc(h)), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Content-Length: 9||1")))
		err, _ := loop.Await(co, fromChan(co, waits))
		if err != http.ErrBodyReadAfterClose {
			t.Error(err)
		}
		close(over)
		if err, _ := loop.Await(co, fromChan(co, late)); err != http.ErrBodyReadAfterClose {
			t.Error(err)
		}
		return nil
	})
}

// TestStdReusesGoroutines: one after another, requests run on the same goroutine.
func TestStdReusesGoroutines(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	h := func(w http.ResponseWriter, r *http.Request) {
		p := make([]byte, 100)
		head, _, _ := strings.Cut(string(p[:runtime.Stack(p, false)]), "[")
		mu.Lock()
		seen[head]++
		mu.Unlock()
		if r.RequestURI == "/exit" {
			runtime.Goexit()
		}
	}
	const n = 10
	stdTalk(t, h, strings.Repeat(get, n-1)+getLast)
	if len(seen) > n/2 { // one is still on its way to rest, now and then, when the next is asked for
		t.Error(seen)
	}
	clear(seen)
	got, _ := stdTalk(t, h, get+"GET /exit HTTP/1.1|Host: a||"+get+getLast)
	if len(seen) < 2 || strings.Count(got, "HTTP/1.1 200") != 3 {
		t.Error("after an exit:", seen, got)
	}
}

// TestStdRetires: a goroutine is not used for ever.
func TestStdRetires(t *testing.T) {
	var mu sync.Mutex
	seen := map[string]int{}
	h := func(http.ResponseWriter, *http.Request) {
		p := make([]byte, 100)
		head, _, _ := strings.Cut(string(p[:runtime.Stack(p, false)]), "[")
		mu.Lock()
		seen[head]++
		mu.Unlock()
	}
	stdTalk(t, h, strings.Repeat(get, 1100)+getLast)
	if len(seen) < 2 || len(seen) > 100 {
		t.Error(len(seen), seen)
	}
}

// TestStdLimit: no limit unless one is asked for.
func TestStdLimit(t *testing.T) {
	for _, tt := range []struct {
		max  int64
		want string
	}{{0, "HTTP/1.1 200"}, {-1, "HTTP/1.1 200"}, {1 << 30, "HTTP/1.1 413"}} {
		srv := &http1.Server{MaxBody: tt.max, Handler: http1.Std(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Connection", "close")
		}))}
		serveOn(t, &world{srv: srv}, func(co *loop.Co, w *world) error {
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

// TestStdLoopCloses: a handler that is still running when the loop is closed finds
// that writing and reading fail; nothing waits for ever.
func TestStdLoopCloses(t *testing.T) {
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	n := &looptest.Network{}
	began, ended := make(chan struct{}), make(chan struct{})
	srv := &http1.Server{Network: n, Handler: http1.Std(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(ended)
		close(began)
		<-l.Closed()
		if _, err := w.Write(make([]byte, 100_000)); !errors.Is(err, loop.ErrClosed) {
			t.Error("Write:", err)
		}
		if _, err := r.Body.Read(make([]byte, 1)); !errors.Is(err, loop.ErrClosed) {
			t.Error("Read:", err)
		}
		if r.Context().Err() == nil {
			t.Error("the context lives on")
		}
	}))}
	if _, err := srv.Listen(l, address); err != nil {
		t.Fatal(err)
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		c := (&world{t: t, net: n}).dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Content-Length: 9||")))
		return loop.Await(co, fromChan(co, began))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	<-ended
}

// TestStdServerCloses: Close breaks off what the handler waits for.
func TestStdServerCloses(t *testing.T) {
	began, wrote, read := make(chan struct{}), make(chan error, 1), make(chan error, 1)
	h := func(w http.ResponseWriter, r *http.Request) {
		go func() {
			_, err := r.Body.Read(make([]byte, 1))
			read <- err
		}()
		w.(http.Flusher).Flush()
		close(began)
		_, err := w.Write(make([]byte, 10<<20))
		wrote <- err
		<-r.Context().Done()
	}
	serve(t, http1.Std(http.HandlerFunc(h)), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire("POST / HTTP/1.1|Host: a|Content-Length: 9||")))
		if _, err := loop.Await(co, fromChan(co, began)); err != nil {
			return err
		}
		w.srv.Close()
		for what, ch := range map[string]chan error{"Write": wrote, "Read": read} {
			if err, _ := loop.Await(co, fromChan(co, ch)); err == nil {
				t.Error(what, "succeeded")
			}
		}
		return nil
	})
}
