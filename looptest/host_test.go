package looptest_test

import (
	"context"
	"errors"
	"io/fs"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// Machines have their own ports, and "127.0.0.1" means each of them itself.
func TestHosts(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		n := &looptest.Network{}
		got := map[string]string{} // by listener, the address of who has dialled it
		for _, host := range []string{"10.0.0.1", "10.0.0.2"} {
			ln, err := n.Host(host).Listen(l, "tcp", ":7")
			if err != nil {
				return err
			}
			defer ln.Close()
			if a := ln.Addr().String(); a != host+":7" {
				t.Errorf("listening on %s", a)
			}
			if err := ln.Accept(func(tr stream.Transport) {
				if tr.LocalAddr().String() != host+":7" {
					t.Errorf("accepted at %v", tr.LocalAddr())
				}
				got[host] = tr.RemoteAddr().Addr().String()
				_ = tr.Close(true)
			}); err != nil {
				return err
			}
		}
		for _, c := range []struct{ from, address, to string }{
			{"10.0.0.1", "127.0.0.1:7", "10.0.0.1"},
			{"10.0.0.1", "10.0.0.2:7", "10.0.0.2"},
			{"10.0.0.2", "[::1]:7", "10.0.0.2"},
			{"fd00::3", "10.0.0.2:7", "10.0.0.2"},
			{"10.0.0.3", "127.0.0.1:7", ""},
			{"10.0.0.3", "10.0.0.4:7", ""},
		} {
			clear(got)
			tr, err := n.Host(c.from).Dial(co, "tcp", c.address)
			if c.to == "" {
				if !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("%+v: %v", c, err)
				}
				continue
			}
			if err != nil {
				return err
			}
			yield(t, co)
			if got[c.to] != c.from || len(got) != 1 || tr.RemoteAddr().String() != c.to+":7" {
				t.Errorf("%+v: accepted %v, dialled %v", c, got, tr.RemoteAddr())
			}
			_ = tr.Close(true)
		}
		return nil
	})
}

// Who dials may choose the address that the other side sees.
func TestDialFrom(t *testing.T) {
	n := &looptest.Network{}
	spoiled(t, n, func(w *world) error {
		for _, c := range []struct{ from, host string }{
			{"10.0.0.2:1000", "10.0.0.2"}, {"[fd00::1]:0", "fd00::1"}, {"0.0.0.0:7", "127.0.0.1"}, {"", "127.0.0.1"},
		} {
			local, _ := netip.ParseAddrPort(c.from)
			near, err := n.DialFrom(w.co, local, "tcp", w.addr)
			if err != nil {
				return err
			}
			yield(t, w.co)
			peer := w.got[len(w.got)-1].RemoteAddr()
			if a := near.LocalAddr(); a != peer || a.Addr().String() != c.host || a.Port() == 0 || local.Port() > 0 && a.Port() != local.Port() {
				t.Errorf("from %s: this end is %v, and the other sees %v", c.from, a, peer)
			}
			_ = near.Close(true)
		}
		return nil
	})
}

func TestHostPanics(t *testing.T) {
	for _, address := range []string{"127.0.0.1", "::", "example.test"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%q is taken for a machine", address)
				}
			}()
			new(looptest.Network).Host(address)
		}()
	}
}

// Across a cut nothing arrives, and after it everything does.
func TestPartition(t *testing.T) {
	n := &looptest.Network{}
	spoiled(t, n, func(w *world) error {
		near, far, err := w.connect()
		if err != nil {
			return err
		}
		n.Partition("10.0.0.1")
		near.Write([]byte("a"))
		far.Write([]byte("b"))
		near.CloseWrite()
		for _, s := range []*stream.Stream{near, far} {
			co, stop := w.co.WithTimeout(time.Minute)
			if _, err := loop.Await(co, s.ReadSome(1)); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("across the cut: %v", err)
			}
			stop()
		}
		n.Heal()
		if got, err := loop.Await(w.co, far.ReadUntilClose(9)); string(got) != "a" || err != nil {
			t.Errorf("far has %q, %v", got, err)
		}
		if got, err := loop.Await(w.co, near.ReadSome(9)); string(got) != "b" || err != nil {
			t.Errorf("near has %q, %v", got, err)
		}
		if err := loop.Sleep(w.co, time.Hour); err != nil || far.Closed() {
			t.Errorf("keep-alive goes on after the cut: %v, closed %v", err, far.Closed())
		}
		near.Abort()
		return nil
	})
}

