//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"net"
	"net/netip"
	"strconv"
)

var (
	loopback4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	loopback6 = netip.IPv6Loopback()
)

// parse gives the addresses that an address to listen on means.
func parse(network, address string) (host []netip.Addr, port uint16, err error) {
	if network != "tcp" && network != "tcp4" && network != "tcp6" {
		return nil, 0, net.UnknownNetworkError(network)
	}
	name, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, 0, err
	}
	n, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, 0, &net.AddrError{Err: "invalid port", Addr: address}
	}
	all, err := parseHost(network, name)
	if err != nil {
		return nil, 0, err
	}
	for _, a := range all {
		if network == "tcp" || a.Is4() == (network == "tcp4") {
			host = append(host, a)
		}
	}
	if len(host) == 0 {
		return nil, 0, &net.AddrError{Err: "no suitable address", Addr: address}
	}
	return host, uint16(n), nil
}

func parseHost(network, name string) ([]netip.Addr, error) {
	both := []netip.Addr{netip.IPv6Unspecified(), netip.IPv4Unspecified()}
	switch {
	case name == "":
		return both, nil
	case IsLocalhost(name):
		return []netip.Addr{loopback4, loopback6}, nil
	}
	a, err := netip.ParseAddr(name)
	if err != nil {
		return nil, &net.AddrError{Err: "not an IP address, and names are not looked up here", Addr: name}
	}
	if a = a.Unmap(); a.IsUnspecified() && network == "tcp" {
		return both, nil
	}
	return []netip.Addr{a}, nil
}
