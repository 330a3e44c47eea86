package http1_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// refusal is a request that is none; its answer is told without body and fields, which
// are the server's own affair.
func refusal(name, send, want, ours, why string) behaviour {
	return behaviour{
		name: name,
		want: want,
		ours: ours,
		why:  why,
		handle: func(w http.ResponseWriter, r *http.Request, note noter) {
			io.Copy(io.Discard, r.Body)
			io.WriteString(w, "served")
		},
		drive: func(t *testing.T, c *caller) {
			c.say(send)
			c.CloseWrite()
			first := c.line()
			io.Copy(io.Discard, c.r)
			_, status, _ := strings.Cut(first, " ")
			c.r.Reset(strings.NewReader("HTTP/1.1 " + status[:min(3, len(status))] + "\r\nDate: x\r\n\r\n"))
		},
	}
}

var connBehaviours = []behaviour{
	{name: "two requests one after the other", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: bKeep + bGet, handle: text("x")},
	{name: "three of them", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: bKeep + bKeep + bGet, handle: text("x")},
	{name: "the body that nobody read is skipped", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: "POST / HTTP/1.1|Host: a|Content-Length: 5||abcde" + bGet, handle: text("x")},
	{name: "the chunked body that nobody read is skipped", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: "POST / HTTP/1.1|Host: a|" + chunks + bGet, handle: text("x")},
	{name: "half of the body is read", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: "POST / HTTP/1.1|Host: a|Content-Length: 5||abcde" + bGet, handle: func(w http.ResponseWriter, r *http.Request, _ noter) {
		r.Body.Read(make([]byte, 2))
		io.WriteString(w, "x")
	}},
	{name: "nothing behind a request that closes", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", send: bGet + bGet, handle: text("x")},
	{name: "a client that ends its side", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end>", drive: func(t *testing.T, c *caller) { c.say(bKeep); c.CloseWrite() }, handle: text("x")},
	{name: "a client that sends nothing", want: "<end>", drive: func(t *testing.T, c *caller) { c.CloseWrite() }, handle: text("x")},
	{name: "an answer before the body has come", want: "<not http: malformed HTTP response \"5\" \"first\\r\\n0\\r\\n\\r\\n\"> [<nil>] [\"abc\" <nil>]", drive: func(t *testing.T, c *caller) {
		c.say("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: 3||")
		for c.line() != "" {
		}
		c.say("abc")
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		rc := http.NewResponseController(w)
		rc.EnableFullDuplex()
		io.WriteString(w, "first")
		note(rc.Flush())
		note(bodyOf(r))
	}},
	{name: "100 Continue when the body is read", want: "200|Content-Length: 0||<end> [\"abc\" <nil>]", drive: func(t *testing.T, c *caller) {
		c.say("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: 3|Expect: 100-continue||")
		if l := c.line(); l != "HTTP/1.1 100 Continue" {
			t.Error(l)
		}
		c.line()
		c.say("abc")
	}, handle: noting(bodyOf)},
	{name: "no 100 Continue when it is not", want: "<end>", drive: func(t *testing.T, c *caller) {
		c.say("POST / HTTP/1.1|Host: a|Content-Length: 3|Expect: 100-continue||")
		if l := c.line(); l != "HTTP/1.1 403 Forbidden" {
			t.Error(l)
		}
		c.CloseWrite()
		io.ReadAll(c.r)
	}, handle: status(403)},
	{name: "WriteHeader(100)", want: "200|Content-Length: 0||<end> [\"abc\" <nil>]", drive: func(t *testing.T, c *caller) {
		c.say("POST / HTTP/1.1|Host: a|Connection: close|Content-Length: 3|Expect: 100-continue||")
		if l := c.line(); l != "HTTP/1.1 100 Continue" {
			t.Error(l)
		}
		c.line()
		c.say("abc")
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.WriteHeader(100)
		note(bodyOf(r))
	}},
	{name: "Expect is seen", want: "200|Content-Length: 0||<end> [100-continue]", send: "GET / HTTP/1.1|Host: a|Connection: close|Expect: 100-continue||", handle: noting(func(r *http.Request) any { return r.Header.Get("Expect") })},
	{name: "a client that leaves cancels the context", want: "<not http: malformed HTTP status code \"Wed,\" \"Transfer-Encoding: chunked\\r\\n\\r\\n\"> [context canceled]", drive: func(t *testing.T, c *caller) {
		c.say(bKeep)
		c.line()
		c.SetLinger(0)
		c.Close()
		c.hear()
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		note(r.Context().Err())
	}},
	{name: "a body that ends too early", want: "200|Content-Length: 0||<end> [abctrue]", drive: func(t *testing.T, c *caller) {
		c.say("POST / HTTP/1.1|Host: a|Content-Length: 9||abc")
		c.CloseWrite()
	}, handle: noting(func(r *http.Request) any {
		p, err := io.ReadAll(r.Body)
		return fmt.Sprint(string(p), errors.Is(err, io.ErrUnexpectedEOF))
	})},
	{name: "a read deadline", want: "408|Content-Length: 0||<end> [<nil>] [abctrue]", send: "POST / HTTP/1.1|Host: a|Content-Length: 9||abc", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		rc := http.NewResponseController(w)
		note(rc.SetReadDeadline(time.Now().Add(time.Millisecond)))
		p, err := io.ReadAll(r.Body)
		note(string(p), errors.Is(err, os.ErrDeadlineExceeded))
		w.WriteHeader(408)
	}},
	{name: "a read deadline that is taken back", want: "200|Content-Length: 0||<end> [<nil> <nil>\"abc\" <nil>]", send: posted("Content-Length: 3||abc"), handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		rc := http.NewResponseController(w)
		note(rc.SetReadDeadline(time.Now().Add(time.Hour)), rc.SetReadDeadline(time.Time{}), bodyOf(r))
	}},
	{name: "a write deadline", want: "<end> [<nil>] [true]", drive: func(t *testing.T, c *caller) {
		c.say(bKeep)
		c.hear()
		c.hear()
		io.ReadAll(c.r) // it ends: the connection is broken off
		c.r.Reset(strings.NewReader(""))
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		rc := http.NewResponseController(w)
		rc.Flush()
		note(rc.SetWriteDeadline(time.Now().Add(time.Millisecond)))
		var err error
		for p := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(p)
		}
		note(errors.Is(err, os.ErrDeadlineExceeded))
	}},
	{name: "a write deadline in the future", want: "200|Content-Length: 1|Content-Type: text/plain; charset=utf-8||x<end> [<nil>]", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		note(http.NewResponseController(w).SetWriteDeadline(time.Now().Add(time.Hour)))
		io.WriteString(w, "x")
	}},
	{name: "writing to who has left", want: "<not http: malformed HTTP status code \"Wed,\" \"Transfer-Encoding: chunked\\r\\n\\r\\n\"> [true]", drive: func(t *testing.T, c *caller) {
		c.say(bKeep)
		c.line()
		c.SetLinger(0)
		c.Close()
		c.hear()
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		var err error
		for p := make([]byte, 1<<20); err == nil; {
			_, err = w.Write(p)
		}
		note(err != nil)
	}},

	refusal("no request", "hello||", "400||<end>", "", ""),
	refusal("no Host", "GET / HTTP/1.1||", "400||<end>", "", ""),
	refusal("two Hosts", "GET / HTTP/1.1|Host: a|Host: b||", "400||<end>", "", ""),
	refusal("a Host that is none", "GET / HTTP/1.1|Host: a b||", "400||<end>", "", ""),
	refusal("version 2.0", "GET / HTTP/2.0|Host: a||", "505||<end>", "", ""),
	refusal("version 3.1", "GET / HTTP/3.1|Host: a||", "505||<end>", "", ""),
	refusal("a version that is none", "GET / HTTP/x|Host: a||", "400||<end>", "", ""),
	refusal("a name with a blank", "GET / HTTP/1.1|Host: a|A b: c||", "400||<end>", "", ""),
	refusal("a blank before the colon", "GET / HTTP/1.1|Host: a|A : c||", "400||<end>", "", ""),
	refusal("a line without a colon", "GET / HTTP/1.1|Host: a|Ab||", "400||<end>", "", ""),
	refusal("a control byte in a value", "GET / HTTP/1.1|Host: a|A: b\x01||", "400||<end>", "", ""),
	refusal("a length that is none", "GET / HTTP/1.1|Host: a|Content-Length: x||", "400||<end>", "", ""),
	refusal("a negative length", "GET / HTTP/1.1|Host: a|Content-Length: -1||", "400||<end>", "", ""),
	refusal("two lengths", "POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 2||ab", "400||<end>", "", ""),
	refusal("one length twice", "POST / HTTP/1.1|Host: a|Content-Length: 1|Content-Length: 1||a", "200||<end>", "", ""),
	refusal("length and chunks", "POST / HTTP/1.1|Host: a|Content-Length: 1|"+chunks, "200||<end>", "400||<end>", "request smuggling (RFC 9112, 6.1): refused, where net/http drops the length"),
	refusal("an unknown coding", "POST / HTTP/1.1|Host: a|Transfer-Encoding: frob||", "501||<end>", "400||<end>", "without chunked at the end the body has no length (RFC 9112, 6.3)"),
	refusal("a coding before chunked", "POST / HTTP/1.1|Host: a|Transfer-Encoding: gzip, chunked||0||", "501||<end>", "", ""),
	refusal("chunked to HTTP/1.0", "POST / HTTP/1.0|"+chunks, "200||<end>", "400||<end>", "refused (RFC 9112, 6.1)"),
	refusal("an unknown expectation", "GET / HTTP/1.1|Host: a|Expect: frob||", "417||<end>", "", ""),
	refusal("a head without an end", "GET / HTTP/1.1|Host: a|A: "+strings.Repeat("x", 2<<20), "431||<end>", "", ""),
	refusal("lines that end in LF", "GET / HTTP/1.1\nHost: a\n\n", "200||<end>", "400||<end>", "a bare LF is refused (RFC 9112, 2.2)"),
	refusal("an empty line before", "|GET / HTTP/1.1|Host: a|Connection: close||", "400||<end>", "200||<end>", "RFC 9112, 2.2: it should be ignored"),
	refusal("a folded line", "GET / HTTP/1.1|Host: a|A: b| c||", "200||<end>", "400||<end>", "obsolete (RFC 9112, 5.2)"),
	refusal("a target without a slash", "GET a HTTP/1.1|Host: a||", "400||<end>", "", ""),
	refusal("a fragment in the target", "GET /a#b HTTP/1.1|Host: a||", "200||<end>", "400||<end>", "no part of a target (RFC 9112, 3.2)"),
}

