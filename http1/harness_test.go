package http1_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// address is where the server of a world listens.
const address = "127.0.0.1:80"

// A world is a server and its clients on one loop, with a network in memory and
// virtual time.
type world struct {
	t     testing.TB
	net   *looptest.Network
	srv   *http1.Server
	timed bool // with the timeouts that srv says; else with none
	log   logged
}

// serve makes a world whose server answers with h, and runs body in it as a
// coroutine. Then it shuts the server down.
func serve(t testing.TB, h http1.Handler, body func(co *loop.Co, w *world) error) {
	t.Helper()
	serveOn(t, &world{srv: &http1.Server{Handler: h}}, body)
}

// serveOn is serve for a world that is set up in part.
func serveOn(t testing.TB, w *world, body func(co *loop.Co, w *world) error) {
	t.Helper()
	w.t = t
	if w.net == nil {
		w.net = &looptest.Network{}
	}
	w.srv.Network = w.net
	if !w.timed { // virtual time would jump from sweep to sweep while a goroutine computes
		w.srv.HeadTimeout, w.srv.IdleTimeout, w.srv.BodyTimeout, w.srv.MinRate = -1, -1, -1, -1
	}
	w.srv.Logger = slog.New(slog.NewTextHandler(&w.log, nil))
	looptest.Run(t, func(co *loop.Co) error {
		if _, err := w.srv.Listen(co.Loop(), address); err != nil {
			return err
		}
		defer w.srv.Close()
		return body(co, w)
	})
}

// logged collects what is logged. Any goroutine may write.
type logged struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// take returns what was logged since the last take.
func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

// A client is a raw connection to the server of a world.
type client struct {
	*stream.Stream
	t testing.TB
}

func (w *world) dial(co *loop.Co) *client {
	w.t.Helper()
	s, err := stream.Dial(co, w.net, "tcp", address)
	if err != nil {
		w.t.Fatal(err)
	}
	// A client is patient: virtual time jumps while a goroutine of Std computes.
	s.SetWriteLimits(stream.WriteLimits{Stall: -1})
	return &client{s, w.t}
}

// send sends text in wire notation, and lets everything happen that can happen
// without time passing.
func (c *client) send(co *loop.Co, text string) {
	c.Write([]byte(wire(text)))
	settle(co)
}

// settle returns when nothing is left to do but to wait.
func settle(co *loop.Co) {
	for range 2 { // what was posted is seen one iteration later
		_ = loop.Sleep(co, time.Nanosecond) // virtual: it ends when nothing else is ready
	}
}

// recv returns what comes until nothing more comes for an hour, in the notation of
// wire, and at its end how things stand: "<open>", "<end>" or "<reset>".
func (c *client) recv(co *loop.Co) string { return c.recvWithin(co, time.Hour) }

// now returns what has come.
func (c *client) now(co *loop.Co) string { return c.recvWithin(co, time.Nanosecond) }

func (c *client) recvWithin(co *loop.Co, quiet time.Duration) string {
	var got []byte
	for {
		soon, cancel := co.WithTimeout(quiet)
		p, err := loop.Await(soon, c.ReadSome(1<<20))
		cancel()
		got = append(got, p...)
		if err != nil {
			return story(got) + ending(err)
		}
	}
}

func ending(err error) string {
	var timeout interface{ Timeout() bool }
	switch {
	case err == io.EOF:
		return "<end>"
	case errors.As(err, &timeout) && timeout.Timeout():
		return "<open>"
	default:
		return "<reset>"
	}
}

// In wire notation "|" stands for CR LF, and DATE for the field Date at the
// beginning of virtual time.
var (
	toWire   = strings.NewReplacer("|", "\r\n", "DATE", "Date: Sat, 01 Jan 2000 00:00:00 GMT")
	fromWire = strings.NewReplacer("\r\n", "|", "Date: Sat, 01 Jan 2000 00:00:00 GMT", "DATE")
)

func wire(s string) string  { return toWire.Replace(s) }
func story(p []byte) string { return fromWire.Replace(string(p)) }

// A talk is what one client sends, and the exact bytes of what it receives.
type talk struct {
	name string
	send string
	want string
}

// check holds the talk with a server, with its bytes sent at once, one by one, and
// cut in two in the middle.
func (tt talk) check(t *testing.T, w func() *world) {
	t.Run(tt.name, func(t *testing.T) {
		sent := wire(tt.send)
		for _, cut := range []int{len(sent), 1, len(sent)/2 + 1} {
			serveOn(t, w(), func(co *loop.Co, w *world) error {
				c := w.dial(co)
				for rest := sent; len(rest) > 0; {
					n := min(cut, len(rest))
					c.Write([]byte(rest[:n]))
					rest = rest[n:]
					if cut < len(sent) {
						settle(co)
					}
				}
				if got := c.recv(co); got != tt.want {
					t.Errorf("in pieces of %d bytes\n got %s\nwant %s", cut, got, tt.want)
				}
				c.Abort()
				return nil
			})
		}
	})
}

func checkAll(t *testing.T, w func() *world, talks []talk) {
	t.Helper()
	for _, tt := range talks {
		tt.check(t, w)
	}
}

// routes is a handler by path.
type routes map[string]http1.HandlerFunc

func (rs routes) Serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	if h, ok := rs[r.Path()]; ok {
		return h(co, w, r)
	}
	return &http1.HTTPError{Status: 404}
}

// site has the handlers that many tests use.
var site = routes{
	"/": func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_, err := w.WriteString("hello")
		return err
	},
	"/empty": func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return nil },
	"/echo": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		_, err := io.Copy(w, r.Body)
		return err
	},
	"/length": func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		n, err := io.Copy(io.Discard, r.Body)
		fmt.Fprint(w, n)
		return err
	},
	"/sleep": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		if err := loop.Sleep(co, time.Minute); err != nil {
			return err
		}
		_, err := w.WriteString("slept")
		return err
	},
	"/stream": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		for i := range 3 {
			fmt.Fprintf(w, "part %d", i)
			if err := w.Flush(); err != nil {
				return err
			}
			if err := loop.Sleep(co, time.Minute); err != nil {
				return err
			}
		}
		return nil
	},
}

func siteWorld() *world { return &world{srv: &http1.Server{Handler: site}} }

func newReader(p []byte) *bufio.Reader { return bufio.NewReader(bytes.NewReader(p)) }
