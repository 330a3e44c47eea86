package main

import (
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
	"github.com/zonda-go/zonda/websocket"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// cases are what a small fuzzing server sends, and how it ends the case when it has the echo.
var cases = []func(co *loop.Co, c *websocket.Conn) error{
	func(co *loop.Co, c *websocket.Conn) error { return exchange(co, c, websocket.Text, "grüß") },
	func(co *loop.Co, c *websocket.Conn) error { return exchange(co, c, websocket.Binary, "\xff\x00") },
	func(co *loop.Co, c *websocket.Conn) error {
		return exchange(co, c, websocket.Text, strings.Repeat("long ", 1<<20))
	},
	func(co *loop.Co, c *websocket.Conn) error { c.Abort(); return nil },
	func(co *loop.Co, c *websocket.Conn) error { c.Stream().Write([]byte("\xff")); return nil },
}

func exchange(co *loop.Co, c *websocket.Conn, t websocket.Type, text string) error {
	if err := c.Write(co, t, []byte(text)); err != nil {
		return err
	}
	kind, got, err := c.Read(co)
	if err == nil && (kind != t || string(got) != text) {
		err = fmt.Errorf("%v of %d bytes came back", kind, len(got))
	}
	return err
}

// TestSuite runs the client against it.
func TestSuite(t *testing.T) {
	for _, n := range []int{0, 3, 5} {
		looptest.Run(t, func(co *loop.Co) error {
			var asked []string
			h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
				asked = append(asked, r.Target)
				if r.Path() == "/updateReports" && n == 3 {
					return &http1.HTTPError{Status: 404}
				}
				c, err := websocket.Accept(co, w, r, &websocket.AcceptOptions{Options: websocket.Options{Compression: &websocket.Compression{}, MaxMessage: -1}})
				if err != nil {
					return err
				}
				defer c.Close(websocket.Normal, "")
				var i int
				switch fmt.Sscanf(r.Query(), "case=%d", &i); r.Path() {
				case "/getCaseCount":
					return c.Write(co, websocket.Text, fmt.Append(nil, len(cases)))
				case "/runCase":
					if err := cases[i-1](co, c); err != nil {
						t.Errorf("case %d: %v", i, err)
					}
				}
				return nil
			})
			net := &looptest.Network{}
			srv := &http1.Server{Handler: h, Network: net}
			if _, err := srv.Listen(co.Loop(), "10.0.0.1:80"); err != nil {
				return err
			}
			defer srv.Close()
			var out strings.Builder
			s := &suite{url: "ws://10.0.0.1/", agent: "a b", n: n, out: &out}
			s.dial.Dialer = &stream.Dialer{Network: net}
			if err := s.run(co); err != nil {
				return err
			}
			want := []string{"/updateReports?agent=a+b"}
			all := n
			if n == 0 {
				all = len(cases)
			}
			for i := all; i > 0; i-- {
				want = append([]string{fmt.Sprintf("/runCase?case=%d&agent=a+b", i)}, want...)
			}
			if n == 0 {
				want = append([]string{"/getCaseCount"}, want...)
			}
			if fmt.Sprint(asked) != fmt.Sprint(want) {
				t.Errorf("asked for %q, want %q", asked, want)
			}
			if got := out.String(); strings.Count(got, "\n") < all || !strings.Contains(got, fmt.Sprintf("case %d of %d: websocket: closed by the peer: 1000", 3, all)) {
				t.Errorf("it says %s", got)
			}
			return nil
		})
	}
}

// TestNobodyThere ends with an error.
func TestNobodyThere(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		s := &suite{url: "ws://10.0.0.1", n: 1}
		s.dial.Dialer = &stream.Dialer{Network: &looptest.Network{}}
		if err := s.run(co); err == nil {
			t.Error("no error")
		}
		return nil
	})
}