// A cut that lasts is the end of the connections across it, and of no others.
func TestPartitionKeepAlive(t *testing.T) {
	n := &looptest.Network{KeepAlive: time.Minute}
	spoiled(t, n, func(w *world) error {
		near, far, err := w.connect()
		if err != nil {
			return err
		}
		inside, err := stream.Dial(w.co, n.Host("10.0.0.1"), "tcp", "127.0.0.1:7")
		if err != nil {
			return err
		}
		defer inside.Abort()
		n.Partition("10.0.0.2")
		n.Partition("10.0.0.2") // the same cut still
		for _, s := range []*stream.Stream{near, far} {
			if _, err := loop.Await(w.co, s.ReadSome(1)); !errors.Is(err, syscall.ETIMEDOUT) {
				t.Errorf("got %v", err)
			}
		}
		if inside.Closed() {
			t.Error("a machine is cut off from itself")
		}
		return nil
	})
}

// Bytes that were read before the cut make no room across it.
func TestPartitionHoldsRoom(t *testing.T) {
	n := &looptest.Network{Window: 10}
	spoiled(t, n, func(w *world) error {
		near, far, err := w.connect()
		if err != nil {
			return err
		}
		defer near.Abort()
		near.Write(make([]byte, 30))
		n.Partition("10.0.0.1")
		if err := loop.Sleep(w.co, time.Second); err != nil {
			return err
		}
		if near.Unsent() != 20 || len(far.Buffered()) != 10 {
			t.Errorf("%d bytes wait, and %d have come", near.Unsent(), len(far.Buffered()))
		}
		n.Heal()
		_, err = loop.Await(w.co, far.ReadFull(30))
		return err
	})
}

// Whoever dials across a cut waits: for its end, for his own, or for the system's.
func TestPartitionDial(t *testing.T) {
	n := &looptest.Network{}
	spoiled(t, n, func(w *world) error {
		n.Partition("10.0.0.1", "10.0.0.9")
		dial := func(co *loop.Co, from string) (err error) {
			s, err := stream.Dial(co, n.Host(from), "tcp", w.addr)
			if err == nil {
				s.Abort()
			}
			return err
		}
		if err := dial(w.co, "10.0.0.9"); err != nil {
			t.Errorf("within the island: %v", err)
		}
		var err error
		if d := w.took(func() { err = dial(w.co, "10.0.0.2") }); !errors.Is(err, syscall.ETIMEDOUT) || d != 127*time.Second {
			t.Errorf("after %v: %v", d, err)
		}
		co, stop := w.co.WithTimeout(time.Second)
		defer stop()
		if err := dial(co, "10.0.0.2"); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("cancelled: %v", err)
		}
		n.Partition("10.0.0.9") // an island of its own now
		w.l.After(time.Minute, n.Heal)
		if d := w.took(func() { err = dial(w.co, "10.0.0.9") }); err != nil || d != time.Minute {
			t.Errorf("after %v: %v", d, err)
		}
		return nil
	})
}

// A Server listens on a name of "unix", which each machine has for itself.
func TestNetworkUnix(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		n := &looptest.Network{}
		srv := &stream.Server{Network: n, Handler: func(co *loop.Co, s *stream.Stream) error {
			if s.RemoteAddr().IsValid() || s.LocalAddr().IsValid() {
				t.Errorf("%v and %v", s.LocalAddr(), s.RemoteAddr())
			}
			p, err := loop.Await(co, s.ReadSome(100))
			if err != nil {
				return err
			}
			_, err = loop.Await(co, s.Write(p))
			return err
		}}
		addr, err := srv.Listen(co.Loop(), "unix", "/run/x.sock")
		if err != nil {
			return err
		}
		if addr.Network() != "unix" || addr.String() != "/run/x.sock" {
			t.Errorf("it listens on %v", addr)
		}
		if _, err := n.Listen(co.Loop(), "unix", "/run/x.sock"); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("twice: %v", err)
		}
		if _, err := n.Dial(co, "unix", "/run/y.sock"); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("another name: %v", err)
		}
		s, err := stream.Dial(co, n, "unix", "/run/x.sock")
		if err != nil {
			return err
		}
		s.Write([]byte("ping"))
		if got, err := loop.Await(co, s.ReadUntilClose(100)); string(got) != "ping" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		if _, err := loop.Await(co, s.Close()); err != nil {
			t.Error(err)
		}
		_ = srv.Close()
		yield(t, co)
		_, err = n.Dial(co, "unix", "/run/x.sock")
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("after the end: %v", err)
		}
		return nil
	})
}
