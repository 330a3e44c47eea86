package stream

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// A Resolver finds the addresses that a host's name stands for: the system's
// (SystemResolver), or what a test says (MapResolver). Whoever holds a loop may call it.
type Resolver interface {
	// LookUp gives the addresses of host:port in the order in which they are to be
	// tried. network is "tcp", "tcp4" or "tcp6"; addresses of another family do no
	// harm. When co is cancelled it gives up and returns.
	LookUp(co *loop.Co, network, address string) ([]netip.AddrPort, error)
}

// maxLookups is how many lookups of one loop run at a time; it is Tornado's number.
const maxLookups = 10

// SystemResolver asks the machine's resolver, as package net does, on goroutines off the
// loop: 10 of a loop at a time, and the others wait in order. It may be used on several
// loops; the zero value is ready for use.
//
// The order is the system's (RFC 6724). IP addresses, and "localhost", which is
// 127.0.0.1 and then ::1, are not looked up. A port may be a service's name, such as
// "https". Names are those of DNS: one with other letters must come in the form that
// begins with "xn--" (RFC 5891), nothing is converted. A name that does not exist is a
// *net.DNSError with IsNotFound.
type SystemResolver struct {
	// Net is who is asked. Default: net.DefaultResolver.
	Net *net.Resolver
}

// LookUp asks for the addresses of host:port. One that is given up leaves the queue, or
// its place, to the next. Package net returns at once then, but may keep a question that
// it has sent for some seconds more.
func (r SystemResolver) LookUp(co *loop.Co, network, address string) ([]netip.AddrPort, error) {
	if found := literal(network, address); found != nil {
		return found, nil
	}
	l := co.Loop()
	places := lookupsOf(l)
	if _, err := loop.Await(co, places.Acquire()); err != nil {
		return nil, err
	}
	// Not Offload: names that hang would keep files and passwords waiting.
	return loop.Await(co, loop.FromFunc(l, func(ctx context.Context) ([]netip.AddrPort, error) {
		defer func() { _ = l.Post(places.Release) }() // on a closed loop nobody waits
		return lookUp(ctx, cmp.Or(r.Net, net.DefaultResolver), network, address)
	}))
}

// lookups are the places of one loop's lookups. They belong to the loop.
type lookups struct{ places *loop.Semaphore }

func lookupsOf(l *loop.Loop) *loop.Semaphore {
	x := loop.Local[lookups](l)
	if x.places == nil {
		x.places = loop.NewBoundedSemaphore(l, maxLookups)
	}
	return x.places
}

// LookUp gives address with an IP address in the place of its host's name, and a
// number in the place of its port's: what Listen wants. Where there is nothing to
// look up (an IP address, "localhost", no host, network "unix") it is address itself.
// Of several addresses it is the first of IPv4, as package net chooses an address to
// listen on; to connect, take a Dialer, which tries them all.
//
// It asks the system's resolver, which may take seconds, and blocks for that: any
// goroutine may call it, but whoever holds a running loop should not. There, ask a
// SystemResolver.
func LookUp(ctx context.Context, network, address string) (string, error) {
	if network == "unix" {
		return address, nil
	}
	host, port, err := splitAddress(ctx, net.DefaultResolver, network, address)
	if err != nil {
		return "", err
	}
	if host != "" && !sock.IsLocalhost(host) {
		found, err := lookUpHost(ctx, net.DefaultResolver, network, host)
		if err != nil {
			return "", err
		}
		first := max(0, slices.IndexFunc(found, netip.Addr.Is4))
		host = found[first].String()
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

func lookUp(ctx context.Context, r *net.Resolver, network, address string) ([]netip.AddrPort, error) {
	host, port, err := splitAddress(ctx, r, network, address)
	if err != nil {
		return nil, err
	}
	found, err := lookUpHost(ctx, r, network, host)
	if err != nil {
		return nil, err
	}
	return withPort(found, port), nil
}

func withPort(addrs []netip.Addr, port int) []netip.AddrPort {
	var all []netip.AddrPort
	for _, a := range addrs {
		all = append(all, netip.AddrPortFrom(a, uint16(port)))
	}
	return all
}

// literal is what an address stands for that needs no lookup; nil: it does.
func literal(network, address string) []netip.AddrPort {
	host, service, err := net.SplitHostPort(address)
	if err != nil || !isTCP(network) {
		return nil
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil
	}
	return withPort(literalHost(host), int(port))
}

func literalHost(host string) []netip.Addr {
	if sock.IsLocalhost(host) {
		return []netip.Addr{loopback(true), loopback(false)}
	}
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a.Unmap()}
	}
	return nil
}

func isTCP(network string) bool { return network == "tcp" || network == "tcp4" || network == "tcp6" }

// splitAddress may look into a file, for the name of a service.
func splitAddress(ctx context.Context, r *net.Resolver, network, address string) (host string, port int, err error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	port, err = r.LookupPort(ctx, network, service)
	return host, port, err
}

// lookUpHost gives one address at least, or an error.
func lookUpHost(ctx context.Context, r *net.Resolver, network, host string) ([]netip.Addr, error) {
	if !isTCP(network) {
		return nil, net.UnknownNetworkError(network)
	}
	if found := literalHost(host); found != nil {
		return found, nil
	}
	found, err := r.LookupNetIP(ctx, "ip"+strings.TrimPrefix(network, "tcp"), host)
	for i, a := range found {
		found[i] = a.Unmap()
	}
	return found, err
}
