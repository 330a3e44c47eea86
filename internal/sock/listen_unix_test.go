//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestListenAddresses(t *testing.T) {
	loopback4 := netip.MustParseAddr("127.0.0.1")
	loopback6 := netip.MustParseAddr("::1")
	for _, c := range []struct {
		network, address string
		at               netip.Addr // zero: unspecified
		dial             []netip.Addr
		ipv6             bool
	}{
		{"tcp", "127.0.0.1:0", loopback4, []netip.Addr{loopback4}, false},
		{"tcp4", "127.0.0.1:0", loopback4, []netip.Addr{loopback4}, false},
		{"tcp4", ":0", netip.IPv4Unspecified(), []netip.Addr{loopback4}, false},
		{"tcp", "[::1]:0", loopback6, []netip.Addr{loopback6}, true},
		{"tcp6", "[::1]:0", loopback6, []netip.Addr{loopback6}, true},
		{"tcp6", ":0", netip.IPv6Unspecified(), []netip.Addr{loopback6}, true},
		{"tcp", ":0", netip.IPv6Unspecified(), []netip.Addr{loopback4, loopback6}, true},
		{"tcp", "[::]:0", netip.IPv6Unspecified(), []netip.Addr{loopback4, loopback6}, true},
		{"tcp", "0.0.0.0:0", netip.IPv6Unspecified(), []netip.Addr{loopback4, loopback6}, true},
	} {
		t.Run(c.network+" "+c.address, func(t *testing.T) {
			if c.ipv6 {
				needIPv6(t)
			}
			l, addr := listenOn(t, c.network, c.address, Options{})
			if addr.Addr() != c.at || addr.Port() == 0 {
				t.Errorf("LocalAddr = %v, want %v and a port", addr, c.at)
			}
			for _, to := range c.dial {
				client, server, peer := dial(t, l, netip.AddrPortFrom(to, addr.Port()))
				if peer.Addr() != to {
					t.Errorf("dialled %v, the peer is %v", to, peer)
				}
				Close(client)
				Close(server)
			}
		})
	}
}

// An address of one family must not be reached by the other.
func TestListenOneFamilyOnly(t *testing.T) {
	needIPv6(t)
	_, addr := listenOn(t, "tcp6", "[::]:0", Options{})
	fd, err := Connect(netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), addr.Port()), &Settings{})
	if err == nil {
		defer Close(fd)
		await(t, fd, unix.POLLOUT)
		err = SocketError(fd)
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("connecting by IPv4 to a tcp6 socket gives %v, want ECONNREFUSED", err)
	}
}

// The text and the structure are those of package net, for people and programs
// that know it.
func TestListenInUse(t *testing.T) {
	_, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	fd, err := listenOne("tcp", addr.String(), Options{})
	if fd != -1 || !errors.Is(err, syscall.EADDRINUSE) {
		t.Fatalf("Listen = %d, %v, want EADDRINUSE", fd, err)
	}
	var op *net.OpError
	if !errors.As(err, &op) || op.Op != "listen" || op.Net != "tcp" || op.Addr.String() != addr.String() {
		t.Errorf("%#v is not a listen error of package net for %v", err, addr)
	}
	_, std := net.Listen("tcp", addr.String())
	if std == nil || err.Error() != std.Error() {
		t.Errorf("%q, package net says %q", err, std)
	}
}

// In use is an error also where it would be possible to listen by IPv4 alone.
func TestListenInUseEverywhere(t *testing.T) {
	needIPv6(t)
	_, addr := listenOn(t, "tcp6", "[::]:0", Options{})
	fd, err := listenOne("tcp", netip.AddrPortFrom(netip.IPv6Unspecified(), addr.Port()).String(), Options{})
	if !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("Listen = %d, %v, want EADDRINUSE", fd, err)
	}
}

func TestListenMistakes(t *testing.T) {
	for _, c := range []struct{ network, address, text string }{
		{"udp", "127.0.0.1:0", "unknown network udp"},
		{"tcp", "127.0.0.1", "missing port"},
		{"tcp", "127.0.0.1:99999", "invalid port"},
		{"tcp", "127.0.0.1:http", "invalid port"},
		{"tcp", "example.com:0", "names are not looked up here"},
		{"tcp4", "[::1]:0", "no suitable address"},
		{"tcp6", "127.0.0.1:0", "no suitable address"},
		{"tcp", "192.0.2.1:0", "bind: "}, // RFC 5737: nobody's
	} {
		fd, err := listenOne(c.network, c.address, Options{})
		var op *net.OpError
		if fd != -1 || !errors.As(err, &op) || op.Op != "listen" {
			t.Errorf("Listen(%s, %s) = %d, %v, want an OpError", c.network, c.address, fd, err)
			continue
		}
		if !strings.Contains(err.Error(), c.text) {
			t.Errorf("Listen(%s, %s): %q does not say %q", c.network, c.address, err, c.text)
		}
	}
}

func TestListenReusePort(t *testing.T) {
	_, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{ReusePort: true})
	listenOn(t, "tcp", addr.String(), Options{ReusePort: true})
	if fd, err := listenOne("tcp", addr.String(), Options{}); !errors.Is(err, syscall.EADDRINUSE) {
		t.Errorf("without ReusePort: %d, %v, want EADDRINUSE", fd, err)
	}
}

func TestListenBacklog(t *testing.T) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{Backlog: 1})
	client, server, _ := dial(t, l, addr)
	Close(client)
	Close(server)
}

// A server must be able to come back to the address of one whose connections it
// has closed first.
func TestListenAgain(t *testing.T) {
	l, err := listenOne("tcp", "127.0.0.1:0", Options{})
	must(t, err)
	addr, err := LocalAddr(l)
	must(t, err)
	client, server, _ := dial(t, l, addr)
	must(t, Close(server)) // this end goes to TIME_WAIT
	await(t, client, unix.POLLIN)
	must(t, Close(client))
	must(t, Close(l))
	listenOn(t, "tcp", addr.String(), Options{})
}

func TestFlags(t *testing.T) {
	l, addr := listenOn(t, "tcp", "127.0.0.1:0", Options{})
	checkFlags(t, "Listen", l)
	client, server, _ := dial(t, l, addr)
	defer Close(client)
	defer Close(server)
	checkFlags(t, "Connect", client)
	checkFlags(t, "Accept", server)
}
