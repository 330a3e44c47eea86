package http1_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

const (
	get     = "GET / HTTP/1.1|Host: a||"
	hello   = "HTTP/1.1 200 OK|DATE|Content-Length: 5||hello"
	getLast = "GET / HTTP/1.1|Host: a|Connection: close||"
	last    = "HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: close||hello<end>"
)

func TestMessages(t *testing.T) {
	checkAll(t, siteWorld, []talk{
		{"get", get, hello + "<open>"},
		{"head", "HEAD / HTTP/1.1|Host: a||", "HTTP/1.1 200 OK|DATE|Content-Length: 5||<open>"},
		{"head of nothing", "HEAD /empty HTTP/1.1|Host: a||", "HTTP/1.1 200 OK|DATE||<open>"},
		{"head of a stream", "HEAD /stream HTTP/1.1|Host: a||" + getLast, "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||" +
			strings.ReplaceAll(last, "DATE", "Date: Sat, 01 Jan 2000 00:03:00 GMT")},
		{"post", "POST /echo HTTP/1.1|Host: a|Content-Length: 3||abc", "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc<open>"},
		{"post nothing", "POST /echo HTTP/1.1|Host: a|Content-Length: 0||", "HTTP/1.1 200 OK|DATE|Content-Length: 0||<open>"},
		{"any method", "FOO /length HTTP/1.1|Host: a||", "HTTP/1.1 200 OK|DATE|Content-Length: 1||0<open>"},
		{"absolute target", "GET http://b/?x HTTP/1.1|Host: a||", hello + "<open>"},
		{"404", "GET /none HTTP/1.1|Host: a||",
			"HTTP/1.1 404 Not Found|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 14||404 Not Found\n<open>"},

		// H31.
		{"keep-alive", get + get, hello + hello + "<open>"},
		{"close", getLast + get, last},
		{"1.0", "GET / HTTP/1.0||" + get, last},
		{"1.0 keep-alive", "GET / HTTP/1.0|Connection: Keep-Alive||" + getLast,
			"HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: keep-alive||hello" + last},
		{"1.0 keep-alive, empty line", "GET / HTTP/1.0|Connection: keep-alive|||" + getLast,
			"HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: keep-alive||hello" + last},
		{"empty lines between", "||" + get + "||" + getLast, hello + last},

		// Bodies.
		{"body then next", "POST /echo HTTP/1.1|Host: a|Content-Length: 3||abc" + getLast, "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc" + last},
		{"chunked", "POST /echo HTTP/1.1|Host: a|Transfer-Encoding: Chunked||3|abc|4;x=y|defg|0|T: x||" + getLast,
			"HTTP/1.1 200 OK|DATE|Content-Length: 7||abcdefg" + last},
		{"chunked to nobody", "POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||3|abc|0||" + getLast, hello + last},
		{"length to nobody", "POST / HTTP/1.1|Host: a|Content-Length: 3||abc" + getLast, hello + last},
	})
}

// TestPipelined is H32: the answers come in the order of the requests.
func TestPipelined(t *testing.T) {
	const n = 100
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		var i int
		if _, err := fmt.Sscanf(r.Target, "/%d", &i); err != nil {
			return err
		}
		switch i % 4 {
		case 1:
			_ = loop.Sleep(co, time.Duration(n-i)*time.Nanosecond)
		case 2:
			_ = loop.Yield(co)
		case 3:
			w.WriteString(strings.Repeat("x", 500*i))
		}
		fmt.Fprint(w, i)
		return nil
	})
	for _, window := range []int{0, 1000} {
		serveOn(t, &world{srv: &http1.Server{Handler: h}, net: &looptest.Network{Window: window}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			var sent, want strings.Builder
			for i := range n {
				fmt.Fprintf(&sent, "GET /%d HTTP/1.1\r\nHost: a\r\n\r\n", i)
				body := fmt.Sprint(i)
				if i%4 == 3 {
					body = strings.Repeat("x", 500*i) + body
				}
				if len(body) <= 8<<10 {
					fmt.Fprintf(&want, "HTTP/1.1 200 OK|DATE|Content-Length: %d||%s", len(body), body)
				} else {
					digits := len(fmt.Sprint(i)) // written by itself
					chunk := body[:len(body)-digits]
					fmt.Fprintf(&want, "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||%x|%s|%x|%d|0||", len(chunk), chunk, digits, i)
				}
			}
			c.send(co, sent.String())
			if got := c.recv(co); got != want.String()+"<open>" {
				t.Errorf("window %d: %d bytes, want %d:\n%.3000s", window, len(got), want.Len(), got)
			}
			return nil
		})
	}
}

