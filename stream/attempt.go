package stream

import (
	"errors"
	"fmt"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

var (
	errNoLocalAddr = fmt.Errorf("stream: a local address is for TCP: %w", errors.ErrUnsupported)
	errNoDialFrom  = fmt.Errorf("stream: the network cannot choose a local address: %w", errors.ErrUnsupported)
)

// attempt connects to one address.
func (d *Dialer) attempt(co *loop.Co, network string, to target) (Transport, error) {
	if d.ConnectTimeout > 0 {
		scope, done := co.WithTimeout(d.ConnectTimeout)
		defer done()
		co = scope
	}
	n := d.network()
	local := d.LocalAddr
	if local == (netip.AddrPort{}) {
		return n.Dial(co, network, to.name)
	}
	from, ok := n.(interface {
		DialFrom(co *loop.Co, local netip.AddrPort, network, address string) (Transport, error)
	})
	if !ok {
		return nil, &net.OpError{Op: "dial", Net: network, Err: errNoDialFrom}
	}
	if !local.Addr().IsValid() {
		local = netip.AddrPortFrom(loopback(to.addr.Addr().Is4()), local.Port())
	}
	return from.DialFrom(co, local, network, to.name)
}

func loopback(is4 bool) netip.Addr {
	if is4 {
		return netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return netip.IPv6Loopback()
}
