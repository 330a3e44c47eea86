package http1_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

const (
	failure     = "HTTP/1.1 500 Internal Server Error|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 26||500 Internal Server Error\n"
	failureLast = "HTTP/1.1 500 Internal Server Error|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 26|Connection: close||500 Internal Server Error\n<end>"
)

type handlerCase struct {
	name   string
	handle http1.HandlerFunc
	send   string // "": get
	want   string
	log    string // what the one log record contains; "": none
}

func (tt handlerCase) check(t *testing.T) {
	t.Run(tt.name, func(t *testing.T) {
		serve(t, tt.handle, func(co *loop.Co, w *world) error {
			send := tt.send
			if send == "" {
				send = get
			}
			c := w.dial(co)
			c.send(co, send)
			if got := c.recv(co); got != tt.want {
				t.Errorf("\n got %s\nwant %s", got, tt.want)
			}
			log := w.log.take()
			if !strings.Contains(log, tt.log) || (strings.Count(log, "\n") != 1) != (tt.log == "") {
				t.Errorf("logged %q, want %q", log, tt.log)
			}
			return nil
		})
	})
}

// writes is a handler that sets fields, "Name: value", and a status, and writes.
func writes(status int, fields, body string) http1.HandlerFunc {
	return func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		for field := range strings.SplitSeq(fields, "|") {
			if name, value, ok := strings.Cut(field, ": "); ok {
				w.Header().Add(name, value)
			}
		}
		w.SetStatus(status)
		if body == "" {
			return nil
		}
		_, err := w.WriteString(body)
		return err
	}
}

func TestResponses(t *testing.T) {
	big := strings.Repeat("x", 8<<10)
	for _, tt := range []handlerCase{
		{name: "fields", handle: writes(201, "B: 1|A: 2|B: 3", "x"), want: "HTTP/1.1 201 Created|B: 1|A: 2|B: 3|DATE|Content-Length: 1||x<open>"},
		{name: "unknown status", handle: writes(799, "", ""), want: "HTTP/1.1 799 |DATE|Content-Length: 0||<open>"},
		{name: "own date", handle: writes(200, "date: today", ""), want: "HTTP/1.1 200 OK|date: today|Content-Length: 0||<open>"},
		{name: "own length", handle: writes(200, "content-length: 1", "x"), want: "HTTP/1.1 200 OK|DATE|Content-Length: 1||x<open>"},
		{name: "own framing", handle: writes(200, "Transfer-Encoding: chunked|Connection: keep-alive", "x"), want: "HTTP/1.1 200 OK|DATE|Content-Length: 1||x<open>"},
		{name: "close", handle: writes(200, "Connection: x, close", "x"), want: "HTTP/1.1 200 OK|DATE|Content-Length: 1|Connection: close||x<end>"},
		{name: "204", handle: writes(204, "Content-Length: 0", ""), send: get + get, want: "HTTP/1.1 204 No Content|DATE||HTTP/1.1 204 No Content|DATE||<open>"},
		{name: "304", handle: writes(304, "ETag: x", ""), want: "HTTP/1.1 304 Not Modified|ETag: x|DATE||<open>"},
		{name: "head with length", handle: writes(200, "Content-Length: 7", ""), send: "HEAD / HTTP/1.1|Host: a||" + "HEAD / HTTP/1.1|Host: a||",
			want: "HTTP/1.1 200 OK|DATE|Content-Length: 7||HTTP/1.1 200 OK|DATE|Content-Length: 7||<open>"},
		{name: "8 KiB", handle: writes(200, "", big), want: "HTTP/1.1 200 OK|DATE|Content-Length: 8192||" + big + "<open>"},
		{name: "more", handle: writes(200, "", big+"y"), want: "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||2001|" + big + "y|0||<open>"},
		{name: "more with length", handle: writes(200, "Content-Length: 8193", big+"y"), want: "HTTP/1.1 200 OK|DATE|Content-Length: 8193||" + big + "y<open>"},
		{name: "more to 1.0", handle: writes(200, "", big+"y"), send: "GET / HTTP/1.0|Connection: keep-alive||", want: "HTTP/1.1 200 OK|DATE|Connection: close||" + big + "y<end>"},

		{name: "204 with body", handle: writes(204, "", "x"), want: failure, log: "no body"},
		{name: "304 with body", handle: writes(304, "", "x"), want: failure, log: "no body"},
		{name: "too much", handle: writes(200, "Content-Length: 3", "four"), want: failure, log: "differs from its Content-Length"},
		{name: "too little", handle: writes(200, "Content-Length: 5", "four"), want: failure, log: "4 of 5 bytes"},
		{name: "length foo", handle: writes(200, "Content-Length: foo", "x"), want: failure, log: "invalid header field"}, // H42
		{name: "length +1", handle: writes(200, "Content-Length: +1", "x"), want: failure, log: "invalid header field"},
		{name: "length 1_0", handle: writes(200, "Content-Length: 1_0", ""), want: failure, log: "invalid header field"},
		{name: "line break", handle: writes(200, "A: b\r\nC: d", "x"), want: failure, log: "invalid header field"},
		{name: "line feed", handle: writes(200, "A: b\nC: d", "x"), want: failure, log: "invalid header field"},
		{name: "NUL", handle: writes(200, "A: b\x00", "x"), want: failure, log: "invalid header field"},
		{name: "field name", handle: writes(200, "A b: c", "x"), want: failure, log: "invalid header field"},
		{name: "in a stream", handle: writes(200, "A: \n", big+"x"), want: failure, log: "invalid header field"},

		{name: "status after body", want: failure, log: "no body", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.WriteString("x")
			w.SetStatus(204)
			return nil
		}},
		{name: "length after body", want: failure, log: "differs", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.WriteString("four")
			w.Header().Set("Content-Length", "3")
			return nil
		}},
		{name: "status too late", want: "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||1|x|0||<open>", handle: func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			if err := w.Flush(); err != nil {
				return err
			}
			w.SetStatus(204)
			w.Header().Set("Content-Length", "7")
			if w.Status() != 200 || !w.Begun() {
				t.Error(w.Status(), w.Begun())
			}
			_, err := w.WriteString("x")
			return err
		}},
		{name: "bad status", want: failure, log: "stack=", handle: writes(20, "", "")},
	} {
		if tt.log != "" {
			tt.want += "<open>"
		}
		tt.check(t)
	}
}

