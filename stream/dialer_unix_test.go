//go:build unix

package stream_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Tornado T06: what the client asks for, by what the server listens on.
func TestDialerFamilies(t *testing.T) {
	onSockets(t, func(p *pair) {
		for _, server := range []string{"127.0.0.1", "::1", "localhost"} {
			ln, err := p.n.Listen(p.l, "tcp", net.JoinHostPort(server, "0"))
			if server == "::1" && lacksIPv6(err) {
				p.t.Logf("this machine has no ::1: %v", err)
				continue
			}
			if err != nil {
				p.t.Fatal(err)
			}
			port := itoa(ln.Addr().(*net.TCPAddr).AddrPort().Port())
			six, err := (&stream.Dialer{}).Dial(p.co, "tcp6", "[::1]:"+port)
			has6 := err == nil
			if has6 {
				six.Abort()
			}
			for _, c := range []struct{ network, host, want string }{
				{"tcp4", "localhost", "127.0.0.1"},
				{"tcp6", "localhost", "::1"},
				{"tcp", "127.0.0.1", "127.0.0.1"},
				{"tcp", "::1", "::1"},
				{"tcp", "localhost", ""}, // whichever there is
			} {
				s, err := (&stream.Dialer{}).Dial(p.co, c.network, net.JoinHostPort(c.host, port))
				there := c.want == "" || server == c.want || server == "localhost" && (has6 || c.want != "::1")
				if !there {
					if failed(p.t, err, "connect"); err == nil {
						s.Abort()
					}
					continue
				}
				if err != nil {
					p.t.Errorf("server at %s, %v: %v", server, c, err)
					continue
				}
				if got := s.RemoteAddr().Addr().String(); c.want != "" && got != c.want {
					p.t.Errorf("server at %s, %v: it is %s", server, c, got)
				}
				s.Abort()
			}
			_ = ln.Close()
		}
	})
}

// Tornado T07, and each address says so.
func TestDialerRefused(t *testing.T) {
	onSockets(t, func(p *pair) {
		_, err := (&stream.Dialer{}).Dial(p.co, "tcp", "localhost:1")
		failed(p.t, err, "connect", syscall.ECONNREFUSED)
		if !strings.Contains(err.Error(), "127.0.0.1:1: connect: connection refused") || !strings.Contains(err.Error(), "; dial tcp [::1]:1") {
			p.t.Errorf("it says %q", err)
		}
	})
}

// Tornado T08: an address and a port of choice for this end.
func TestDialerLocalAddr(t *testing.T) {
	onSockets(t, func(p *pair) {
		ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		var peers []netip.AddrPort
		if err := ln.Accept(func(tr stream.Transport) {
			peers = append(peers, tr.RemoteAddr())
			p.t.Cleanup(func() { _ = tr.Close(true) })
		}); err != nil {
			p.t.Fatal(err)
		}
		_, port, _ := net.SplitHostPort(ln.Addr().String())
		address := net.JoinHostPort("localhost", port)
		dial := func(local netip.AddrPort) (*stream.Stream, error) {
			return (&stream.Dialer{LocalAddr: local}).Dial(p.co, "tcp", address)
		}
		first, err := dial(netip.MustParseAddrPort("127.0.0.1:0"))
		if err != nil {
			p.t.Fatal(err)
		}
		used := first.LocalAddr()
		first.Abort()
		again, err := dial(netip.AddrPortFrom(netip.Addr{}, used.Port())) // on the loopback
		if err != nil {
			p.t.Fatal(err)
		}
		if again.LocalAddr() != used {
			p.t.Errorf("this end is %v, want %v", again.LocalAddr(), used)
		}
		_, err = dial(used)
		failed(p.t, err, "connect", syscall.EADDRINUSE)
		var op *net.OpError
		if !errors.As(err, &op) || op.Source == nil || op.Source.String() != used.String() {
			p.t.Errorf("%v has no source", err)
		}
		again.Abort()
		_, err = dial(netip.MustParseAddrPort("8.8.8.8:0"))
		failed(p.t, err, "connect", syscall.EADDRNOTAVAIL)
		_, err = (&stream.Dialer{LocalAddr: netip.MustParseAddrPort("[::1]:0")}).Dial(p.co, "tcp", "127.0.0.1:1")
		failed(p.t, err, "lookup") // no address of that family is left
		_, err = (&stream.Dialer{LocalAddr: used}).Dial(p.co, "unix", "/nowhere")
		failed(p.t, err, "connect", errors.ErrUnsupported)
		p.until("both are accepted", func() bool { return len(peers) == 2 })
		if peers[0] != used || peers[1] != used {
			p.t.Errorf("the peers were %v, want %v twice", peers, used)
		}
	})
}

