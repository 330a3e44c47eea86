package http1_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestInform: 1xx responses go before the final one, and only where they may.
func TestInform(t *testing.T) {
	var errs []error
	keep := func(err error) { errs = append(errs, err) }
	h := routes{
		"/hints": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			keep(w.Inform(103, http1.Field{Name: "Link", Value: "</a.css>; rel=preload"}, http1.Field{Name: "Content-Length", Value: "7"}))
			keep(w.Inform(102))
			_, err := w.WriteString("x")
			return err
		},
		"/bad": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			keep(w.Inform(103, http1.Field{Name: "Link", Value: "a\r\nb"}))
			keep(w.Flush())
			keep(w.Inform(103))
			return nil
		},
		"/continue": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			keep(w.Inform(103))
			keep(w.Inform(100))
			return site["/length"](co, w, r)
		},
		"/panic": func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error { return w.Inform(101) },
		"/":      site["/"],
	}
	const x = "HTTP/1.1 200 OK|DATE|Content-Length: 1||x"
	const hints = "HTTP/1.1 103 Early Hints|Link: </a.css>; rel=preload||HTTP/1.1 102 Processing||"
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h}} }, []talk{
		{"hints, in a pipeline", get + "GET /hints HTTP/1.1|Host: a||" + getLast, hello + hints + x + last},
		{"to HTTP/1.0", "GET /hints HTTP/1.0||", "HTTP/1.1 200 OK|DATE|Content-Length: 1|Connection: close||x<end>"},
		{"before 100", "POST /continue HTTP/1.1|Host: a|Content-Length: 3|Expect: 100-continue||abc" + getLast,
			"HTTP/1.1 103 Early Hints||HTTP/1.1 100 Continue||HTTP/1.1 200 OK|DATE|Content-Length: 1||3" + last},
	})
	for _, err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	errs = nil
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "GET /bad HTTP/1.1|Host: a||GET /panic HTTP/1.1|Host: a|Connection: close||")
		if got := c.recv(co); got != "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||0||"+failureLast {
			t.Error(got)
		}
		if len(errs) != 3 || !errors.Is(errs[0], http1.ErrBadField) || errs[1] != nil || errs[2] != http1.ErrBegun {
			t.Error(errs)
		}
		if log := w.log.take(); !strings.Contains(log, "Inform with status 101") {
			t.Error(log)
		}
		return nil
	})
}

// TestRequestTrailers: they are there when the body has ended, and apart from the header.
func TestRequestTrailers(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if r.Trailer().Len() != 0 {
			t.Error("trailers before the body")
		}
		if r.Method == "PUT" {
			_, err := w.WriteString("not read")
			return err
		}
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return err
		}
		for name, value := range r.Trailer().All() {
			fmt.Fprintf(w, "%s=%s,", name, value)
		}
		if r.Header.Has("Sum") {
			t.Error("a trailer is in the header")
		}
		return nil
	})
	const head = " / HTTP/1.1|Host: a|Transfer-Encoding: chunked||3|abc|0|"
	answer := func(s string) string { return fmt.Sprintf("HTTP/1.1 200 OK|DATE|Content-Length: %d||%s", len(s), s) }
	tooMany := strings.Repeat("A: "+strings.Repeat("x", 100)+"|", 100)
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h}} }, []talk{
		{"some", "POST" + head + "Sum: 1|other: x y|SUM: 2||" + "POST" + head + "|", answer("Sum=1,other=x y,SUM=2,") + answer("") + "<open>"},
		{"no chunks", "POST / HTTP/1.1|Host: a|Content-Length: 3||abc", answer("") + "<open>"},
		{"unread", "PUT" + head + "Sum: 1||" + "POST" + head + "Sum: 2||", answer("not read") + answer("Sum=2,") + "<open>"},
		{"forbidden", "POST" + head + "Content-Length: 1||", badRequest},
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST"+head+tooMany+"|")
		if got := c.recv(co); got != "HTTP/1.1 431 Request Header Fields Too Large|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 36|Connection: close||431 Request Header Fields Too Large\n<end>" {
			t.Error(got)
		}
		return nil
	})
}

func TestResponseTrailers(t *testing.T) {
	const chunks = "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked|"
	set := func(w *http1.ResponseWriter, fields ...string) {
		for _, f := range fields {
			name, value, _ := strings.Cut(f, ": ")
			w.Trailer().Add(name, value)
		}
	}
	with := func(fields ...string) http1.HandlerFunc {
		return func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			set(w, fields...)
			_, err := w.WriteString("body")
			return err
		}
	}
	for _, tt := range []handlerCase{
		{name: "announced", handle: with("Sum: 1", "Time: 2", "sum: 3"), want: chunks + "Trailer: Sum, Time||4|body|0|Sum: 1|Time: 2|sum: 3||<open>"},
		{name: "not announced", want: chunks + "|4|body|0|Sum: 1||<open>", handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			w.WriteString("body")
			err := w.Flush()
			set(w, "Sum: 1")
			return err
		}},
		{name: "announced by the handler", want: "HTTP/1.1 200 OK|Trailer: Sum, Time|DATE|Transfer-Encoding: chunked||0|Sum: 1||<open>",
			handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
				w.Header().Set("Trailer", "Sum, Time")
				set(w, "Sum: 1")
				return nil
			}},
		{name: "looked at", handle: with(), want: "HTTP/1.1 200 OK|DATE|Content-Length: 4||body<open>"},
		{name: "HEAD", handle: with("Sum: 1"), send: "HEAD / HTTP/1.1|Host: a||", want: chunks + "Trailer: Sum||<open>"},
		{name: "HTTP/1.0", handle: with("Sum: 1"), send: "GET / HTTP/1.0||", want: "HTTP/1.1 200 OK|DATE|Content-Length: 4|Connection: close||body<end>"},
		{name: "no place", want: "HTTP/1.1 204 No Content|DATE||<open>", handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			w.SetStatus(204)
			set(w, "Sum: 1")
			return nil
		}},
		{name: "own length", want: "HTTP/1.1 200 OK|DATE|Content-Length: 4||body<open>", handle: func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			w.Header().Set("Content-Length", "4")
			return with("Sum: 1")(co, w, r)
		}},
		{name: "forbidden", handle: with("Content-Type: x"), want: failure + "<open>", log: "as a trailer"},
		{name: "no field", handle: with("Sum: a\nb"), want: failure + "<open>", log: "invalid header field"},
		{name: "no field, too late", want: chunks + "|1|x|<end>", log: "invalid header field", handle: func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			w.WriteString("x")
			err := w.Flush()
			set(w, "Sum: a\nb")
			return err
		}},
	} {
		tt.check(t)
	}
}
