package http1_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A sleeper is a handler that waits until it is cancelled and keeps why.
type sleeper struct {
	err   error
	cause error
	ended time.Time
}

func (s *sleeper) Serve(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error {
	_, s.err = loop.Await(co, loop.NewPromise[struct{}](co.Loop()).Future())
	s.cause = context.Cause(co)
	s.ended = co.Loop().Now()
	return s.err
}

// TestClientLeaves is H33 and H34: whoever works for a client that leaves is told,
// and nobody is bothered with it.
func TestClientLeaves(t *testing.T) {
	for _, tt := range []struct {
		name  string
		leave func(*client)
		also  error
	}{
		{"orderly", func(c *client) { c.Close() }, nil},
		{"reset", func(c *client) { c.Abort() }, syscall.ECONNRESET},
	} {
		t.Run(tt.name, func(t *testing.T) {
			h := &sleeper{}
			serve(t, h, func(co *loop.Co, w *world) error {
				start := co.Loop().Now()
				c := w.dial(co)
				c.send(co, get+get) // the second one never begins, or ends at once
				if h.err != nil {
					t.Fatal("the handler did not wait:", h.err)
				}
				tt.leave(c)
				settle(co)
				if !errors.Is(h.err, context.Canceled) || !errors.Is(h.err, http1.ErrClientGone) || !errors.Is(h.cause, http1.ErrClientGone) {
					t.Errorf("%v, %v", h.err, h.cause)
				}
				if tt.also != nil && !errors.Is(h.cause, tt.also) {
					t.Errorf("%v does not say %v", h.cause, tt.also)
				}
				if waited := h.ended.Sub(start); waited > time.Second {
					t.Error("it ended after", waited)
				}
				if log := w.log.take(); log != "" {
					t.Error(log)
				}
				return nil
			})
		})
	}
}

// TestIdleReset: a connection that breaks between two requests is forgotten.
func TestIdleReset(t *testing.T) {
	var first *http1.Request
	h := http1.HandlerFunc(func(_ *loop.Co, _ *http1.ResponseWriter, r *http1.Request) error {
		first = r
		return nil
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		c.Abort()
		settle(co)
		if first.LocalAddr().IsValid() {
			t.Error("a closed connection has an address:", first.LocalAddr())
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		err, _ := loop.Await(co, w.shutdown(co, context.Background()))
		return err
	})
}

// TestPausedAndGone: a connection ends while requests wait for the client to take
// its answers.
func TestPausedAndGone(t *testing.T) {
	for _, end := range []func(*world, *client){
		func(_ *world, c *client) { c.Abort() },
		func(w *world, _ *client) { w.srv.Close() },
	} {
		h := writes(200, "", strings.Repeat("x", 5000))
		serveOn(t, &world{srv: &http1.Server{Handler: h}, net: &looptest.Network{Window: 1000}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, strings.Repeat(get, 1000))
			end(w, c)
			settle(co)
			if log := w.log.take(); log != "" {
				t.Error(log)
			}
			err, _ := loop.Await(co, w.shutdown(co, context.Background()))
			return err
		})
	}
}

// TestClientLeavesDuringDownload: the handler's Write gives an error, which is not
// worth logging.
func TestClientLeavesDuringDownload(t *testing.T) {
	var got error
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_, got = w.Write(make([]byte, 512<<10))
		return got
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		if got != nil {
			t.Error("it did not wait:", got)
		}
		c.Abort()
		settle(co)
		if !errors.Is(got, syscall.ECONNRESET) && !errors.Is(got, http1.ErrClientGone) {
			t.Error(got)
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		return nil
	})
}

// TestWriteFailsFirst: the connection breaks, and a handler's Write is the first to
// notice.
func TestWriteFailsFirst(t *testing.T) {
	var p *loop.Promise[struct{}]
	var got error
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		p = loop.NewPromise[struct{}](co.Loop())
		if _, err := loop.Await(co, p.Future()); err != nil {
			t.Error("it was cancelled before it wrote:", err)
		}
		_, got = w.Write(make([]byte, 10_000))
		return got
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		p.Set(struct{}{})
		c.Abort()
		settle(co)
		if !errors.Is(got, syscall.ECONNRESET) {
			t.Error(got)
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		return nil
	})
}

