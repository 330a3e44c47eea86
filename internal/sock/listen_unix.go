//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

const (
	// maxBacklog is what a Backlog of 0 asks for: the system lowers it to its own
	// limit, and Linux once kept it in 16 bits.
	maxBacklog = 1<<16 - 1
	// portTries is how many ports the system is asked for, until one is free in
	// both families.
	portTries = 16
)

// Listen makes sockets that accept connections on an address: network is "tcp",
// "tcp4" or "tcp6", and the address an IP address, "localhost" or no host, and the
// number of a port. Nothing is looked up, so it does not block.
//
// It is one socket, or two with one port: for "localhost", which is a loopback
// address of each family, and for no host, or an unspecified one, on "tcp", where
// the system cannot serve both families with one socket. A family that the machine
// does not have is left out.
//
// Errors are *net.OpError, with the system call's name and error number inside.
func Listen(network, address string, o Options) (fds []int, err error) {
	host, port, err := parse(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	fds, err = listen(host, port, o)
	if err != nil {
		at := net.TCPAddrFromAddrPort(netip.AddrPortFrom(host[0], port))
		return nil, &net.OpError{Op: "listen", Net: network, Addr: at, Err: err}
	}
	return fds, nil
}

// listen tries one socket for both families, if the host is all addresses of both.
func listen(host []netip.Addr, port uint16, o Options) ([]int, error) {
	if len(host) > 1 && host[0].IsUnspecified() {
		fd, err := listenAt(netip.AddrPortFrom(host[0], port), false, o)
		if err == nil {
			return []int{fd}, nil
		}
		if !isOneOf(err, noDualStack) {
			return nil, err
		}
	}
	for try := 1; ; try++ {
		fds, err := listenOnEach(host, port, o)
		if err == nil || port != 0 || len(host) == 1 || try == portTries || !errors.Is(err, unix.EADDRINUSE) {
			return fds, err
		}
	}
}

// noDualStack tells a system that cannot serve both families with one socket
// from an address that cannot be had.
var noDualStack = []syscall.Errno{
	unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, // no IPv6
	unix.EINVAL, unix.ENOPROTOOPT, // OpenBSD: IPV6_V6ONLY cannot be turned off
	unix.EADDRNOTAVAIL, // IPv6 is switched off
}

// noFamily is the errors of a machine that lacks a family, or its loopback.
var noFamily = []syscall.Errno{unix.EAFNOSUPPORT, unix.EPROTONOSUPPORT, unix.EADDRNOTAVAIL}

// listenOnEach makes a socket for each address, all with the port that the first
// one has got.
func listenOnEach(host []netip.Addr, port uint16, o Options) (fds []int, err error) {
	var missing error
	for _, addr := range host {
		fd, err := listenAt(netip.AddrPortFrom(addr, port), true, o)
		if err != nil && len(host) > 1 && isOneOf(err, noFamily) {
			missing = err
			continue
		}
		if err == nil {
			fds = append(fds, fd)
			var at netip.AddrPort
			at, err = LocalAddr(fd)
			port = at.Port()
		}
		if err != nil {
			for _, fd := range fds {
				unix.Close(fd)
			}
			return nil, err
		}
	}
	if len(fds) == 0 {
		return nil, missing
	}
	return fds, nil
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
	if err := o.Conn.Apply(fd, false); err != nil {
		return err
	}
	if err := unix.Bind(fd, sa); err != nil {
		return os.NewSyscallError("bind", err)
	}
	return startListening(fd, o)
}

func startListening(fd int, o Options) error {
	backlog := o.Backlog
	if backlog <= 0 {
		backlog = maxBacklog
	}
	return os.NewSyscallError("listen", unix.Listen(fd, backlog))
}
