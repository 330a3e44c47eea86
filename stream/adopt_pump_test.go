package stream_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync/atomic"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// pumped is a stream that goes through a pump, and the other end of its conn, which only
// goroutines may use.
type pumped struct {
	t   *testing.T
	co  *loop.Co
	l   *loop.Loop
	s   *stream.Stream
	far net.Conn
}

// away runs fn on a goroutine while the loop goes on.
func (p *pumped) away(fn func() error) *loop.Future[struct{}] {
	return loop.FromFunc(p.l, func(context.Context) (struct{}, error) { return struct{}{}, fn() })
}

func (p *pumped) does(f *loop.Future[struct{}]) {
	p.t.Helper()
	if _, err := loop.Await(p.co, f); err != nil {
		p.t.Error(err)
	}
}

// conns are the kinds of net.Conn that are pumped.
func conns() map[string]func(t *testing.T) (near, far net.Conn) {
	return map[string]func(t *testing.T) (near, far net.Conn){
		"net.Pipe": func(t *testing.T) (near, far net.Conn) { return net.Pipe() },
		"tcp":      loopback,
		"tls": func(t *testing.T) (near, far net.Conn) {
			c, s := loopback(t)
			server, client := tls.Server(c, serverConfig()), tls.Client(s, clientConfig())
			done := make(chan error, 1)
			go func() { done <- client.Handshake() }()
			if err := errors.Join(server.Handshake(), <-done); err != nil {
				t.Fatal(err)
			}
			return server, client
		},
	}
}

func loopback(t *testing.T) (near, far net.Conn) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	if near, err = net.Dial("tcp", ln.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if far, err = ln.Accept(); err != nil {
		t.Fatal(err)
	}
	return near, far
}

