//go:build unix

package stream_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// option is a number that the system has for a stream's socket.
func (p *pair) option(s *stream.Stream, level, name int) int {
	p.t.Helper()
	n, err := syscall.GetsockoptInt(stream.Descriptor(stream.TransportOf(s)), level, name)
	if err != nil {
		p.t.Error(err)
	}
	return n
}

// What System says is so on both ends, and the zero value is as in package net.
func TestSystemOptions(t *testing.T) {
	const tcp, sol = syscall.IPPROTO_TCP, syscall.SOL_SOCKET
	onSockets(t, func(p *pair) {
		ends := func(n stream.System) []*stream.Stream {
			ln, err := n.Listen(p.l, "tcp", "127.0.0.1:0")
			if err != nil {
				p.t.Fatal(err)
			}
			defer ln.Close()
			near, far, err := connect(p.co, n, ln)
			if err != nil {
				p.t.Fatal(err)
			}
			return []*stream.Stream{near, far}
		}
		for _, c := range []struct {
			n                       stream.System
			noDelay, keepAlive, buf bool
		}{
			{n: stream.System{}, noDelay: true, keepAlive: true},
			{n: stream.System{Delay: true}, keepAlive: true},
			{n: stream.System{KeepAlive: -1}, noDelay: true},
			{n: stream.System{ReadBuffer: 20_000, WriteBuffer: 20_000}, noDelay: true, keepAlive: true, buf: true},
		} {
			for i, s := range ends(c.n) {
				if got := p.option(s, tcp, syscall.TCP_NODELAY) != 0; got != c.noDelay {
					p.t.Errorf("%+v, end %d: no delay is %v", c.n, i, got)
				}
				if got := p.option(s, sol, syscall.SO_KEEPALIVE) != 0; got != c.keepAlive {
					p.t.Errorf("%+v, end %d: keep-alive is %v", c.n, i, got)
				}
				r, w := p.option(s, sol, syscall.SO_RCVBUF), p.option(s, sol, syscall.SO_SNDBUF)
				if c.buf && (r < 20_000 || r > 40_000 || w < 20_000 || w > 40_000) {
					p.t.Errorf("%+v, end %d: the buffers are %d and %d", c.n, i, r, w)
				}
				s.Abort()
			}
		}
	})
}

func TestSetNoDelay(t *testing.T) {
	onSockets(t, func(p *pair) {
		for _, on := range []bool{false, true} {
			if err := p.near.SetNoDelay(on); err != nil {
				p.t.Error(err)
			}
			if got := p.option(p.near, syscall.IPPROTO_TCP, syscall.TCP_NODELAY) != 0; got != on {
				p.t.Errorf("it is %v", got)
			}
		}
		p.near.Abort()
		if err := p.near.SetNoDelay(true); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("of a closed stream: %v", err)
		}
		ln := p.listenUnix(stream.System{}, socketName(p.t))
		defer ln.Close()
		near, far := p.connectUnix(stream.System{}, ln)
		defer near.Abort()
		defer far.Abort()
		if err := near.SetNoDelay(true); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("over a Unix socket: %v", err)
		}
	})
}

// Tornado T26: "localhost" is one port in all families, and nothing is looked up.
func TestListenLocalhost(t *testing.T) {
	onSockets(t, func(p *pair) {
		ln, err := p.n.Listen(p.l, "tcp", "localhost:0")
		if err != nil {
			p.t.Fatal(err)
		}
		var from []netip.Addr
		if err := ln.Accept(func(tr stream.Transport) {
			from = append(from, tr.RemoteAddr().Addr())
			_ = tr.Close(false)
		}); err != nil {
			p.t.Fatal(err)
		}
		port := ln.Addr().(*net.TCPAddr).AddrPort().Port()
		dialled := 0
		for _, host := range []string{"127.0.0.1", "::1"} {
			s, err := stream.Dial(p.co, p.n, "tcp", netip.AddrPortFrom(netip.MustParseAddr(host), port).String())
			if host == "::1" && lacksIPv6(err) {
				p.t.Logf("this machine has no ::1: %v", err)
				continue
			}
			if err != nil {
				p.t.Fatal(err)
			}
			dialled++
			s.Abort()
		}
		p.until("all are accepted", func() bool { return len(from) == dialled })
		ln.Pause()
		ln.Resume() // both sockets
		if err := ln.Close(); err != nil {
			p.t.Error(err)
		}
		for _, host := range []string{"127.0.0.1", "[::1]"} {
			if s, err := stream.Dial(p.co, p.n, "tcp", host+":"+itoa(port)); err == nil {
				p.t.Errorf("%s is still open", host)
				s.Abort()
			}
		}
		if _, err := p.n.Listen(p.l, "tcp", "name.invalid:0"); err == nil || !strings.Contains(err.Error(), "not looked up") {
			p.t.Errorf("a name: %v", err)
		}
	})
}

