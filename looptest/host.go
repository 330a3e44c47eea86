package looptest

import (
	"net/netip"
	"syscall"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A Host is a Network as one of its machines sees it: who dials from there has the
// machine's address, and what listens there without saying where listens on that. It
// belongs to the network's loop.
type Host struct {
	n    *Network
	addr netip.Addr
}

var _ stream.Network = (*Host)(nil)

// Host is the machine with an IP address, such as "10.0.0.1"; it panics if that is none,
// or one of those that mean every machine itself. Several calls with the same address
// mean the same machine.
func (n *Network) Host(address string) *Host {
	h := &Host{n, netip.MustParseAddr(address).Unmap()}
	if h.addr.IsLoopback() || h.addr.IsUnspecified() {
		panic("looptest: a Host needs an address of its own, not " + address)
	}
	return h
}

// Listen is Network.Listen on this machine: an address that is not another's is its
// own.
func (h *Host) Listen(l *loop.Loop, network, address string) (stream.Listener, error) {
	return h.n.listen(l, h.addr, network, address)
}

// Dial is Network.Dial from this machine, which also "127.0.0.1" means.
func (h *Host) Dial(co *loop.Co, network, address string) (stream.Transport, error) {
	return h.n.dial(co, netip.AddrPortFrom(h.addr, 0), network, address)
}

// Partition cuts the machines with these addresses off from all others; they go on
// reaching each other. Called again, it makes another island. Nothing is lost: what is
// sent across the cut arrives after Heal, unless Network.KeepAlive has broken the
// connection by then, and whoever dials across it waits, for 127 seconds at most, and
// then gets syscall.ETIMEDOUT. "127.0.0.1" is those who dial on the Network itself. It
// panics if one of them is not an IP address.
func (n *Network) Partition(addresses ...string) {
	if n.islands == nil {
		n.islands = make(map[netip.Addr]int)
	}
	n.cuts++
	for _, a := range addresses {
		n.islands[netip.MustParseAddr(a).Unmap()] = n.cuts
	}
	n.reconsider()
}

// Heal ends all partitions.
func (n *Network) Heal() {
	n.islands = nil
	n.reconsider()
}

// cut reports whether two machines are cut off from each other.
func (n *Network) cut(a, b netip.Addr) bool { return n.islands[a] != n.islands[b] }

// reconsider is called when machines may reach each other no longer, or again.
func (n *Network) reconsider() {
	for _, c := range n.Conns() {
		c.checkSilence()
		for _, e := range c.ends() {
			c.await(e)
		}
	}
	if n.changed != nil {
		n.changed.NotifyAll()
	}
}

// reach waits until from can reach to.
func (n *Network) reach(co *loop.Co, from, to netip.Addr) error {
	if !n.cut(from, to) {
		return nil
	}
	trying, stop := co.WithTimeout(connectTimeout)
	defer stop()
	for n.cut(from, to) {
		if n.changed == nil {
			n.changed = loop.NewCond(co.Loop())
		}
		if _, err := loop.Await(trying, n.changed.Wait()); err != nil {
			if co.Err() == nil {
				err = syscall.ETIMEDOUT
			}
			return err
		}
	}
	return nil
}
