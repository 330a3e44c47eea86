package looptest_test

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A large write through a small window, followed at once by Close, arrives whole.
func TestNetworkDeliversAcrossClose(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		n := &looptest.Network{Window: 1000}
		ln, err := n.Listen(l, "tcp", "127.0.0.1:80")
		if err != nil {
			return err
		}
		sent := bytes.Repeat([]byte("0123456789"), 10_000)
		if err := ln.Accept(func(tr stream.Transport) {
			s, err := stream.New(l, tr)
			if err != nil {
				t.Error(err)
				return
			}
			s.Write(sent)
			s.Close()
		}); err != nil {
			return err
		}
		s, err := stream.Dial(co, n, "tcp", "127.0.0.1:80")
		if err != nil {
			return err
		}
		got, err := loop.Await(co, s.ReadFull(len(sent)))
		if err != nil {
			return err
		}
		if !bytes.Equal(got, sent) {
			t.Error("the bytes differ")
		}
		_, err = loop.Await(co, s.Close())
		return err
	})
}

// Ports are the network's own: given out once, and free again after Close.
func TestNetworkPorts(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var n, other looptest.Network
		ports := map[netip.AddrPort]bool{}
		for range 100 {
			ln, err := n.Listen(l, "tcp", ":0")
			if err != nil {
				return err
			}
			ports[netip.MustParseAddrPort(ln.Addr().String())] = true
		}
		if len(ports) != 100 {
			t.Errorf("%d different ports", len(ports))
		}
		web, err := n.Listen(l, "tcp", "example.test:http")
		if err != nil {
			return err
		}
		if got := web.Addr().String(); got != "127.0.0.1:80" {
			t.Error(got)
		}
		if _, err := n.Listen(l, "tcp", ":80"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("got %v", err)
		}
		if _, err := other.Listen(l, "tcp", ":80"); err != nil {
			t.Errorf("on another network: %v", err)
		}
		if err := errors.Join(web.Close(), web.Close()); err != nil {
			t.Error(err)
		}
		_, err = n.Listen(l, "tcp", ":80")
		return err
	})
}

// Whoever dials before anyone accepts waits in the listener, and is reset if that
// is closed.
func TestNetworkBacklog(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var n looptest.Network
		for _, accept := range []bool{true, false} {
			ln, err := n.Listen(l, "tcp", ":80")
			if err != nil {
				return err
			}
			early, err := n.Dial(co, "tcp", "10.0.0.1:80")
			if err != nil {
				return err
			}
			accepted := 0
			if accept {
				if err := ln.Accept(func(stream.Transport) { accepted++ }); err != nil {
					return err
				}
				yield(t, co)
			}
			if err := ln.Close(); err != nil {
				return err
			}
			_, err = early.Read(make([]byte, 1))
			if accept && (accepted != 1 || err != stream.ErrAgain) || !accept && err != syscall.ECONNRESET {
				t.Errorf("accept %v: %d accepted, then %v", accept, accepted, err)
			}
		}
		return nil
	})
}

// Two runs of the same program give the same story, to the nanosecond and the
// byte.
func TestRunsAreRepeatable(t *testing.T) {
	t.Setenv("ZONDA_SEED", "7")
	first := story(t)
	if second := story(t); second != first {
		t.Errorf("two runs differ:\n%s\nand\n%s", first, second)
	}
	if lines := strings.Count(first, "\n"); lines < 100 {
		t.Errorf("the story has %d lines only:\n%s", lines, first)
	}
}

// story is what a server and some clients do, who sleep and send at random.
func story(t *testing.T) string {
	var told strings.Builder
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		tell := func(format string, args ...any) {
			fmt.Fprintf(&told, "%v "+format+"\n", append([]any{l.Now().Sub(start)}, args...)...)
		}
		n := &looptest.Network{Window: 100}
		ln, err := n.Listen(l, "tcp", ":7")
		if err != nil {
			return err
		}
		defer ln.Close()
		if err := ln.Accept(func(tr stream.Transport) { echo(l, tr, tell) }); err != nil {
			return err
		}
		var clients []*loop.Future[int]
		for i := range 5 {
			clients = append(clients, loop.Spawn(co, func(co *loop.Co) (int, error) {
				return 0, talk(co, n, rand.New(rand.NewPCG(7, uint64(i))), func(s string) { tell("client %d: %s", i, s) })
			}))
		}
		_, err = loop.Await(co, loop.All(l, clients...))
		return err
	})
	return told.String()
}

func echo(l *loop.Loop, tr stream.Transport, tell func(string, ...any)) {
	s, err := stream.New(l, tr)
	if err != nil {
		tell("server: %v", err)
		return
	}
	loop.Spawn(l, func(co *loop.Co) (int, error) {
		for {
			p, err := loop.Await(co, s.ReadSome(1<<10))
			tell("server: %v: %d bytes, %v", tr.RemoteAddr(), len(p), err)
			if err != nil {
				_, err = loop.Await(co, s.Close())
				return 0, err
			}
			s.Write(p)
		}
	})
}

func talk(co *loop.Co, n stream.Network, r *rand.Rand, tell func(string)) error {
	s, err := stream.Dial(co, n, "tcp", "127.0.0.1:7")
	if err != nil {
		return err
	}
	for range 10 {
		if err := loop.Sleep(co, time.Duration(r.IntN(3))*time.Millisecond); err != nil {
			return err
		}
		sent := bytes.Repeat([]byte{byte(r.IntN(256))}, r.IntN(400))
		s.Write(sent)
		got, err := loop.Await(co, s.ReadFull(len(sent)))
		if err != nil || !slices.Equal(got, sent) {
			return fmt.Errorf("%d bytes of %d: %w", len(got), len(sent), err)
		}
		tell(fmt.Sprintf("%d bytes", len(got)))
	}
	_, err = loop.Await(co, s.Close())
	tell(fmt.Sprint("closed: ", err))
	return err
}

// Whoever dials can be several machines.
func TestNetworkDialFrom(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := &looptest.Network{}
		ln, err := n.Listen(co.Loop(), "tcp", ":80")
		if err != nil {
			return err
		}
		defer ln.Close()
		var peers []netip.AddrPort
		if err := ln.Accept(func(tr stream.Transport) {
			peers = append(peers, tr.RemoteAddr())
			_ = tr.Close(false)
		}); err != nil {
			return err
		}
		for _, from := range []string{"10.0.0.1:1000", "10.0.0.2:0", "[fd00::1]:7"} {
			local := netip.MustParseAddrPort(from)
			d := stream.Dialer{Network: n, LocalAddr: local}
			host := "10.0.0.9:80"
			if local.Addr().Is6() {
				host = "[fd00::9]:80"
			}
			s, err := d.Dial(co, "tcp", host)
			if err != nil {
				return err
			}
			for len(peers) == 0 {
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			peer := peers[0]
			peers = nil
			if s.LocalAddr() != peer || peer.Addr() != local.Addr() || peer.Port() == 0 || local.Port() > 0 && peer != local {
				t.Errorf("from %s: this end is %v, and the other sees %v", from, s.LocalAddr(), peer)
			}
			s.Abort()
		}
		d := stream.Dialer{Network: n, LocalAddr: netip.MustParseAddrPort("10.0.0.1:0")}
		if _, err := d.Dial(co, "tcp", "10.0.0.9:81"); !errors.Is(err, syscall.ECONNREFUSED) {
			t.Errorf("nobody listens: %v", err)
		}
		return nil
	})
}