// TestErrorAfterClientLeft: panics are always news, other errors only while there
// is somebody to answer.
func TestErrorAfterClientLeft(t *testing.T) {
	for _, tt := range []struct {
		fail func() error
		log  bool
	}{
		{func() error { return errors.New("boom") }, false},
		{func() error { panic("boom") }, true},
	} {
		h := http1.HandlerFunc(func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error {
			_ = loop.Sleep(co, time.Hour)
			return tt.fail()
		})
		serve(t, h, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			c.send(co, get)
			c.Abort()
			settle(co)
			if log := w.log.take(); strings.Contains(log, "boom") != tt.log {
				t.Errorf("log %v: %s", tt.log, log)
			}
			return nil
		})
	}
}

// TestHalfClose: a client that has ended its side (nc -N) gets what it asked for,
// as far as no handler must wait for anything but the client itself.
func TestHalfClose(t *testing.T) {
	const closing = "HTTP/1.1 200 OK|DATE|Content-Length: 5|Connection: close||hello"
	site := routes{"/": site["/"], "/sleep": site["/sleep"], "/echo": site["/echo"]}
	site["/large"] = func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		w.Header().Set("Content-Length", "1000000")
		_, err := w.Write(make([]byte, 1_000_000))
		return err
	}
	site["/stubborn"] = func(co *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_ = loop.Sleep(co, time.Hour)
		_, err := w.WriteString("hello")
		return err
	}
	large := "HTTP/1.1 200 OK|DATE|Content-Length: 1000000||" + strings.Repeat("\x00", 1_000_000)
	for _, tt := range []talk{
		{"one", get, hello + "<end>"},
		{"pipelined", get + get + get, hello + hello + hello + "<end>"},
		{"part of the next", get + get + "GET /", hello + hello + "<end>"},
		{"with body", "POST /echo HTTP/1.1|Host: a|Content-Length: 3||abc" + get, "HTTP/1.1 200 OK|DATE|Content-Length: 3||abc" + hello + "<end>"},
		{"large", "GET /large HTTP/1.1|Host: a||", large + "<end>"},
		{"waiting", get + "GET /sleep HTTP/1.1|Host: a||" + get, hello + "<end>"},
		{"waiting later", get + get + get + "GET /sleep HTTP/1.1|Host: a||" + get, hello + hello + hello + "<end>"},
		{"waiting on", get + "GET /stubborn HTTP/1.1|Host: a||", hello + closing + "<end>"},
		{"rest of an unread body", "POST / HTTP/1.1|Host: a|Content-Length: 3||a", hello + "<end>"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, later := range []bool{false, true} {
				serve(t, site, func(co *loop.Co, w *world) error {
					c := w.dial(co)
					c.Write([]byte(wire(tt.send)))
					if later {
						settle(co)
					}
					if err := c.CloseWrite(); err != nil {
						return err
					}
					got := strings.ReplaceAll(c.recv(co), "|Connection: close", "")
					want := strings.ReplaceAll(tt.want, "|Connection: close", "")
					if got != want {
						t.Errorf("later %v\n got %.2000s\nwant %.2000s", later, got, want)
					}
					if log := w.log.take(); log != "" {
						t.Error(log)
					}
					return nil
				})
			}
		})
	}
}

// shutdown calls Shutdown as it is meant to be called, from another goroutine.
func (w *world) shutdown(co *loop.Co, ctx context.Context) *loop.Future[error] {
	p := loop.NewPromise[error](co.Loop())
	go func() {
		err := w.srv.Shutdown(ctx)
		if p.Post(err, nil) != nil {
			w.t.Error("the loop ended before Shutdown did")
		}
	}()
	return p.Future()
}

