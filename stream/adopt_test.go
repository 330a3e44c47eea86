//go:build unix

package stream_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// dialStd connects to a listener as package net does. What the listener accepts is far.
func (p *pair) dialStd(ln stream.Listener) (near net.Conn, far *stream.Stream) {
	p.t.Helper()
	accepted := loop.NewPromise[*stream.Stream](p.l)
	if err := ln.Accept(func(t stream.Transport) {
		s, err := stream.New(p.l, t)
		if err != nil {
			p.t.Error(err)
		}
		accepted.Set(s)
	}); err != nil {
		p.t.Fatal(err)
	}
	near, err := net.Dial(ln.Addr().Network(), ln.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	far, err = loop.Await(p.co, accepted.Future())
	if err != nil {
		p.t.Fatal(err)
	}
	return near, far
}

// adopt is Adopt of either kind.
func (p *pair) adopt(c net.Conn) (*stream.Stream, error) {
	if u, ok := c.(*net.UnixConn); ok {
		return stream.Adopt(p.l, u)
	}
	return stream.Adopt(p.l, c.(*net.TCPConn))
}

// connected is a connection more.
func (p *pair) connected() (near, far *stream.Stream, err error) {
	ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	return connect(p.co, p.n, ln)
}

// onNetworks runs body with a listener of TCP, and with one on a Unix socket. No
// descriptor may be left.
func onNetworks(t *testing.T, body func(p *pair, ln stream.Listener)) {
	onSockets(t, func(p *pair) {
		for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": socketName(p.t)} {
			before := openDescriptors()
			ln, err := stream.System{}.Listen(p.l, network, address)
			if err != nil {
				p.t.Fatal(err)
			}
			body(p, ln)
			if err := ln.Close(); err != nil {
				p.t.Error(err)
			}
			if after := openDescriptors(); after != before {
				p.t.Errorf("%s: %d descriptors were open, now %d", network, before, after)
			}
		}
	})
}

// A connection of package net becomes a stream, in both directions, and c is closed.
func TestAdopt(t *testing.T) {
	onNetworks(t, func(p *pair, ln stream.Listener) {
		c, far := p.dialStd(ln)
		far.Write([]byte("before"))
		s, err := p.adopt(c)
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := c.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("c is still open: %v", err)
		}
		if s.RemoteAddr() != far.LocalAddr() || s.LocalAddr() != far.RemoteAddr() {
			p.t.Errorf("from %v to %v", s.LocalAddr(), s.RemoteAddr())
		}
		p.gets(s.ReadFull(6), "before")
		want := noise(1 << 20)
		s.Write(want)
		closed := s.Close()
		p.gets(far.ReadFull(len(want)), string(want))
		p.refuses(far.ReadSome(1), io.EOF)
		far.Close()
		p.does(closed)
	})
}

// What cannot be adopted is as it was.
func TestAdoptFails(t *testing.T) {
	onSockets(t, func(p *pair) {
		before := openDescriptors()
		datagrams, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: socketName(p.t)})
		if err != nil {
			p.t.Fatal(err)
		}
		if _, err := stream.Adopt(p.l, datagrams); !errors.Is(err, syscall.EINVAL) {
			p.t.Errorf("datagrams: %v", err)
		}
		if _, err := datagrams.WriteTo([]byte("x"), datagrams.LocalAddr()); err != nil {
			p.t.Errorf("they are gone: %v", err)
		}
		datagrams.Close()
		if _, err := stream.Adopt(p.l, datagrams); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("a closed conn: %v", err)
		}
		if after := openDescriptors(); after != before {
			p.t.Errorf("%d descriptors were open, now %d", before, after)
		}
	})
}