func TestFailures(t *testing.T) {
	fails := func(err error) http1.HandlerFunc {
		return func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.Header().Set("X", "gone")
			w.SetStatus(201)
			w.WriteString("gone too")
			return err
		}
	}
	for _, tt := range []handlerCase{
		{name: "error", handle: fails(errors.New("boom")), send: get + getLast, want: failure + failureLast, log: ""},
		{name: "panic", handle: func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { panic("boom") },
			want: failure + "<open>", log: "response_test.go"},
		{name: "panic with a cancellation", handle: func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { panic(context.Canceled) },
			want: failure + "<open>", log: "stack="},
		{name: "Goexit", handle: func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { runtime.Goexit(); return nil },
			want: failure + "<open>", log: "Goexit"},
		{name: "own cancellation", handle: fails(context.Canceled), want: failure + "<open>", log: "context canceled"},
		{name: "teapot", handle: fails(&http1.HTTPError{Status: 418}), want: "HTTP/1.1 418 |Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 5||418 \n<open>"},
		{name: "wrapped", handle: fails(fmt.Errorf("w: %w", &http1.HTTPError{Status: 404, Err: errors.New("why")})),
			want: "HTTP/1.1 404 Not Found|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 14||404 Not Found\n<open>"},
		{name: "503 without cause", handle: fails(&http1.HTTPError{Status: 503}),
			want: "HTTP/1.1 503 Service Unavailable|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 24||503 Service Unavailable\n<open>"},
		{name: "503 with cause", handle: fails(&http1.HTTPError{Status: 503, Err: errors.New("why")}), log: "why",
			want: "HTTP/1.1 503 Service Unavailable|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 24||503 Service Unavailable\n<open>"},
		{name: "status 42", handle: fails(&http1.HTTPError{Status: 42}), want: failure + "<open>", log: "http1: 42"},
		{name: "too large", handle: fails(http1.ErrBodyTooLarge),
			want: "HTTP/1.1 413 Content Too Large|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 22||413 Content Too Large\n<open>"},
		{name: "to head", handle: fails(&http1.HTTPError{Status: 404}), send: "HEAD / HTTP/1.1|Host: a||",
			want: "HTTP/1.1 404 Not Found|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 14||<open>"},
	} {
		if tt.name == "error" {
			continue // below: it logs twice
		}
		tt.check(t)
	}
	serve(t, fails(errors.New("boom")), func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get+getLast)
		if got := c.recv(co); got != failure+failureLast {
			t.Error(got)
		}
		if log := w.log.take(); strings.Count(log, "boom") != 2 || !strings.Contains(log, "method=GET target=/") {
			t.Error(log)
		}
		return nil
	})
}

// TestFailuresBehindTheBeginning: the client can tell that the rest is missing, and
// has what came before.
func TestFailuresBehindTheBeginning(t *testing.T) {
	begun := func(field string, end func() error) http1.HandlerFunc {
		return func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			if field != "" {
				w.Header().Set("Content-Length", field)
			}
			w.WriteString("part")
			if err := w.Flush(); err != nil {
				return err
			}
			return end()
		}
	}
	boom := func() error { return errors.New("boom") }
	const part = "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||4|part|"
	for _, tt := range []handlerCase{
		{name: "error", handle: begun("", boom), want: part + "<end>", log: "boom"},
		{name: "panic", handle: begun("", func() error { panic("boom") }), want: part + "<end>", log: "stack="},
		{name: "status", handle: begun("", func() error { return &http1.HTTPError{Status: 404} }), want: part + "<end>"},
		{name: "with length", handle: begun("9", boom), want: "HTTP/1.1 200 OK|DATE|Content-Length: 9||part<end>", log: "boom"},
		{name: "too little", handle: begun("9", func() error { return nil }), want: "HTTP/1.1 200 OK|DATE|Content-Length: 9||part<end>", log: "4 of 9"},
		// Here an orderly end would say that this was all.
		{name: "1.0", handle: begun("", boom), send: "GET / HTTP/1.0||", want: "<reset>", log: "boom"},
	} {
		tt.check(t)
	}
}

