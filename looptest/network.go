package looptest

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A Network is a network in memory: what listens on it can be dialled on it, by
// coroutines of the same loop. Bytes arrive in the iteration after they were sent,
// unless Faults say otherwise. It belongs to that loop. The zero Network is ready for
// use.
type Network struct {
	// Window is how many bytes a connection holds in each direction before writing
	// must wait; it counts what is on its way, too. Default: 64 KiB.
	Window int
	// Faults is what may go wrong, on connections that are made from now on.
	// Default: nothing.
	Faults Faults
	// KeepAlive is how long a connection may be silent, because of Conn.Vanish or
	// Partition, before both ends see syscall.ETIMEDOUT. Default: 150 s, which are the
	// questions of stream.System that stay without an answer; negative: for ever. (A
	// system that has bytes on their way asks no questions, and may take longer.)
	KeepAlive time.Duration
	// OnConnect is given each new connection, before the two ends are. Default: nil.
	OnConnect func(*Conn)

	listeners []*listener // in order, as all that the seed should decide
	ports     uint16
	conns     []*Conn
	shortage  loop.Timer         // pending: there are no descriptors
	islands   map[netip.Addr]int // of Partition, by machine; those not in it are island 0
	cuts      int                // how many islands there were
	changed   *loop.Cond         // of islands; nil: nobody has waited for that
}

var _ stream.Network = (*Network)(nil)

const (
	defaultWindow    = 64 << 10
	defaultKeepAlive = 150 * time.Second
	// connectTimeout is how long Linux tries to connect.
	connectTimeout = 127 * time.Second
)

// localhost is the host of those who do not say theirs.
var localhost = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// Listen listens on a port of the network; 0 means any that is free. With an IP address
// of a machine, such as 10.0.0.1, it is found there only; with another host (a name, none,
// 127.0.0.1) on all machines. For network "unix", address is a name that stands for this
// listener until it is closed; there is no file.
func (n *Network) Listen(l *loop.Loop, network, address string) (stream.Listener, error) {
	return n.listen(l, localhost, network, address)
}

// Dial connects to a port or a name that is listened on. It takes one iteration, if
// Faults do not say otherwise.
func (n *Network) Dial(co *loop.Co, network, address string) (stream.Transport, error) {
	return n.dial(co, netip.AddrPortFrom(localhost, 0), network, address)
}

// Conns is the connections of which not both ends are closed, in the order they were
// made in.
func (n *Network) Conns() []*Conn { return slices.Clone(n.conns) }

// Exhaust leaves the machines of the network without descriptors for a while: to
// connect fails with syscall.EMFILE, and who has connected already is not accepted
// before it is over.
func (n *Network) Exhaust(l *loop.Loop, d time.Duration) {
	n.shortage.Stop()
	n.shortage = l.After(d, func() {
		for _, ln := range slices.Clone(n.listeners) {
			ln.offer()
		}
	})
}

// exhausted draws whether there is a descriptor.
func (n *Network) exhausted(l *loop.Loop) bool {
	if !n.shortage.Pending() && happens(l, n.Faults.Exhaust) {
		d := n.Faults.ExhaustFor
		if d == (Span{}) {
			d.Min = time.Second
		}
		n.Exhaust(l, d.draw(l))
	}
	return n.shortage.Pending()
}

func (n *Network) keepAlive() time.Duration {
	if n.KeepAlive == 0 {
		return defaultKeepAlive
	}
	return n.KeepAlive
}

// A place is where one can listen.
type place struct {
	host netip.Addr // localhost: all of them
	port uint16
	path string // of "unix", where there is no port
}

func (p place) addr() net.Addr {
	if p.path != "" {
		return &net.UnixAddr{Net: "unix", Name: p.path}
	}
	return net.TCPAddrFromAddrPort(p.addrPort())
}

// addrPort is not valid for "unix".
func (p place) addrPort() netip.AddrPort {
	if p.path != "" {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(p.host, p.port)
}

// machine is the one that an address means on host.
func machine(address string, host netip.Addr) netip.Addr {
	a, err := netip.ParseAddr(address)
	if a = a.Unmap(); err != nil || a.IsLoopback() || a.IsUnspecified() {
		return host
	}
	return a
}

func (n *Network) listenerAt(p place) *listener {
	for _, ln := range n.listeners {
		if ln.at == p {
			return ln
		}
	}
	return nil
}

// freePort counts up through the dynamic ports.
func (n *Network) freePort() uint16 {
	for {
		n.ports++
		p := 49152 + n.ports%16384
		if !slices.ContainsFunc(n.listeners, func(ln *listener) bool { return ln.at.port == p }) {
			return p
		}
	}
}

func opError(op, network, address string, err error) error {
	return &net.OpError{Op: op, Net: network, Err: fmt.Errorf("%s: %w", address, err)}
}

func (n *Network) listen(l *loop.Loop, host netip.Addr, network, address string) (stream.Listener, error) {
	at, err := n.placeFor(host, network, address)
	if err == nil && n.listenerAt(at) != nil {
		err = syscall.EADDRINUSE
	}
	if err != nil {
		return nil, opError("listen", network, address, err)
	}
	ln := &listener{n: n, l: l, at: at}
	n.listeners = append(n.listeners, ln)
	return ln, nil
}

func (n *Network) placeFor(host netip.Addr, network, address string) (place, error) {
	if network == "unix" {
		return place{host: host, path: address}, nil
	}
	if err := checkNetwork(network); err != nil {
		return place{}, err
	}
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return place{}, err
	}
	port, err := net.LookupPort("tcp", service)
	if err == nil && port == 0 {
		port = int(n.freePort())
	}
	return place{host: machine(name, host), port: uint16(port)}, err
}

func checkNetwork(network string) error {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return nil
	}
	return net.UnknownNetworkError(network)
}
