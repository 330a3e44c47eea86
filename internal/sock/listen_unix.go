//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// maxBacklog is what a Backlog of 0 asks for: the system lowers it to its own
// limit, and Linux once kept it in 16 bits.
const maxBacklog = 1<<16 - 1

// Listen makes a socket that accepts connections on an address as net.Listen
// takes it: network is "tcp", "tcp4" or "tcp6". A host name is resolved and may
// block; an IP address, "localhost" in the hosts file, or no host does not. On
// "tcp" no host, or an unspecified one, means all addresses of both families,
// where the system can do that with one socket.
//
// Errors are *net.OpError, with the system call's name and error number inside.
func Listen(network, address string, o Options) (fd int, err error) {
	addr, err := resolve(network, address)
	if err != nil {
		return -1, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	fd, err = listen(network, addr, o)
	if err != nil {
		return -1, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	return fd, nil
}

func resolve(network, address string) (*net.TCPAddr, error) {
	switch network {
	case "tcp", "tcp4", "tcp6":
		return net.ResolveTCPAddr(network, address)
	}
	return nil, net.UnknownNetworkError(network)
}

func listen(network string, addr *net.TCPAddr, o Options) (int, error) {
	all := addr.IP == nil || addr.IP.IsUnspecified()
	at, _ := netip.AddrFromSlice(addr.IP)
	at = at.Unmap().WithZone(addr.Zone)
	port := uint16(addr.Port)
	switch {
	case network == "tcp" && all:
		fd, err := listenAt(netip.AddrPortFrom(netip.IPv6Unspecified(), port), false, o)
		if err == nil || !noDualStack(err) {
			return fd, err
		}
		at = netip.IPv4Unspecified()
	case network == "tcp4" && all:
		at = netip.IPv4Unspecified()
	case network == "tcp6" && all:
		at = netip.IPv6Unspecified()
	}
	return listenAt(netip.AddrPortFrom(at, port), true, o)
}

// noDualStack tells a system that cannot serve both families with one socket
// from an address that cannot be had.
func noDualStack(err error) bool {
	for _, no := range []error{
		unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, // no IPv6
		unix.EINVAL, unix.ENOPROTOOPT, // OpenBSD: IPV6_V6ONLY cannot be turned off
		unix.EADDRNOTAVAIL, // IPv6 is switched off
	} {
		if errors.Is(err, no) {
			return true
		}
	}
	return false
}

func listenAt(at netip.AddrPort, v6only bool, o Options) (int, error) {
	sa, family, err := sockaddr(at)
	if err != nil {
		return -1, err
	}
	fd, err := open(family)
	if err != nil {
		return -1, err
	}
	if err := bind(fd, sa, family, v6only, o); err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func bind(fd int, sa unix.Sockaddr, family int, v6only bool, o Options) error {
	if family == unix.AF_INET6 {
		if err := setOption(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, number(v6only)); err != nil {
			return err
		}
	}
	// A server can come back while connections of its predecessor linger.
	if err := setOption(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1); err != nil {
		return err
	}
	if o.ReusePort {
		if err := setOption(fd, unix.SOL_SOCKET, unix.SO_REUSEPORT, 1); err != nil {
			return err
		}
	}
	if err := unix.Bind(fd, sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = maxBacklog
	}
	return os.NewSyscallError("listen", unix.Listen(fd, backlog))
}