// A stream becomes a connection of package net: bytes that had come are given back, later
// ones come by the conn, and the stream has ended for its owner and not for the peer.
func TestDetach(t *testing.T) {
	onNetworks(t, func(p *pair, ln stream.Listener) {
		c, s := p.dialStd(ln)
		defer c.Close()
		var ended error
		s.OnClose(func(err error) { ended = err })
		fmt.Fprint(c, "some of it")
		p.gets(s.ReadFull(4), "some")
		conn, buffered, err := s.Detach()
		if err != nil || string(buffered) != " of it" {
			p.t.Fatalf("%q, %v", buffered, err)
		}
		defer conn.Close()
		_, tcp := conn.(*net.TCPConn)
		_, unix := conn.(*net.UnixConn)
		if !tcp && !unix || strings.HasPrefix(ln.Addr().Network(), "tcp") != tcp {
			p.t.Errorf("it is a %T", conn)
		}
		if _, _, err := s.Detach(); !errors.Is(err, stream.ErrClosed) || !s.Closed() {
			p.t.Errorf("the stream goes on: %v", err)
		}
		p.refuses(s.ReadSome(1), stream.ErrClosed)
		p.fails(s.Write([]byte("x")), net.ErrClosed)
		p.does(s.Close())
		p.until("the owner knows", func() bool { return ended != nil })
		if ended != stream.ErrClosed {
			p.t.Error(ended)
		}
		for from, to := range map[net.Conn]net.Conn{c: conn, conn: c} {
			fmt.Fprint(from, "more") // these block, which a test may: there is room
			got := make([]byte, 4)
			if _, err := io.ReadFull(to, got); err != nil || string(got) != "more" {
				p.t.Errorf("%q, %v", got, err)
			}
		}
		if err := conn.Close(); err != nil {
			p.t.Error(err)
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
			p.t.Errorf("the end is %d, %v", n, err)
		}
		if err := c.Close(); err != nil {
			p.t.Error(err)
		}
	})
}

// The old watch is gone, so the next connection may have its descriptor's number.
func TestDetachLetsGo(t *testing.T) {
	onNetworks(t, func(p *pair, ln stream.Listener) {
		c, s := p.dialStd(ln)
		old := stream.Descriptor(stream.TransportOf(s))
		conn, _, err := s.Detach()
		if err != nil {
			p.t.Fatal(err)
		}
		var ends []*stream.Stream
		for reused := false; !reused && len(ends) < 20; {
			near, far, err := p.connected()
			if err != nil {
				p.t.Fatal(err)
			}
			for _, s := range []*stream.Stream{near, far} {
				reused = reused || stream.Descriptor(stream.TransportOf(s)) == old
			}
			ends = append(ends, near, far)
		}
		fmt.Fprint(c, "for the conn")
		for i := 0; i < len(ends); i += 2 {
			ends[i].Write([]byte("for the stream"))
			p.gets(ends[i+1].ReadFull(14), "for the stream")
			ends[i].Abort()
			ends[i+1].Abort()
		}
		got := make([]byte, 12)
		if _, err := io.ReadFull(conn, got); err != nil || string(got) != "for the conn" {
			p.t.Errorf("%q, %v", got, err)
		}
		if err := errors.Join(conn.Close(), c.Close()); err != nil {
			p.t.Error(err)
		}
	})
}

// What is under way is not lost: Detach refuses, and the stream is as it was.
func TestDetachNotIdle(t *testing.T) {
	withRoom(t, func(p *pair) {
		refused := func(what string, want error) {
			p.t.Helper()
			if c, _, err := p.far.Detach(); c != nil || !errors.Is(err, want) {
				p.t.Errorf("%s: %v", what, err)
			}
		}
		busy := stream.ErrNotIdle
		if p.memory() {
			busy = errors.ErrUnsupported
		}
		f := p.far.ReadFull(3)
		refused("a read waits", busy)
		p.near.Write([]byte("abc"))
		p.gets(f, "abc")
		newRecorder(p.far, all)
		refused("there is a consumer", busy)
		p.far.SetConsumer(nil)
		p.stuff(p.far, 1)
		refused("there is something to send", busy)
		p.far.Abort()
		refused("it is closed", stream.ErrClosed)
		if a := p.near.RemoteAddr(); a == (netip.AddrPort{}) {
			p.t.Error("the peer has no address")
		}
	})
}

func TestDetachTLS(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		if _, _, err := p.far.Detach(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Error(err)
		}
		p.near.Write([]byte("still there"))
		p.gets(p.far.ReadFull(11), "still there")
	})
}
