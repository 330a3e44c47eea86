//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// LocalAddr is the address a socket is bound to.
func LocalAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getsockname", err)
	}
	return addrPort(sa), nil
}

// RemoteAddr is the address of the peer. While a connection is being made it is
// an error that matches syscall.ENOTCONN.
func RemoteAddr(fd int) (netip.AddrPort, error) {
	sa, err := unix.Getpeername(fd)
	if err != nil {
		return netip.AddrPort{}, os.NewSyscallError("getpeername", err)
	}
	return addrPort(sa), nil
}

// UnixNames are the names of the two ends of a Unix socket, "" for one that has none:
// as a rule only the end that was listened on has.
func UnixNames(fd int) (local, peer string) {
	own, _ := unix.Getsockname(fd) // it fails on a closed socket only
	far, _ := unix.Getpeername(fd)
	return unixName(own), unixName(far)
}

func unixName(sa unix.Sockaddr) string {
	if u, ok := sa.(*unix.SockaddrUnix); ok {
		return u.Name
	}
	return ""
}

// addrPort is zero for an address that is not one of TCP.
func addrPort(sa unix.Sockaddr) netip.AddrPort {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(sa.Addr), uint16(sa.Port))
	case *unix.SockaddrInet6:
		return addrPort6(sa.Addr, uint16(sa.Port), sa.ZoneId)
	}
	return netip.AddrPort{}
}

// addrPort6 unmaps: a socket for both families gives an IPv4 peer as
// ::ffff:a.b.c.d (RFC 4291, section 2.5.5.2), and whoever compares addresses
// expects the peer's own.
func addrPort6(ip [16]byte, port uint16, scope uint32) netip.AddrPort {
	addr := netip.AddrFrom16(ip).Unmap()
	if scope != 0 && addr.Is6() {
		addr = addr.WithZone(strconv.FormatUint(uint64(scope), 10))
	}
	return netip.AddrPortFrom(addr, port)
}

func sockaddr(a netip.AddrPort) (unix.Sockaddr, int, error) {
	addr := a.Addr().Unmap()
	switch {
	case addr.Is4():
		return &unix.SockaddrInet4{Port: int(a.Port()), Addr: addr.As4()}, unix.AF_INET, nil
	case addr.Is6():
		scope, err := zoneID(addr.Zone())
		if err != nil {
			return nil, 0, err
		}
		return &unix.SockaddrInet6{Port: int(a.Port()), ZoneId: scope, Addr: addr.As16()}, unix.AF_INET6, nil
	}
	return nil, 0, fmt.Errorf("sock: no address: %w", syscall.EINVAL)
}

// zoneID takes a number or the name of an interface (RFC 4007, section 11.2).
func zoneID(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	nic, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, fmt.Errorf("sock: zone %q: %w", zone, err)
	}
	return uint32(nic.Index), nil
}
