package looptest

import (
	"net/netip"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// DialFrom is Dial from an address of choice, which the other side sees as its peer, so
// that a test can be clients on several machines. Port 0 is any that is free. Any address
// will do, and several connections may have the same.
func (n *Network) DialFrom(co *loop.Co, local netip.AddrPort, network, address string) (stream.Transport, error) {
	near, err := n.dial(co, network, address)
	if err != nil {
		return nil, err
	}
	port := local.Port()
	if port == 0 {
		port = near.local.Port()
	}
	near.local = netip.AddrPortFrom(local.Addr().Unmap(), port)
	near.peer.remote = near.local // it is told of the connection in the next iteration
	return near, nil
}
