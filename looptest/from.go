package looptest

import (
	"net/netip"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// DialFrom is Dial from an address of choice, which the other side sees as its peer: from
// a machine (see Host), and a port, where 0 is any that is free. Several connections may
// have the same. A local address without a host means those who dial on the Network itself.
func (n *Network) DialFrom(co *loop.Co, local netip.AddrPort, network, address string) (stream.Transport, error) {
	return n.dial(co, netip.AddrPortFrom(machine(local.Addr().String(), localhost), local.Port()), network, address)
}