// taken is a handler that hijacks.
func taken(do func(c net.Conn, rw *bufio.ReadWriter, note noter)) func(http.ResponseWriter, *http.Request, noter) {
	return func(w http.ResponseWriter, r *http.Request, note noter) {
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			note(err)
			return
		}
		defer c.Close()
		do(c, rw, note)
	}
}

const answer = "HTTP/1.1 299 x\r\nContent-Length: 2\r\nDate: x\r\n\r\nhi"

var takenBehaviours = []behaviour{
	{name: "Hijack: writing to the conn", want: "299|Content-Length: 2||hi<end>", handle: taken(func(c net.Conn, _ *bufio.ReadWriter, _ noter) { io.WriteString(c, answer) })},
	{name: "Hijack: writing to the writer", want: "299|Content-Length: 2||hi<end>", handle: taken(func(_ net.Conn, rw *bufio.ReadWriter, _ noter) {
		rw.WriteString(answer)
		rw.Flush()
	})},
	{name: "Hijack: a TCP connection", want: "<end> [true]", handle: taken(func(c net.Conn, _ *bufio.ReadWriter, note noter) {
		_, ok := c.(*net.TCPConn)
		note(ok)
	})},
	{name: "Hijack: what has come is in the reader", want: "<end> [abc<nil>]", send: "GET / HTTP/1.1|Host: a||abc", handle: taken(func(_ net.Conn, rw *bufio.ReadWriter, note noter) {
		p, err := rw.Reader.Peek(3)
		note(string(p), err)
	})},
	{name: "Hijack: a dialogue", want: "<end> [abc<nil>]", drive: func(t *testing.T, c *caller) {
		c.say("GET / HTTP/1.1|Host: a||")
		if l := c.line(); l != "hello" {
			t.Error(l)
		}
		c.say("abc|")
	}, handle: taken(func(c net.Conn, rw *bufio.ReadWriter, note noter) {
		io.WriteString(c, "hello\r\n")
		l, err := rw.ReadString('\n')
		note(strings.TrimSpace(l), err)
	})},
	{name: "Hijack: deadlines are off", want: "<end> [<nil>]", drive: func(t *testing.T, c *caller) {
		c.say("GET / HTTP/1.1|Host: a||")
		c.line()
		c.say("abc|")
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		c, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			note(err)
			return
		}
		defer c.Close()
		io.WriteString(c, "go\r\n")
		_, err = rw.ReadString('\n')
		note(err)
	}},
	{name: "Hijack: a deadline of the conn", want: "<end> [<nil>] [true]", drive: func(t *testing.T, c *caller) {
		c.say("GET / HTTP/1.1|Host: a||")
	}, handle: taken(func(c net.Conn, rw *bufio.ReadWriter, note noter) {
		note(c.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err := rw.ReadByte()
		note(errors.Is(err, os.ErrDeadlineExceeded))
	})},
	{name: "Hijack: the second time", want: "<end> [true]", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		c, _, _ := w.(http.Hijacker).Hijack()
		defer c.Close()
		_, _, err := w.(http.Hijacker).Hijack()
		note(err == http.ErrHijacked)
	}},
	{name: "Hijack: writing to the ResponseWriter", want: "<end> [0 true] [0 true]", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		c, _, _ := w.(http.Hijacker).Hijack()
		defer c.Close()
		n, err := w.Write([]byte("x"))
		note(n, err == http.ErrHijacked)
		n, err = io.WriteString(w, "x")
		note(n, err == http.ErrHijacked)
		w.WriteHeader(404)
	}},
	{name: "Hijack: behind a write", want: "200|Content-Type: text/plain; charset=utf-8|chunked||abc<end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		io.WriteString(w, "ab")
		w.(http.Flusher).Flush()
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			note(err)
			return
		}
		io.WriteString(c, "1\r\nc\r\n0\r\n\r\n")
		c.Close()
	}},
	{name: "Hijack: behind WriteHeader(101)", want: "299|Content-Length: 2||hi<end>", drive: func(t *testing.T, c *caller) {
		c.say("GET / HTTP/1.1|Host: a|Connection: Upgrade|Upgrade: x||")
		var lines []string
		for l := c.line(); l != ""; l = c.line() {
			if !strings.HasPrefix(l, "Date: ") {
				lines = append(lines, l)
			}
		}
		slices.Sort(lines)
		if s := strings.Join(lines, "|"); s != "A: 1|Connection: Upgrade|HTTP/1.1 101 Switching Protocols|Upgrade: x" {
			t.Error(s)
		}
	}, handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		w.Header().Set("A", "1")
		w.Header().Set("Upgrade", "x")
		w.Header().Set("Connection", "Upgrade")
		w.WriteHeader(101)
		c, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			note(err)
			return
		}
		io.WriteString(c, answer)
		c.Close()
	}},
	{name: "Hijack: CloseWrite", want: "<end> [<nil>] [late<nil>]", drive: func(t *testing.T, c *caller) {
		c.say("GET / HTTP/1.1|Host: a||")
		io.ReadAll(c.r)
		c.say("late|")
		c.hear()
		c.hear()
	}, handle: taken(func(c net.Conn, rw *bufio.ReadWriter, note noter) {
		note(c.(interface{ CloseWrite() error }).CloseWrite())
		l, err := rw.ReadString('\n')
		note(strings.TrimSpace(l), err)
	})},
	{name: "Hijack: a panic leaves the conn alone", want: "299|Content-Length: 2||hi<end>", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		c, _, _ := w.(http.Hijacker).Hijack()
		go func() {
			defer c.Close()
			<-r.Context().Done()
			io.WriteString(c, answer)
		}()
		panic("boom")
	}},
	{name: "Hijack: the conn outlives the handler", want: "299|Content-Length: 2||hi<end> [context canceled]", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		c, _, _ := w.(http.Hijacker).Hijack()
		ctx := r.Context()
		go func() {
			defer c.Close()
			<-ctx.Done()
			note(context.Cause(ctx))
			io.WriteString(c, answer)
		}()
	}},
	{name: "Hijack: in the middle of pipelined requests", want: "200|Content-Length: 5|Content-Type: text/plain; charset=utf-8||first299|Content-Length: 2||hi<end> [rest<nil>]", send: bKeep + "GET /h HTTP/1.1|Host: a||rest", handle: func(w http.ResponseWriter, r *http.Request, note noter) {
		if r.URL.Path != "/h" {
			io.WriteString(w, "first")
			return
		}
		c, rw, err := w.(http.Hijacker).Hijack()
		if err != nil {
			note(err)
			return
		}
		defer c.Close()
		p, err := rw.Peek(4)
		note(string(p), err)
		io.WriteString(c, answer)
	}},
}