func TestShutdown(t *testing.T) {
	release := map[string]*loop.Promise[struct{}]{}
	h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if r.Target == "/begun" {
			w.WriteString("part")
			if err := w.Flush(); err != nil {
				return err
			}
		}
		if p := release[r.Target]; p != nil {
			if _, err := loop.Await(co, p.Future()); err != nil {
				return err
			}
		}
		_, err := w.WriteString("hello")
		return err
	})
	serve(t, h, func(co *loop.Co, w *world) error {
		l := co.Loop()
		release["/wait"] = loop.NewPromise[struct{}](l)
		release["/begun"] = loop.NewPromise[struct{}](l)
		fresh, idle, busy, begun, half, skipping := w.dial(co), w.dial(co), w.dial(co), w.dial(co), w.dial(co), w.dial(co)
		idle.send(co, get)
		busy.send(co, "GET /wait HTTP/1.1|Host: a||"+get)
		begun.send(co, "GET /begun HTTP/1.1|Host: a||"+get)
		half.send(co, "GET / HT")
		skipping.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 10||12345")

		done := w.shutdown(co, context.Background())
		if got := fresh.recvAll(co); got != "<end>" {
			t.Error("a fresh connection:", got)
		}
		if got := idle.recvAll(co); got != hello+"<end>" {
			t.Error("an idle connection:", got)
		}
		if got := half.recvAll(co); got != "<end>" {
			t.Error("half a request:", got)
		}
		if got := skipping.recvAll(co); got != hello+"<end>" {
			t.Error("an answered request:", got)
		}
		if _, err := w.net.Dial(co, "tcp", address); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Error("it still listens:", err)
		}
		if done.Done() {
			t.Error("Shutdown did not wait")
		}
		release["/wait"].Set(struct{}{})
		// The newcomers were waited for, for five seconds.
		last := strings.Replace(last, "DATE", "Date: Sat, 01 Jan 2000 00:00:05 GMT", 1)
		if got := busy.recvAll(co); got != last {
			t.Error("a request under way:", got)
		}
		if done.Done() {
			t.Error("Shutdown did not wait for the response that had begun")
		}
		release["/begun"].Set(struct{}{})
		if got := begun.recvAll(co); got != "HTTP/1.1 200 OK|DATE|Transfer-Encoding: chunked||4|part|5|hello|0||<end>" {
			t.Error("a response that had begun:", got)
		}
		for _, c := range []*client{fresh, idle, busy, begun, half, skipping} {
			c.Close()
		}
		if err, _ := loop.Await(co, done); err != nil {
			t.Error("Shutdown:", err)
		}
		if _, err := w.srv.Listen(l, address); err != http1.ErrServerClosed {
			t.Error("Listen afterwards:", err)
		}
		if err, _ := loop.Await(co, w.shutdown(co, context.Background())); err != nil {
			t.Error("a second Shutdown:", err)
		}
		return nil
	})
}

// recvAll returns what comes until the connection ends.
func (c *client) recvAll(co *loop.Co) string {
	var got []byte
	for {
		p, err := loop.Await(co, c.ReadSome(1<<20))
		got = append(got, p...)
		if err != nil {
			return story(got) + ending(err)
		}
	}
}

// TestShutdownDelivers: what a slow client has not taken yet is under way, too.
func TestShutdownDelivers(t *testing.T) {
	const size = 120_000 // more than the client reads ahead, and not so much that the handler waits
	serveOn(t, &world{
		srv: &http1.Server{Handler: writes(200, "Content-Length: 120000", strings.Repeat("x", size))},
		net: &looptest.Network{Window: 1000},
	}, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		done := w.shutdown(co, context.Background())
		settle(co)
		got := c.recvAll(co)
		if !strings.HasSuffix(got, "x<end>") || strings.Count(got, "x") != size {
			t.Errorf("%d bytes", len(got))
		}
		if done.Done() {
			t.Error("Shutdown did not wait for it")
		}
		c.Close()
		err, _ := loop.Await(co, done)
		return err
	})
}

// TestShutdownGivesUp: when the context is done, the rest goes on, until Close.
func TestShutdownGivesUp(t *testing.T) {
	h := &sleeper{}
	why := errors.New("no more patience")
	serve(t, h, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		c.send(co, get)
		ctx, cancel := context.WithCancelCause(context.Background())
		done := w.shutdown(co, ctx)
		cancel(why)
		if err, _ := loop.Await(co, done); !errors.Is(err, why) {
			t.Error("Shutdown:", err)
		}
		if h.err != nil {
			t.Error("the handler was disturbed:", h.err)
		}
		w.srv.Close()
		if got := c.recvAll(co); got != "<reset>" {
			t.Error(got)
		}
		if !errors.Is(h.cause, http1.ErrServerClosed) {
			t.Error(h.cause)
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		err, _ := loop.Await(co, w.shutdown(co, context.Background()))
		return err
	})
}

func TestClose(t *testing.T) {
	serve(t, site, func(co *loop.Co, w *world) error {
		idle, busy, body, skipping, gone := w.dial(co), w.dial(co), w.dial(co), w.dial(co), w.dial(co)
		idle.send(co, get)
		busy.send(co, "GET /sleep HTTP/1.1|Host: a||")
		body.send(co, "POST /echo HTTP/1.1|Host: a|Content-Length: 9||abc")
		skipping.send(co, "POST / HTTP/1.1|Host: a|Content-Length: 9||abc")
		gone.send(co, getLast) // being closed already
		for range 2 {
			if err := w.srv.Close(); err != nil {
				t.Error(err)
			}
		}
		settle(co)
		for i, c := range []*client{idle, busy, body, skipping} {
			if got := c.now(co); !strings.HasSuffix(got, "<reset>") {
				t.Errorf("connection %d: %s", i, got)
			}
		}
		gone.Abort()
		if _, err := w.net.Dial(co, "tcp", address); err == nil {
			t.Error("it still listens")
		}
		if log := w.log.take(); log != "" {
			t.Error(log)
		}
		err, _ := loop.Await(co, w.shutdown(co, context.Background()))
		return err
	})
}

