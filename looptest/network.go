package looptest

import (
	"fmt"
	"net"
	"net/netip"
	"syscall"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A Network is a network in memory: what listens on it can be dialled on it, by
// coroutines of the same loop. Bytes arrive in the iteration after they were sent.
// It belongs to that loop. The zero Network is ready for use.
type Network struct {
	// Window is how many bytes a connection holds in each direction before writing
	// must wait. Default: 64 KiB.
	Window int

	listeners map[uint16]*listener
	ports     uint16
}

var _ stream.Network = (*Network)(nil)

const defaultWindow = 64 << 10

// Listen listens on a port of the network; 0 means any that is free. The host in
// address makes no difference.
func (n *Network) Listen(l *loop.Loop, network, address string) (stream.Listener, error) {
	fail := func(err error) error {
		return &net.OpError{Op: "listen", Net: network, Err: fmt.Errorf("%s: %w", address, err)}
	}
	if err := checkNetwork(network); err != nil {
		return nil, fail(err)
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, fail(err)
	}
	p, err := net.LookupPort("tcp", port)
	if err != nil {
		return nil, fail(err)
	}
	if p == 0 {
		p = int(n.freePort())
	}
	if n.listeners[uint16(p)] != nil {
		return nil, fail(syscall.EADDRINUSE)
	}
	if n.listeners == nil {
		n.listeners = make(map[uint16]*listener)
	}
	ln := &listener{n: n, l: l, addr: netip.AddrPortFrom(localhost, uint16(p))}
	n.listeners[uint16(p)] = ln
	return ln, nil
}

func checkNetwork(network string) error {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return nil
	}
	return net.UnknownNetworkError(network)
}

var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// freePort counts up through the dynamic ports.
func (n *Network) freePort() uint16 {
	for {
		n.ports++
		if p := 49152 + n.ports%16384; n.listeners[p] == nil {
			return p
		}
	}
}

// Dial connects to a port that is listened on. It takes one iteration.
func (n *Network) Dial(co *loop.Co, network, address string) (stream.Transport, error) {
	near, err := n.dial(co, network, address)
	if err != nil {
		return nil, err
	}
	return near, nil
}

func (n *Network) dial(co *loop.Co, network, address string) (*end, error) {
	if err := loop.Yield(co); err != nil {
		return nil, err
	}
	addr, err := netip.ParseAddrPort(address)
	if err == nil {
		err = checkNetwork(network)
	}
	if err == nil && n.listeners[addr.Port()] == nil {
		err = syscall.ECONNREFUSED
	}
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", address, err)}
	}
	window := n.Window
	if window <= 0 {
		window = defaultWindow
	}
	ln := n.listeners[addr.Port()]
	near, far := pair(window)
	near.remote, near.local = ln.addr, netip.AddrPortFrom(localhost, n.freePort())
	far.remote, far.local = near.local, near.remote
	ln.connected(far)
	return near, nil
}

type listener struct {
	n       *Network
	l       *loop.Loop
	addr    netip.AddrPort
	fn      func(stream.Transport)
	waiting []*end
	paused  bool
	closed  bool
}

func (ln *listener) Accept(fn func(stream.Transport)) error {
	if ln.closed {
		return &net.OpError{Op: "accept", Net: "tcp", Addr: ln.Addr(), Err: net.ErrClosed}
	}
	ln.fn = fn
	ln.Resume()
	return nil
}

func (ln *listener) Pause() { ln.paused = true }

func (ln *listener) Resume() {
	ln.paused = false
	if ln.fn == nil {
		return
	}
	waiting := ln.waiting
	ln.waiting = nil
	for _, e := range waiting {
		ln.connected(e)
	}
}

func (ln *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(ln.addr) }

func (ln *listener) Close() error {
	if !ln.closed {
		ln.closed = true
		delete(ln.n.listeners, ln.addr.Port())
		for _, e := range ln.waiting {
			_ = e.Close(true)
		}
		ln.waiting = nil
	}
	return nil
}

func (ln *listener) connected(e *end) {
	if ln.fn == nil {
		ln.waiting = append(ln.waiting, e)
		return
	}
	ln.l.Call(func() {
		switch {
		case ln.closed:
			_ = e.Close(true)
		case ln.paused:
			ln.waiting = append(ln.waiting, e)
		default:
			ln.fn(e)
		}
	})
}
