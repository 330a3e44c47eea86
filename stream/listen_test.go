package stream_test

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// listening runs body at every site with a listener that accepts nothing yet.
func listening(t *testing.T, body func(p *pair, ln stream.Listener)) {
	everywhere(t, func(p *pair) {
		ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		body(p, ln)
	})
}

func (p *pair) dial(ln stream.Listener) *stream.Stream {
	p.t.Helper()
	s, err := stream.Dial(p.co, p.n, "tcp", ln.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	return s
}

// A port in use is an error that says so, with the address.
func TestListenPortInUse(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		_, err := p.n.Listen(p.l, "tcp", ln.Addr().String())
		if !errors.Is(err, syscall.EADDRINUSE) {
			p.t.Errorf("got %v", err)
		}
		var op *net.OpError
		if !errors.As(err, &op) || op.Op != "listen" {
			p.t.Errorf("%T: %v", err, err)
		}
		addr := ln.Addr().String()
		if err := ln.Close(); err != nil {
			p.t.Error(err)
		}
		again, err := p.n.Listen(p.l, "tcp", addr)
		if err != nil {
			p.t.Fatalf("after Close: %v", err)
		}
		_ = again.Close()
	})
}

func TestListenMistakes(t *testing.T) {
	everywhere(t, func(p *pair) {
		for _, c := range []struct{ network, address string }{
			{"udp", "127.0.0.1:0"}, {"tcp", "127.0.0.1"}, {"tcp", "127.0.0.1:-1"},
		} {
			if ln, err := p.n.Listen(p.l, c.network, c.address); err == nil {
				p.t.Errorf("%v: no error", c)
				_ = ln.Close()
			}
		}
	})
}

// Tornado T03: a listener may be closed twice. Its address stays known, it accepts
// no more, and its connections live on.
func TestListenClose(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		near, far, err := connect(p.co, p.n, ln)
		if err != nil {
			p.t.Fatal(err)
		}
		defer near.Abort()
		defer far.Abort()
		addr := ln.Addr().String()
		for range 2 {
			if err := ln.Close(); err != nil {
				p.t.Error(err)
			}
		}
		if ln.Addr().String() != addr {
			p.t.Errorf("the address was %v and is %v", addr, ln.Addr())
		}
		if err := ln.Accept(func(stream.Transport) {}); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("Accept: %v", err)
		}
		if _, err := p.n.Dial(p.co, "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			p.t.Errorf("Dial: %v", err)
		}
		near.Write([]byte("on"))
		p.gets(far.ReadFull(2), "on")
	})
}

// Tornado T04: a listener that is closed while connections wait takes no more of
// them, not even of the same batch.
func TestListenCloseInBurst(t *testing.T) {
	listening(t, func(p *pair, ln stream.Listener) {
		var clients []*stream.Stream
		for range 40 {
			clients = append(clients, p.dial(ln))
		}
		accepted := 0
		if err := ln.Accept(func(tr stream.Transport) {
			if accepted++; accepted == 3 {
				if err := ln.Close(); err != nil {
					p.t.Error(err)
				}
			}
			_ = tr.Close(true)
		}); err != nil {
			p.t.Fatal(err)
		}
		for i, s := range clients {
			if _, err := loop.Await(p.co, s.ReadSome(1)); !errors.Is(err, syscall.ECONNRESET) {
				p.t.Errorf("client %d: %v", i, err)
			}
		}
		if accepted != 3 {
			p.t.Errorf("%d were accepted", accepted)
		}
	})
}