// pumping runs body with each kind. No goroutine may be left.
func pumping(t *testing.T, body func(p *pumped)) {
	for name, open := range conns() {
		t.Run(name, func(t *testing.T) {
			looptest.NoLeaks(t)
			l, err := loop.New(&loop.Options{Strict: true})
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			_, err = loop.RunSyncTimeout(l, site{}.patience(), func(co *loop.Co) (struct{}, error) {
				near, far := open(t)
				defer far.Close()
				s, err := stream.Pump(l, near)
				if err != nil {
					return struct{}{}, err
				}
				defer s.Abort()
				body(&pumped{t, co, l, s, far})
				return struct{}{}, nil
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
}

// Bytes pass in both directions at once, and Close delivers them.
func TestPump(t *testing.T) {
	pumping(t, func(p *pumped) {
		want := noise(1 << 20)
		sent := p.away(func() error { _, err := p.far.Write(want); return err })
		got := p.s.ReadFull(len(want))
		echo := p.s.Write(want)
		back := make([]byte, len(want))
		received := p.away(func() error { _, err := io.ReadFull(p.far, back); return err })
		p.does(sent)
		p.does(received)
		p.does(echo)
		if b, err := loop.Await(p.co, got); err != nil || string(b) != string(want) || string(back) != string(want) {
			p.t.Errorf("it is not what was sent: %v", err)
		}
		p.s.Write([]byte("at last"))
		closed := p.s.Close()
		p.does(p.away(func() error {
			b, err := io.ReadAll(p.far)
			if string(b) != "at last" {
				p.t.Errorf("the end is %q", b)
			}
			return errors.Join(err, p.far.Close())
		}))
		p.does(closed)
	})
}

// Half an end is passed on where the conn can.
func TestPumpHalfClose(t *testing.T) {
	pumping(t, func(p *pumped) {
		half, can := p.far.(interface{ CloseWrite() error })
		err := p.s.CloseWrite()
		if !can {
			if !errors.Is(err, errors.ErrUnsupported) || p.s.Closed() {
				p.t.Errorf("half an end: %v", err)
			}
			return
		}
		if err != nil {
			p.t.Error(err)
		}
		p.does(p.away(func() error {
			if b, err := io.ReadAll(p.far); len(b) > 0 || err != nil {
				return err
			}
			_, err := p.far.Write([]byte("answer"))
			return errors.Join(err, half.CloseWrite())
		}))
		if b, err := loop.Await(p.co, p.s.ReadUntilClose(100)); err != nil || string(b) != "answer" {
			p.t.Errorf("%q, %v", b, err)
		}
	})
}

// countedConn counts what was read from a conn.
type countedConn struct {
	net.Conn
	n atomic.Int64
}

func (c *countedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.n.Add(int64(n))
	return n, err
}

// What nobody takes is not fetched, and what the peer does not take waits in the stream.
func TestPumpBackpressure(t *testing.T) {
	looptest.NoLeaks(t)
	l, err := loop.New(&loop.Options{Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSyncTimeout(l, site{}.patience(), func(co *loop.Co) (struct{}, error) {
		near, far := net.Pipe() // it holds nothing
		c := &countedConn{Conn: near}
		s, err := stream.Pump(l, c)
		if err != nil {
			return struct{}{}, err
		}
		p := &pumped{t, co, l, s, far}
		want := make([]byte, 1<<20)
		sent := p.away(func() error { _, err := far.Write(want); return err })
		for len(s.Buffered()) < 64<<10 {
			if err := loop.Yield(co); err != nil {
				return struct{}{}, err
			}
		}
		for range 1000 { // it would come, if anyone fetched it
			if err := loop.Yield(co); err != nil {
				return struct{}{}, err
			}
		}
		if n := c.n.Load(); n > 200<<10 {
			t.Errorf("%d bytes were fetched, and nobody has taken any", n)
		}
		first, second := s.Write(make([]byte, 32<<10)), s.Write([]byte("x"))
		if !first.Done() || second.Done() || s.Unsent() != 1 {
			t.Errorf("%v, %v: the pump has taken more than its room, %d wait", first, second, s.Unsent())
		}
		if _, err := loop.Await(co, s.ReadFull(len(want))); err != nil {
			return struct{}{}, err
		}
		p.does(sent)
		p.does(p.away(func() error { _, err := io.ReadFull(far, make([]byte, 32<<10+1)); return err }))
		p.does(second)
		s.Abort()
		return struct{}{}, far.Close()
	})
	if err != nil {
		t.Error(err)
	}
}

// failing is a conn that cannot write.
type failing struct{ net.Conn }

var errFailing = errors.New("no writing today")

func (failing) Write([]byte) (int, error) { return 0, errFailing }

// An error of the goroutine that writes reaches those who had been told that it has
// their bytes: by the end of the stream, and by Close.
func TestPumpWriteFails(t *testing.T) {
	for _, closing := range []bool{false, true} {
		looptest.NoLeaks(t)
		l, err := loop.New(nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = loop.RunSyncTimeout(l, site{}.patience(), func(co *loop.Co) (struct{}, error) {
			near, far := net.Pipe()
			defer far.Close()
			s, err := stream.Pump(l, failing{near})
			if err != nil {
				return struct{}{}, err
			}
			s.Write([]byte("x"))
			if closing {
				_, err = loop.Await(co, s.Close())
			} else {
				_, err = loop.Await(co, s.ReadSome(1))
			}
			if !errors.Is(err, errFailing) || !s.Closed() {
				t.Errorf("closing: %v: %v", closing, err)
			}
			return struct{}{}, nil
		})
		if err != nil {
			t.Error(err)
		}
		l.Close()
	}
}

// A loop that is closed takes its pumps along.
func TestPumpLoopCloses(t *testing.T) {
	for name, open := range conns() {
		t.Run(name, func(t *testing.T) {
			looptest.NoLeaks(t)
			l, err := loop.New(nil)
			if err != nil {
				t.Fatal(err)
			}
			near, far := open(t)
			defer far.Close()
			if _, err := stream.Pump(l, near); err != nil {
				t.Fatal(err)
			}
			l.Close()
			if _, err := stream.Pump(l, near); !errors.Is(err, loop.ErrClosed) {
				t.Errorf("on a closed loop: %v", err)
			}
		})
	}
}