func TestDialerUnix(t *testing.T) {
	onSockets(t, func(p *pair) {
		ln := p.listenUnix(stream.System{}, socketName(p.t))
		defer ln.Close()
		s, err := (&stream.Dialer{Timeout: time.Minute, FallbackDelay: -1}).Dial(p.co, "unix", ln.Addr().String())
		if err != nil {
			p.t.Fatal(err)
		}
		s.Abort()
		_, err = (&stream.Dialer{}).Dial(p.co, "unix", ln.Addr().String()+"-not")
		failed(p.t, err, "connect", os.ErrNotExist)
	})
}

// full makes a listener whose queue has no more room, so that an attempt to connect waits.
// It reports false if the system lets everyone in.
func (p *pair) full(ln stream.Listener) (clients []*stream.Stream, ok bool) {
	d := stream.Dialer{ConnectTimeout: 300 * time.Millisecond}
	for range 10 {
		s, err := d.Dial(p.co, "tcp", ln.Addr().String())
		if err != nil {
			return clients, errors.Is(err, os.ErrDeadlineExceeded)
		}
		clients = append(clients, s)
	}
	return clients, false
}

// In whatever phase a Dial is given up, its descriptors are closed and nothing is watched.
func TestDialerGivenUp(t *testing.T) {
	onSockets(t, func(p *pair) {
		n := stream.System{Backlog: 1}
		ln, err := n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		open, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer open.Close()
		clients, hangs := p.full(ln)
		there := ln.Addr().(*net.TCPAddr).AddrPort()
		closed := netip.MustParseAddrPort("[::1]:1")
		for name, c := range map[string]struct {
			d     stream.Dialer
			addrs []netip.AddrPort
			phase string
		}{
			"lookup":          {stream.Dialer{Resolver: silent{}}, nil, "lookup"},
			"connect":         {stream.Dialer{}, []netip.AddrPort{there}, "connect"},
			"after a failure": {stream.Dialer{FallbackDelay: 1}, []netip.AddrPort{closed, there, there}, "connect"},
			"tls": {stream.Dialer{TLS: &stream.TLSOptions{}},
				[]netip.AddrPort{open.Addr().(*net.TCPAddr).AddrPort()}, "tls"},
		} {
			if c.phase == "connect" && !hangs {
				p.t.Logf("%s: not tested, as this system lets everyone in", name)
				continue
			}
			if c.d.Resolver == nil {
				c.d.Resolver = names(c.addrs)
			}
			before := openDescriptors()
			scope, cancel := p.co.WithCancel()
			f := loop.Go(scope, func(co *loop.Co) (*stream.Stream, error) { return c.d.Dial(co, "tcp", named) })
			for range 20 {
				if err := p.turn(); err != nil {
					p.t.Fatal(err)
				}
			}
			if c.phase != "lookup" && openDescriptors() == before {
				p.t.Errorf("%s: nothing was opened", name)
			}
			cancel(nil)
			_, err := loop.Await(p.co, f)
			failed(p.t, err, c.phase, context.Canceled)
			if after := openDescriptors(); after != before {
				p.t.Errorf("%s: %d descriptors were open, now %d", name, before, after)
			}
		}
		for _, s := range clients {
			s.Abort()
		}
	})
}
