package looptest

import (
	"net/netip"
	"syscall"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// dial is Dial from an address, where port 0 is any that is free.
func (n *Network) dial(co *loop.Co, from netip.AddrPort, network, address string) (stream.Transport, error) {
	e, err := n.connect(co, from, network, address)
	if err != nil {
		return nil, opError("dial", network, address, err)
	}
	return e, nil
}

func (n *Network) connect(co *loop.Co, from netip.AddrPort, network, address string) (*end, error) {
	host := from.Addr()
	if err := loop.Yield(co); err != nil {
		return nil, err
	}
	to, err := target(host, network, address)
	if err != nil {
		return nil, err
	}
	l := co.Loop()
	if n.exhausted(l) {
		return nil, syscall.EMFILE
	}
	if d := n.Faults.Connect.draw(l); d > 0 {
		if err := loop.Sleep(co, d); err != nil {
			return nil, err
		}
	}
	if err := n.reach(co, host, to.host); err != nil {
		return nil, err
	}
	ln := n.listenerAt(to)
	if ln == nil { // one for all machines
		ln = n.listenerAt(place{localhost, to.port, to.path})
	}
	switch {
	case ln == nil && network == "unix":
		return nil, syscall.ENOENT
	case ln == nil || happens(l, n.Faults.Refuse):
		return nil, syscall.ECONNREFUSED
	}
	return n.join(l, from, to, ln), nil
}

// target is the place that is dialled.
func target(host netip.Addr, network, address string) (place, error) {
	if network == "unix" {
		return place{host: host, path: address}, nil
	}
	if err := checkNetwork(network); err != nil {
		return place{}, err
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return place{}, err
	}
	return place{host: machine(addr.Addr().String(), host), port: addr.Port()}, nil
}

// join makes the connection, and gives the end of the one who dials.
func (n *Network) join(l *loop.Loop, from netip.AddrPort, to place, ln *listener) *end {
	window := n.Window
	if window <= 0 {
		window = defaultWindow
	}
	near, far := pair(window)
	if to.path == "" {
		if from.Port() == 0 {
			from = netip.AddrPortFrom(from.Addr(), n.freePort())
		}
		near.remote, near.local = to.addrPort(), from
		far.remote, far.local = near.local, near.remote
	}
	c := &Conn{From: from, To: netip.AddrPortFrom(to.host, to.port), n: n, l: l, dialled: near, far: far, Faults: n.Faults}
	near.conn, far.conn = c, c
	n.conns = append(n.conns, c)
	if n.OnConnect != nil {
		n.OnConnect(c)
	}
	ln.connected(far)
	return near
}