// TestReadyAnswersAreNotHeldBack: two requests in one packet, and the second one's
// handler waits.
func TestReadyAnswersAreNotHeldBack(t *testing.T) {
	for second, answer := range map[string]string{
		"GET /sleep HTTP/1.1|Host: a||":                   "",
		"POST /echo HTTP/1.1|Host: a|Content-Length: 3||": "",
		"GET / HT": "",
		"POST / HTTP/1.1|Host: a|Content-Length: 10||12345":      hello,
		"POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||1;": hello,
	} {
		serve(t, site, func(co *loop.Co, w *world) error {
			for _, first := range []int{0, 1, 2} {
				c := w.dial(co)
				c.send(co, strings.Repeat(get, first)+second)
				if got := c.now(co); got != strings.Repeat(hello, first)+answer+"<open>" {
					t.Errorf("%d before %s: %s", first, second, got)
				}
			}
			return nil
		})
	}
}

// TestJoinedAnswers: what is ready together is written together.
func TestJoinedAnswers(t *testing.T) {
	serve(t, site, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.Write([]byte(wire(strings.Repeat(get, 20))))
		p, err := loop.Await(co, c.ReadSome(1<<20))
		if want := strings.Repeat(hello, 20); story(p) != want {
			t.Errorf("got at once %d bytes, want %d", len(p), len(wire(want)))
		}
		return err
	})
}

// TestSilence is H12, and its relatives: who asks nothing is told nothing.
func TestSilence(t *testing.T) {
	for _, sent := range []string{"", "||", "GET / HT"} {
		serve(t, site, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, sent)
			if err := c.CloseWrite(); err != nil {
				return err
			}
			if got := c.recv(co); got != "<end>" {
				t.Errorf("%q: %s", sent, got)
			}
			if log := w.log.take(); log != "" {
				t.Errorf("%q: logged %s", sent, log)
			}
			return nil
		})
	}
}

func TestRequest(t *testing.T) {
	var got []string
	h := http1.HandlerFunc(func(co *loop.Co, _ *http1.ResponseWriter, r *http1.Request) error {
		got = append(got, fmt.Sprint(r.Method, " ", r.Target, " path ", r.Path(), " query ", r.Query(), " host ", r.Host,
			" minor ", r.Minor, " length ", r.ContentLength, " a ", r.Header.Values("A")))
		if r.RemoteAddr.Port() == 0 || r.LocalAddr().Port() != 80 {
			t.Error("addresses:", r.RemoteAddr, r.LocalAddr())
		}
		return nil
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		for _, tt := range []struct{ send, want string }{
			{"GET / HTTP/1.1|Host: h|A: 1|b: 2|a: 3||", "GET / path / query  host h minor 1 length 0 a [1 3]"},
			{"GET //a%20b?c=d?e HTTP/1.1|Host: h:8||", "GET //a%20b?c=d?e path //a%20b query c=d?e host h:8 minor 1 length 0 a []"},
			{"GET http://o:9?q HTTP/1.1|Host: h||", "GET http://o:9?q path / query q host o:9 minor 1 length 0 a []"},
			{"GET http://o HTTP/1.1|Host: h||", "GET http://o path / query  host o minor 1 length 0 a []"},
			{"GET http://o/p?q HTTP/1.1|Host: h||", "GET http://o/p?q path /p query q host o minor 1 length 0 a []"},
			{"OPTIONS * HTTP/1.1|Host: h||", "OPTIONS * path * query  host h minor 1 length 0 a []"},
			{"CONNECT c:1 HTTP/1.1|Host: h||", "CONNECT c:1 path c:1 query  host c:1 minor 1 length 0 a []"},
			{"POST / HTTP/1.1|Host: h|Content-Length: 2||xx", "POST / path / query  host h minor 1 length 2 a []"},
			{"POST / HTTP/1.1|Host: h|Transfer-Encoding: chunked||0||", "POST / path / query  host h minor 1 length -1 a []"},
			{"GET / HTTP/1.0|Connection: keep-alive||", "GET / path / query  host  minor 0 length 0 a []"},
		} {
			got = nil
			c.send(co, tt.send)
			if len(got) != 1 || got[0] != tt.want {
				t.Errorf("%s\n got %q\nwant %q", tt.send, got, tt.want)
			}
		}
		return nil
	})
}

// TestStringsStayValid keeps a request while others use the same buffers.
func TestStringsStayValid(t *testing.T) {
	var first *http1.Request
	h := http1.HandlerFunc(func(_ *loop.Co, _ *http1.ResponseWriter, r *http1.Request) error {
		if first == nil {
			first = r
		}
		return nil
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "GET /one HTTP/1.1|Host: first|A: value||")
		c.send(co, "PUT /two HTTP/1.1|Host: other|B: thing||")
		if s := first.Method + first.Target + first.Host + first.Header.Get("a"); s != "GET/onefirstvalue" {
			t.Errorf("%q", s)
		}
		return nil
	})
}
