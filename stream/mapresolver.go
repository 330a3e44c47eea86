package stream

import (
	"cmp"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

// MapResolver is a Resolver that has its answers in a map, for tests and for machines
// without names (Tornado's OverrideResolver). Whoever holds a loop may call it, several
// loops at the same time too, as long as nobody changes the map. The zero value knows no
// name, and asks nobody.
type MapResolver struct {
	// Hosts has the addresses of "host:port" or, for every port that is not there
	// itself, of "host". Names are in lower case, ports are numbers. An address with
	// port 0 gets the port that was asked for. Default: none.
	Hosts map[string][]netip.AddrPort
	// Next is asked for what is not in Hosts. Default: nobody, and the name does not
	// exist.
	Next Resolver
}

// LookUp looks address up in the map, then asks Next. A name that is nowhere is a
// *net.DNSError with IsNotFound.
func (r MapResolver) LookUp(co *loop.Co, network, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	host = strings.ToLower(host)
	found, ok := r.Hosts[net.JoinHostPort(host, service)]
	if !ok {
		found, ok = r.Hosts[host]
	}
	switch {
	case !ok && r.Next != nil:
		return r.Next.LookUp(co, network, address)
	case !ok:
		return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
	}
	asked, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, &net.AddrError{Err: "invalid port", Addr: address}
	}
	all := make([]netip.AddrPort, len(found))
	for i, a := range found {
		all[i] = netip.AddrPortFrom(a.Addr(), cmp.Or(a.Port(), uint16(asked)))
	}
	return all, nil
}