func TestListenErrors(t *testing.T) {
	l := looptest.New(t)
	n := &looptest.Network{}
	if _, err := (&http1.Server{Network: n}).Listen(l, address); err == nil {
		t.Error("without a handler")
	}
	first := &http1.Server{Handler: site, Network: n}
	defer first.Close()
	if _, err := first.Listen(l, address); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Listen(l, "127.0.0.1:0"); err != nil {
		t.Error("a second address:", err)
	}
	if _, err := first.Listen(looptest.New(t), "127.0.0.1:81"); err == nil {
		t.Error("a second loop")
	}
	second := &http1.Server{Handler: site, Network: n}
	defer second.Close()
	if _, err := second.Listen(l, address); !errors.Is(err, syscall.EADDRINUSE) {
		t.Error("an address in use:", err)
	}
	// A failure leaves no trace: another loop is as good.
	if _, err := second.Listen(looptest.New(t), "127.0.0.1:82"); err != nil {
		t.Error("after a failure:", err)
	}
	third := &http1.Server{Handler: site, Network: n}
	if err := third.Shutdown(context.Background()); err != nil {
		t.Error("Shutdown before Listen:", err)
	}
	if _, err := third.Listen(l, "127.0.0.1:83"); err != http1.ErrServerClosed {
		t.Error("Listen after Shutdown:", err)
	}
	if err := third.ListenAndServe("127.0.0.1:0"); err != http1.ErrServerClosed {
		t.Error("ListenAndServe after Shutdown:", err)
	}
}

// A closingNetwork has a server closed while it begins to listen.
type closingNetwork struct {
	looptest.Network
	srv *http1.Server
}

func (n *closingNetwork) Listen(l *loop.Loop, network, address string) (stream.Listener, error) {
	defer n.srv.Close()
	return n.Network.Listen(l, network, address)
}

func TestCloseDuringListen(t *testing.T) {
	l := looptest.New(t)
	n := &closingNetwork{}
	n.srv = &http1.Server{Handler: site, Network: n}
	if _, err := n.srv.Listen(l, address); !errors.Is(err, http1.ErrServerClosed) {
		t.Error(err)
	}
	if ln, err := n.Network.Listen(l, "tcp", address); err != nil {
		t.Error("the address is still in use:", err)
	} else if err := ln.Close(); err != nil {
		t.Error(err)
	}
}

func TestUnknownPoller(t *testing.T) {
	t.Setenv("ZONDA_POLLER", "nonesuch")
	if err := (&http1.Server{Handler: site}).ListenAndServe("127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "nonesuch") {
		t.Error(err)
	}
}

// TestPortInUse: one clear line.
func TestPortInUse(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	err = (&http1.Server{Handler: site}).ListenAndServe(ln.Addr().String())
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatal(err)
	}
	if text := err.Error(); strings.Contains(text, "\n") || !strings.Contains(text, ln.Addr().String()) {
		t.Errorf("%q", text)
	}
}

// TestLoopCloses: with its loop a server ends, and its sockets are closed.
func TestLoopCloses(t *testing.T) {
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	h := &sleeper{}
	srv := &http1.Server{Handler: h}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ran := make(chan error)
	go func() { ran <- l.Run() }()
	idle, busy := dial(t, addr), dial(t, addr)
	if _, err := io.WriteString(busy, wire("GET / HTTP/1.1|Host: a||")); err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []net.Conn{idle, busy} {
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Error("a connection lives on:", n, err)
		}
	}
	if err := <-ran; err != loop.ErrClosed {
		t.Error(err)
	}
	if c, err := net.Dial("tcp", addr.String()); err == nil {
		c.Close()
		t.Error("it still listens")
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error("Shutdown afterwards:", err)
	}
	if err := srv.Close(); err != nil {
		t.Error("Close afterwards:", err)
	}
}

func dial(t *testing.T, addr net.Addr) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}