// TestStreaming: each flush reaches the client before the handler goes on.
func TestStreaming(t *testing.T) {
	for _, tt := range []struct {
		send string
		want []string
	}{
		{"GET /stream HTTP/1.1|Host: a||", []string{"HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||6|part 0|", "6|part 1|", "6|part 2|", "0||<open>"}},
		{"GET /stream HTTP/1.0||", []string{"HTTP/1.1 200 OK|DATE|Connection: close||part 0", "part 1", "part 2", "<end>"}},
	} {
		serve(t, site, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, tt.send)
			for i, want := range tt.want {
				got := c.now(co)
				if i < 3 {
					want += "<open>"
				}
				if got != want {
					t.Errorf("step %d\n got %s\nwant %s", i, got, want)
				}
				if err := loop.Sleep(co, time.Minute); err != nil {
					return err
				}
			}
			return nil
		})
	}
}

// TestSlowReader: what waits for a client that does not read stays little, in one
// long write and in many.
func TestSlowReader(t *testing.T) {
	const size = 32 << 20 // more than a stream would queue
	for _, piece := range []int{size, 100_000, 1000} {
		written := 0
		h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			w.Header().Set("Content-Length", fmt.Sprint(size))
			p := make([]byte, piece)
			for written < size {
				n, err := w.Write(p[:min(piece, size-written)])
				written += n
				if err != nil {
					return err
				}
			}
			return nil
		})
		serve(t, h, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, getLast)
			if piece < size && written > 512<<10 {
				t.Errorf("pieces of %d: the handler could write %d bytes", piece, written)
			}
			got := 0
			for {
				p, err := loop.Await(co, c.ReadSome(64<<10))
				if err != nil {
					break
				}
				got += len(p)
			}
			head := len(wire("HTTP/1.1 200 OK|DATE|Content-Length: 33554432|Connection: close||"))
			if got != head+size {
				t.Errorf("pieces of %d: %d bytes arrived of %d", piece, got, head+size)
			}
			return nil
		})
	}
}

// TestPipelinedWithoutReading: nor do the answers to many requests pile up.
func TestPipelinedWithoutReading(t *testing.T) {
	answered := 0
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		answered++
		_, err := w.Write(make([]byte, 4000))
		return err
	})
	serveOn(t, &world{srv: &http1.Server{Handler: h}, net: &looptest.Network{Window: 4000}}, func(co *loop.Co, w *world) error {
		const n = 1500
		c := w.dial(co)
		c.send(co, strings.Repeat(get, n))
		if answered > 40 {
			t.Errorf("%d requests were answered before the client read", answered)
		}
		if err := c.CloseWrite(); err != nil { // and all of them are answered
			return err
		}
		got := c.recv(co)
		if k := strings.Count(got, "HTTP/1.1 200 OK"); k != n || !strings.HasSuffix(got, "<end>") {
			t.Errorf("%d answers of %d, and then %s", k, n, got[max(0, len(got)-10):])
		}
		return nil
	})
}

// TestResponseMisuse: using a response when it is over.
func TestResponseMisuse(t *testing.T) {
	var kept *http1.ResponseWriter
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		kept = w
		return nil
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		for _, size := range []int{0, 1, 100_000} {
			if n, err := kept.Write(make([]byte, size)); n != 0 || err == nil {
				t.Errorf("Write of %d: %d, %v", size, n, err)
			}
			if n, err := kept.WriteString(strings.Repeat("x", size)); n != 0 || err == nil {
				t.Errorf("WriteString of %d: %d, %v", size, n, err)
			}
		}
		if err := kept.Flush(); err == nil {
			t.Error("Flush")
		}
		c.send(co, get)
		const empty = "HTTP/1.1 200 OK|DATE|Content-Length: 0||"
		if got := c.recv(co); got != empty+empty+"<open>" {
			t.Error(got)
		}
		return nil
	})
}

// TestDate: it is the loop's time, once a second.
func TestDate(t *testing.T) {
	serve(t, site, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		if err := loop.Sleep(co, 90*time.Second); err != nil {
			return err
		}
		c.send(co, get)
		want := hello + strings.ReplaceAll(hello, "DATE", "Date: Sat, 01 Jan 2000 00:01:30 GMT") + "<open>"
		if got := c.recv(co); got != want {
			t.Error(got)
		}
		return nil
	})
}
