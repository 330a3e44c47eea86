package http1_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const switching = "HTTP/1.1 101 Switching Protocols|DATE|Upgrade: Shout|Connection: Upgrade||"

// shout upgrades and echoes in upper case, until the client's end.
func shout(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
	s, err := w.Upgrade("Shout")
	if err != nil {
		return &http1.HTTPError{Status: 426, Err: err}
	}
	defer s.Close()
	for {
		p, err := loop.Await(co, s.ReadSome(100))
		if err != nil {
			return err
		}
		s.Write([]byte(strings.ToUpper(string(p))))
	}
}

func TestUpgrade(t *testing.T) {
	w := func() *world { return &world{srv: &http1.Server{Handler: http1.HandlerFunc(shout)}} }
	const ask = "GET / HTTP/1.1|Host: a|Connection: x, Upgrade|Upgrade: h2c, shout||"
	checkAll(t, w, []talk{
		{"upgrade, with bytes sent ahead", ask + "abc", switching + "ABC<open>"},
		{"behind a pipelined refusal", get + ask + "x",
			"HTTP/1.1 426 Upgrade Required|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 21||426 Upgrade Required\n" + switching + "X<open>"},
		{"not offered", "GET / HTTP/1.1|Host: a|Connection: close, Upgrade|Upgrade: h2c||",
			"HTTP/1.1 426 Upgrade Required|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 21|Connection: close||426 Upgrade Required\n<end>"},
		{"not in Connection", "GET / HTTP/1.1|Host: a|Connection: close|Upgrade: shout||",
			"HTTP/1.1 426 Upgrade Required|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 21|Connection: close||426 Upgrade Required\n<end>"},
		{"HTTP/1.0", "GET / HTTP/1.0|Connection: Upgrade|Upgrade: shout||",
			"HTTP/1.1 426 Upgrade Required|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 21|Connection: close||426 Upgrade Required\n<end>"},
	})
}

func TestTunnel(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("Via", "test")
		w.Header().Set("Content-Length", "5") // must not be sent: RFC 9110, 9.3.6
		s, err := w.Tunnel()
		if err != nil {
			return &http1.HTTPError{Status: 405, Err: err}
		}
		s.Write([]byte("to " + r.Target))
		s.Close()
		return nil
	})
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h}} }, []talk{
		{"CONNECT", "CONNECT a:1 HTTP/1.1|Host: a:1||", "HTTP/1.1 200 OK|Via: test|DATE||to a:1<end>"},
		{"GET", getLast, "HTTP/1.1 405 Method Not Allowed|Content-Type: text/plain; charset=utf-8|DATE|Content-Length: 23|Connection: close||405 Method Not Allowed\n<end>"},
	})
}

// TestHijack: what is still possible afterwards, and what is not.
func TestHijack(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		body := make([]byte, 3)
		if _, err := io.ReadFull(r.Body, body); err != nil {
			return err
		}
		s, err := w.Hijack()
		if err != nil {
			return err
		}
		_, again := w.Hijack()
		_, write := w.WriteString("x")
		_, read := r.Body.Read(body)
		for _, err := range []error{again, write, read, w.Flush()} {
			if !errors.Is(err, http1.ErrHijacked) || !errors.Is(err, http.ErrHijacked) {
				t.Error(err)
			}
		}
		s.Write([]byte("<" + string(body) + string(s.Buffered()) + ">"))
		s.Close()
		return errors.New("nobody needs to know")
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 5||abcdefg")
		if got := c.recv(co); got != "<abcdefg><end>" {
			t.Error(got)
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		return nil
	})
}

func TestHijackTooLate(t *testing.T) {
	var errs []error
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.WriteString("x")
		_, err := w.Hijack()
		errs = append(errs, err)
		return nil
	})
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h}} }, []talk{
		{"begun", getLast, "HTTP/1.1 200 OK|DATE|Content-Length: 1|Connection: close||x<end>"},
	})
	for _, err := range errs {
		if err != http1.ErrBegun {
			t.Error(err)
		}
	}
}

// TestHijackPanic: a handler that panics does not care for its connection any more.
func TestHijackPanic(t *testing.T) {
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if _, err := w.Hijack(); err != nil {
			return err
		}
		panic("boom")
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		if got, log := c.recv(co), w.log.take(); got != "<reset>" || !strings.Contains(log, "boom") {
			t.Error(got, log)
		}
		return nil
	})
}

// parting is what an upgraded connection can be: a Consumer that says goodbye.
type parting struct{ s *stream.Stream }

func (p parting) Consume(b []byte) int { return len(b) }
func (p parting) Ended(error)          { p.s.Close() }
func (p parting) Drain()               { p.s.Write([]byte("goodbye")); p.s.Close() }

// TestUpgradedShutdown: an upgraded connection is told of the server's end, by its
// Consumer or by its handler's Co, and Shutdown waits for it.
func TestUpgradedShutdown(t *testing.T) {
	left := routes{
		"/consumer": func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			s, err := w.Hijack()
			if err == nil {
				s.SetConsumer(parting{s})
			}
			return err
		},
		"/handler": func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
			s, err := w.Hijack()
			if err != nil {
				return err
			}
			_, err = loop.Await(co, loop.NewPromise[int](co.Loop()).Future())
			if !errors.Is(context.Cause(co), http1.ErrServerClosed) {
				t.Error(err, context.Cause(co))
			}
			s.Write([]byte("goodbye"))
			s.Close()
			return err
		},
	}
	for path := range left {
		serve(t, left, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, "GET "+path+" HTTP/1.1|Host: a||")
			ended := w.shutdown(co, context.Background())
			got, err := loop.Await(co, c.ReadUntilClose(100))
			if err != nil || string(got) != "goodbye" {
				t.Errorf("%s: %q %v", path, got, err)
			}
			c.Close()
			if err, _ := loop.Await(co, ended); err != nil {
				t.Error(err)
			}
			return nil
		})
	}
}