func itoa(port uint16) string {
	_, s, _ := strings.Cut(netip.AddrPortFrom(netip.IPv4Unspecified(), port).String(), ":")
	return s
}

func lacksIPv6(err error) bool {
	return errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

// A socket that was handed to this process, as a descriptor or as what package net or os
// made of it, accepts like one of our own.
func TestInheritedListener(t *testing.T) {
	netListen := func(p *pair, network, address string) net.Listener {
		ln, err := net.Listen(network, address)
		if err != nil {
			p.t.Fatal(err)
		}
		return ln
	}
	for name, inherit := range map[string]func(p *pair) (stream.Listener, error){
		"descriptor": func(p *pair) (stream.Listener, error) {
			from := netListen(p, "tcp", "127.0.0.1:0")
			defer from.Close()
			raw, err := from.(*net.TCPListener).SyscallConn()
			if err != nil {
				p.t.Fatal(err)
			}
			fd := -1
			if err := raw.Control(func(own uintptr) { fd, err = syscall.Dup(int(own)) }); err != nil {
				p.t.Fatal(err)
			}
			return stream.System{}.ListenFD(p.l, fd)
		},
		"file": func(p *pair) (stream.Listener, error) {
			from := netListen(p, "tcp", "127.0.0.1:0")
			defer from.Close()
			f, err := from.(*net.TCPListener).File()
			if err != nil {
				p.t.Fatal(err)
			}
			defer f.Close()
			return stream.System{}.ListenFile(p.l, f)
		},
		"TCPListener": func(p *pair) (stream.Listener, error) {
			from := netListen(p, "tcp", "127.0.0.1:0")
			defer from.Close()
			return stream.System{}.ListenFile(p.l, from.(*net.TCPListener))
		},
		"UnixListener": func(p *pair) (stream.Listener, error) {
			from := netListen(p, "unix", socketName(p.t))
			defer from.Close()
			from.(*net.UnixListener).SetUnlinkOnClose(false)
			return stream.System{}.ListenFile(p.l, from.(*net.UnixListener))
		},
	} {
		t.Run(name, func(t *testing.T) {
			onSockets(t, func(p *pair) {
				before := openDescriptors()
				ln, err := inherit(p)
				if err != nil {
					p.t.Fatal(err)
				}
				checkDescriptor(p.t, stream.ListenerDescriptor(ln))
				accepted := loop.NewPromise[*stream.Stream](p.l)
				if err := ln.Accept(func(tr stream.Transport) {
					s, err := stream.New(p.l, tr)
					if err != nil {
						p.t.Error(err)
					}
					accepted.Set(s)
				}); err != nil {
					p.t.Fatal(err)
				}
				near, err := stream.Dial(p.co, p.n, ln.Addr().Network(), ln.Addr().String())
				if err != nil {
					p.t.Fatal(err)
				}
				far, err := loop.Await(p.co, accepted.Future())
				if err != nil {
					p.t.Fatal(err)
				}
				near.Write([]byte("x"))
				p.gets(far.ReadFull(1), "x")
				if near.RemoteAddr().IsValid() && p.option(far, syscall.IPPROTO_TCP, syscall.TCP_NODELAY) == 0 {
					p.t.Error("it does not have System's options")
				}
				near.Abort()
				far.Abort()
				if err := ln.Close(); err != nil {
					p.t.Error(err)
				}
				if after := openDescriptors(); after != before {
					p.t.Errorf("%d descriptors were open, now %d", before, after)
				}
				if a := ln.Addr(); a.Network() == "unix" {
					if _, err := os.Lstat(a.String()); err != nil {
						p.t.Errorf("the file belongs to whoever made it: %v", err)
					}
				}
			})
		})
	}
}

// checkDescriptor fails unless it is non-blocking and close-on-exec.
func checkDescriptor(t *testing.T, fd int) {
	t.Helper()
	f, fail := uintptr(fd), syscall.Errno(0)
	status, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f, syscall.F_GETFL, 0)
	fail |= errno
	flags, _, errno := syscall.Syscall(syscall.SYS_FCNTL, f, syscall.F_GETFD, 0)
	if fail |= errno; fail != 0 {
		t.Fatal(fail)
	}
	if status&syscall.O_NONBLOCK == 0 || flags&syscall.FD_CLOEXEC == 0 {
		t.Errorf("the descriptor has the flags %#x and %#x", status, flags)
	}
}

