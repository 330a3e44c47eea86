package stream_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Tornado S27, T07: a port that nobody listens on.
func TestDialRefused(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		addr := ln.Addr().String()
		_ = ln.Close()
		s, err := stream.Dial(p.co, p.n, "tcp", addr)
		if s != nil || !errors.Is(err, syscall.ECONNREFUSED) {
			p.t.Fatalf("got %v, %v", s, err)
		}
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "dial" || !strings.Contains(err.Error(), addr) {
			p.t.Errorf("%T: %v", err, err)
		}
	})
}

func TestDialMistakes(t *testing.T) {
	everywhere(t, func(p *pair) {
		for _, c := range []struct{ network, address string }{
			{"udp", "127.0.0.1:1"}, {"tcp", "127.0.0.1"}, {"tcp", "localhost:1"}, {"tcp", ":1"},
		} {
			if _, err := p.n.Dial(p.co, c.network, c.address); err == nil {
				p.t.Errorf("%v: no error", c)
			}
		}
	})
	onSockets(t, func(p *pair) {
		for _, c := range []struct{ network, address string }{
			{"tcp4", "[::1]:1"}, {"tcp6", "127.0.0.1:1"}, {"tcp", "[::1%no-such-zone]:1"},
		} {
			if _, err := p.n.Dial(p.co, c.network, c.address); err == nil {
				p.t.Errorf("%v: no error", c)
			}
		}
	})
}

// A coroutine that is cancelled gives its attempt up.
func TestDialCancelled(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		co, cancel := p.co.WithCancel()
		cancel(nil)
		if _, err := stream.Dial(co, p.n, "tcp", ln.Addr().String()); !errors.Is(err, context.Canceled) {
			p.t.Errorf("got %v", err)
		}
	})
}

// Whoever dials may write before the other side has accepted (Tornado S03).
func TestDialBeforeAccept(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		s := p.dial(ln)
		defer s.Abort()
		s.Write([]byte("early"))
		far := loop.NewPromise[*stream.Stream](p.l)
		if err := ln.Accept(func(tr stream.Transport) {
			s, err := stream.New(p.l, tr)
			if err != nil {
				p.t.Error(err)
			}
			far.Set(s)
		}); err != nil {
			p.t.Fatal(err)
		}
		f, err := loop.Await(p.co, far.Future())
		if err != nil {
			p.t.Fatal(err)
		}
		defer f.Abort()
		p.gets(f.ReadFull(5), "early")
	})
}

// scripted is a network whose connections are a script.
type scripted struct{ tr *script }

func (n scripted) Listen(*loop.Loop, string, string) (stream.Listener, error) {
	return nil, errors.ErrUnsupported
}

func (n scripted) Dial(*loop.Co, string, string) (stream.Transport, error) { return n.tr, nil }

// A dialled transport that cannot be used is closed.
func TestDialOfUselessTransport(t *testing.T) {
	bad := errors.New("bad")
	tr := &script{startErr: bad}
	follow(t, &script{}, func(p *pair, _ *stream.Stream) {
		_, err := stream.Dial(p.co, scripted{tr}, "tcp", "127.0.0.1:1")
		if !errors.Is(err, bad) || tr.closes != 1 {
			t.Errorf("%v, closed %d times", err, tr.closes)
		}
	})
}