// Tornado 1.57: one event brings a bounded number of connections, and then the
// others have their turn.
func TestAcceptBudget(t *testing.T) {
	const budget, connections = 128, 300
	onSockets(t, func(p *pair) {
		ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		for range connections {
			defer p.dial(ln).Abort()
		}
		var batches []int // one for each iteration
		fresh := true
		if err := ln.Accept(func(tr stream.Transport) {
			_ = tr.Close(true)
			if fresh {
				fresh = false
				batches = append(batches, 0)
				p.l.Call(func() { fresh = true })
			}
			batches[len(batches)-1]++
		}); err != nil {
			p.t.Fatal(err)
		}
		total := func() (n int) {
			for _, b := range batches {
				n += b
			}
			return n
		}
		p.until("all are accepted", func() bool { return total() == connections })
		for _, b := range batches {
			if b > budget {
				p.t.Errorf("the batches were %v", batches)
			}
		}
	})
}

// Tornado T06: both families, as the address says.
func TestListenFamilies(t *testing.T) {
	onSockets(t, func(p *pair) {
		for _, c := range []struct{ network, listen, dial string }{
			{"tcp", "127.0.0.1:0", "127.0.0.1"},
			{"tcp4", ":0", "127.0.0.1"},
			{"tcp", "[::1]:0", "::1"},
			{"tcp6", "[::1]:0", "::1"},
			{"tcp", ":0", "127.0.0.1"},
			{"tcp", ":0", "::ffff:127.0.0.1"},
		} {
			ln, err := p.n.Listen(p.l, c.network, c.listen)
			if errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT) {
				p.t.Logf("%v: this machine has no such address: %v", c, err)
				continue
			}
			if err != nil {
				p.t.Error(err)
				continue
			}
			port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
			target := netip.AddrPortFrom(netip.MustParseAddr(c.dial), port)
			tr, err := p.n.Dial(p.co, c.network, target.String())
			if err != nil {
				p.t.Errorf("%v: %v", c, err)
			} else {
				want := netip.AddrPortFrom(target.Addr().Unmap(), port)
				if tr.RemoteAddr() != want || tr.LocalAddr().Addr() != want.Addr() {
					p.t.Errorf("%v: from %v to %v", c, tr.LocalAddr(), tr.RemoteAddr())
				}
				_ = tr.Close(true)
			}
			_ = ln.Close()
		}
	})
}

// The two ends agree on their addresses.
func TestAddresses(t *testing.T) {
	everywhere(t, func(p *pair) {
		if p.near.LocalAddr() != p.far.RemoteAddr() || p.near.RemoteAddr() != p.far.LocalAddr() {
			p.t.Errorf("%v-%v and %v-%v", p.near.LocalAddr(), p.near.RemoteAddr(), p.far.LocalAddr(), p.far.RemoteAddr())
		}
		if !p.near.LocalAddr().IsValid() || p.near.LocalAddr() == p.near.RemoteAddr() {
			p.t.Error(p.near.LocalAddr())
		}
		if p.near.Loop() != p.l {
			p.t.Error("the loop is another")
		}
		remote := p.near.RemoteAddr()
		p.near.Abort()
		_ = p.near.LocalAddr()
		if p.near.RemoteAddr() != remote {
			p.t.Error("who the peer was is forgotten")
		}
	})
}

// Tornado T27.
func TestReusePort(t *testing.T) {
	onSockets(t, func(p *pair) {
		n := stream.System{ReusePort: true, Backlog: 5}
		a, err := n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer a.Close()
		b, err := n.Listen(p.l, "tcp", a.Addr().String())
		if err != nil {
			p.t.Fatal(err)
		}
		_ = b.Close()
	})
}

// A loop that watches no descriptors cannot accept or dial, and nothing is left
// open.
func TestNoDescriptors(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		ln, err := stream.System{}.Listen(co.Loop(), "tcp", "127.0.0.1:0")
		if errors.Is(err, errors.ErrUnsupported) {
			return nil // nor does the platform
		}
		if err != nil {
			return err
		}
		defer ln.Close()
		if err := ln.Accept(func(stream.Transport) {}); err == nil {
			t.Error("it accepts")
		}
		if _, err := stream.Dial(co, stream.System{}, "tcp", ln.Addr().String()); err == nil {
			t.Error("it dials")
		}
		return nil
	})
}