// What does not listen is refused, and is closed if it was given away.
func TestInheritMistakes(t *testing.T) {
	onSockets(t, func(p *pair) {
		fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := (stream.System{}).ListenFD(p.l, fd); !errors.Is(err, syscall.EINVAL) {
			p.t.Errorf("a socket that does not listen: %v", err)
		}
		if err := syscall.Close(fd); !errors.Is(err, syscall.EBADF) {
			p.t.Errorf("it was left open: %v", err)
		}
		f, err := os.Open(os.DevNull)
		if err != nil {
			p.t.Fatal(err)
		}
		defer f.Close()
		if _, err := (stream.System{}).ListenFile(p.l, f); err == nil {
			p.t.Error("a file listens")
		}
		if _, err := f.Read(make([]byte, 1)); errors.Is(err, os.ErrClosed) {
			p.t.Error("the caller's file was closed")
		}
		f.Close()
		if _, err := (stream.System{}).ListenFile(p.l, f); err == nil {
			p.t.Error("a closed file listens")
		}
	})
}

func TestLookUp(t *testing.T) {
	ctx := context.Background()
	for _, address := range []string{"127.0.0.1:80", "[::1]:80", ":80", "localhost:80"} {
		if got, err := stream.LookUp(ctx, "tcp", address); got != address || err != nil {
			t.Errorf("%s: %q, %v", address, got, err)
		}
	}
	if got, err := stream.LookUp(ctx, "unix", "/tmp/s"); got != "/tmp/s" || err != nil {
		t.Errorf("a path: %q, %v", got, err)
	}
	for _, c := range [][2]string{{"tcp", "127.0.0.1"}, {"udp", "name.invalid:80"}, {"tcp", "127.0.0.1:no-such-service"}} {
		if got, err := stream.LookUp(ctx, c[0], c[1]); err == nil {
			t.Errorf("%v: %q", c, got)
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if got, err := stream.LookUp(gone, "tcp", "name.invalid:80"); err == nil {
		t.Errorf("cancelled: %q", got)
	}
}

// A pause takes effect within a batch, and leaves the others waiting until it ends.
func TestListenerPause(t *testing.T) {
	everywhere(t, func(p *pair) {
		ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		var clients []*stream.Stream
		for range 10 {
			clients = append(clients, p.dial(ln))
		}
		accepted := 0
		if err := ln.Accept(func(tr stream.Transport) {
			if accepted++; accepted == 3 {
				ln.Pause()
			}
			_ = tr.Close(false)
		}); err != nil {
			p.t.Fatal(err)
		}
		p.until("three are accepted", func() bool { return accepted == 3 })
		for range 20 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
		if accepted != 3 {
			p.t.Errorf("%d were accepted", accepted)
		}
		ln.Resume()
		p.until("all are accepted", func() bool { return accepted == len(clients) })
		for _, s := range clients {
			s.Abort()
		}
	})
}

// The silence of a peer that is gone ends the connection: the settings are the
// system's own business, and here only that they are asked for in seconds.
func TestKeepAliveTimes(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("the names of the options are Linux's")
	}
	const idle, interval, count = 4, 5, 6 // TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT
	onSockets(t, func(p *pair) {
		n := stream.System{KeepAlive: 1500 * time.Millisecond, KeepAliveInterval: 3 * time.Second, KeepAliveCount: 2}
		ln, err := n.Listen(p.l, "tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		near, far, err := connect(p.co, n, ln)
		if err != nil {
			p.t.Fatal(err)
		}
		for _, s := range []*stream.Stream{near, far} {
			got := [3]int{
				p.option(s, syscall.IPPROTO_TCP, idle),
				p.option(s, syscall.IPPROTO_TCP, interval),
				p.option(s, syscall.IPPROTO_TCP, count),
			}
			if got != [3]int{2, 3, 2} {
				p.t.Errorf("idle, interval and count are %v", got)
			}
			s.Abort()
		}
	})
}

// Tornado T25: what is an address and what is none. Nothing of the kind is looked up.
func TestLiteralsOnly(t *testing.T) {
	onSockets(t, func(p *pair) {
		for _, host := range []string{
			"www.google.com", "4.4.4.4<", " 127.0.0.1", " ", "\n", "\x00", "127.0.0.1\x00", strings.Repeat("a", 100), "127.1", "[::1", "::1%\x00",
		} {
			if ln, err := p.n.Listen(p.l, "tcp", net.JoinHostPort(host, "0")); err == nil {
				p.t.Errorf("%q: it listens at %v", host, ln.Addr())
				_ = ln.Close()
			}
			if tr, err := p.n.Dial(p.co, "tcp", net.JoinHostPort(host, "1")); err == nil {
				p.t.Errorf("%q: connected to %v", host, tr.RemoteAddr())
			}
		}
	})
}
