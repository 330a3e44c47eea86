package http1_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// bodyKinds are the ways to give a request a body.
func bodyKinds(text string) map[string]http1.ClientRequest {
	write := func(co *loop.Co, w *http1.BodyWriter) error {
		_, err := io.WriteString(w, text)
		return err
	}
	n := int64(len(text))
	return map[string]http1.ClientRequest{
		"bytes":            {Body: []byte(text)},
		"memory":           {Reader: strings.NewReader(text), BodyLength: n},
		"reader":           {Reader: struct{ io.Reader }{strings.NewReader(text)}, BodyLength: n},
		"reader, chunked":  {Reader: struct{ io.Reader }{strings.NewReader(text)}},
		"producer":         {Producer: write, BodyLength: n},
		"producer, chunks": {Producer: write},
	}
}

// A server that refuses a body of which it has read only the head is understood, whether
// it closes or not, and whatever the body is; the next request finds a clean connection.
func TestClientEarlyRefusal(t *testing.T) {
	for _, size := range []int{1000, 300_000} {
		for _, end := range []string{"keep", "close", "reset"} {
			for kind, req := range bodyKinds(strings.Repeat("x", size)) {
				withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
					w.net.Window = 10_000
					w.net.Faults = looptest.Faults{ShortReads: 0.3, ShortWrites: 0.3}
					w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
						p.SetReadAhead(1 << 10)
						if _, err := p.head(co); err != nil {
							return err
						}
						if n > 1 {
							p.say("HTTP/1.1 200 OK|Content-Length: 4||next")
							return nil
						}
						if end == "keep" {
							p.say("HTTP/1.1 413 No|Content-Length: 2||no")
							return nil
						}
						p.say("HTTP/1.1 413 No|Connection: close|Content-Length: 2||no")
						p.end(co, end == "reset")
						return nil
					})
					req.Method, req.URL, req.AnyStatus = "POST", urlOf("/"), true
					res, err := w.client.Do(co, &req)
					if got := brief(res, err); got != `413 "no"` {
						t.Errorf("%d bytes, %s, %s: %s", size, kind, end, got)
					}
					settle(co)
					if s := w.client.Stats(); s.Open != s.Idle || s.Open > 0 && (end != "keep" || size > 1000) {
						t.Errorf("%d bytes, %s, %s: %+v", size, kind, end, s)
					}
					w.client.CloseIdle()
					res, err = w.client.Get(co, urlOf("/"))
					if got := brief(res, err); got != `200 "next"` {
						t.Errorf("%d bytes, %s, %s: the next one: %s", size, kind, end, got)
					}
					return nil
				})
			}
		}
	}
}

// The same over a real socket, where the write may fail before the response is read: what
// the server has said before it closed counts.
func TestClientEarlyRefusalOnSockets(t *testing.T) {
	l := onLoop(t)
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	go func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close() // in good order: what comes then is read, and thrown away
				room := make([]byte, 4096)
				if _, err := c.Read(room); err != nil {
					return
				}
				_, _ = io.WriteString(c, wire("HTTP/1.1 413 No|Connection: close|Content-Length: 2||no"))
				_ = c.(*net.TCPConn).CloseWrite()
				_, _ = io.Copy(io.Discard, c)
			}()
		}
	}()
	client := &http1.Client{}
	for range 5 {
		for kind, req := range bodyKinds(strings.Repeat("x", 3_000_000)) {
			req.Method, req.URL, req.AnyStatus = "POST", fmt.Sprintf("http://%s/", ln.Addr()), true
			res, err := loop.Do(t.Context(), l, func(co *loop.Co) (*http1.Response, error) { return client.Do(co, &req) })
			if got := brief(res, err); got != fmt.Sprintf("%d %q", http.StatusRequestEntityTooLarge, "no") {
				t.Errorf("%s: %s", kind, got)
			}
		}
	}
	if s := statsOf(t, l, client); s != (http1.ClientStats{}) {
		t.Errorf("%+v", s)
	}
}
