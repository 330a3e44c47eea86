package http1_test

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// FuzzServer sends any bytes in any pieces to a server. It must not fail, what it
// answers must be whole responses, and it must still answer others afterwards.
//
// Each byte of cuts is the length of a piece less one, the last one's that of all
// further pieces; window is the network's in units of 100 bytes.
func FuzzServer(f *testing.F) {
	for _, s := range []string{
		get, getLast, get + get + get, "HEAD / HTTP/1.1|Host: a||" + get,
		"POST /echo HTTP/1.1|Host: a|Content-Length: 3||abc" + get,
		"POST /echo HTTP/1.1|Host: a|Transfer-Encoding: chunked||3|abc|0|T: x||" + get,
		"POST /length HTTP/1.1|Host: a|Content-Length: 5|Expect: 100-continue||abcde" + get,
		"POST / HTTP/1.1|Host: a|Transfer-Encoding: chunked||" + chunked(3000, 700) + get,
		"GET /stream HTTP/1.1|Host: a||" + get, "GET /sleep HTTP/1.1|Host: a||" + get,
		"GET /stream HTTP/1.0|Connection: keep-alive||", "GET /fail HTTP/1.1|Host: a||" + get,
		"GET /part HTTP/1.1|Host: a||" + get, "GET /big HTTP/1.1|Host: a||" + get,
		"POST /big HTTP/1.1|Host: a|Content-Length: 100000000||x", "asdf||", "||" + get,
	} {
		f.Add([]byte(wire(s)), []byte{}, byte(0))
		f.Add([]byte(wire(s)), []byte{1}, byte(100))
		f.Add([]byte(wire(s)), []byte{30, 1, 7}, byte(10))
	}
	site := routes{
		"/fail": func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { panic("fail") },
		"/big":  writes(200, "", strings.Repeat("x", 100_000)),
		"/part": writes(200, "Content-Length: 20000", strings.Repeat("x", 10_000)),
	}
	for path, h := range siteWorld().srv.Handler.(routes) {
		site[path] = h
	}
	// What a client sent must not look like a response of ours.
	site["/echo"] = func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		p := make([]byte, 100)
		for {
			n, err := r.Body.Read(p)
			w.WriteString(strings.Repeat("x", n))
			if err == io.EOF {
				return nil
			}
			if err != nil {
				return err
			}
		}
	}
	f.Fuzz(func(t *testing.T, sent, cuts []byte, window byte) {
		srv := &http1.Server{Handler: site, MaxHead: 2000, MaxBody: 10_000}
		serveOn(t, &world{srv: srv, net: &looptest.Network{Window: 100 * int(window)}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			rest := sent
			for i := 0; len(rest) > 0; i++ {
				n := len(rest)
				if len(cuts) > 0 {
					n = min(n, 1+int(cuts[min(i, len(cuts)-1)]))
				}
				c.Write(rest[:n])
				rest = rest[n:]
				if i < 200 {
					settle(co)
				}
			}
			if err := c.CloseWrite(); err != nil {
				return err
			}
			var got []byte
			var err error
			for err == nil {
				var p []byte
				p, err = loop.Await(co, c.ReadSome(1<<20))
				got = append(got, p...)
			}
			checkResponses(t, got, err == io.EOF)
			other := w.dial(co)
			other.Write([]byte(wire(getLast)))
			if got := undated(other.recvAll(co)); got != undated(last) {
				t.Errorf("the next client got %s", got)
			}
			other.Close()
			return nil
		})
	})
}

// checkResponses reads a client's view with net/http. Only the last response may be
// in part, and only because its handler failed.
func checkResponses(t *testing.T, got []byte, orderly bool) {
	t.Helper()
	r := bufio.NewReader(bytes.NewReader(got))
	for orderly {
		if _, err := r.Peek(1); err == io.EOF {
			return
		}
		// Whether a response is one to HEAD, only its request says; then its
		// body is missing, and the next response stands in its place.
		resp, err := http.ReadResponse(r, nil)
		if err != nil {
			t.Fatalf("%v in %q", err, got)
		}
		if resp.StatusCode == 100 {
			continue
		}
		if resp.ContentLength >= 0 {
			if p, _ := r.Peek(int(min(resp.ContentLength, 9))); len(p) == 0 || bytes.HasPrefix(p, []byte("HTTP/1.1 ")[:len(p)]) {
				continue
			}
		}
		if resp.TransferEncoding != nil {
			if p, _ := r.Peek(9); len(p) == 0 || string(p) == "HTTP/1.1 " {
				continue
			}
		}
		if _, err := io.Copy(io.Discard, resp.Body); err != nil && err != io.ErrUnexpectedEOF {
			t.Fatalf("%v in %q", err, got)
		}
	}
}
