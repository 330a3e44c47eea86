package sock

import (
	"net/netip"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Inherits says that an accepted socket of TCP has the Settings of the one that
// listens. A Unix socket never has: it is a new one (unix(7) does not say so; the
// tests do).
const Inherits = true

const (
	optKeepIdle     = unix.TCP_KEEPIDLE
	optKeepInterval = unix.TCP_KEEPINTVL
	optKeepCount    = unix.TCP_KEEPCNT
)

var temporaryAccept = []syscall.Errno{
	syscall.ECONNABORTED, syscall.EINTR, syscall.EPROTO, syscall.EPERM,
	syscall.ENETDOWN, syscall.ENOPROTOOPT, syscall.EHOSTDOWN, syscall.ENONET,
	syscall.EHOSTUNREACH, syscall.EOPNOTSUPP, syscall.ENETUNREACH,
}

func open(family int) (int, error) {
	fd, err := unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	return fd, nil
}

// Accept takes one waiting connection. The peer of a socket for both families is
// an IPv4 address if it came by IPv4.
func Accept(fd int) (nfd int, peer netip.AddrPort, err error) {
	for {
		var sa unix.RawSockaddrAny
		size := uint32(unsafe.Sizeof(sa))
		n, _, errno := syscall.RawSyscall6(unix.SYS_ACCEPT4, uintptr(fd),
			uintptr(unsafe.Pointer(&sa)), uintptr(unsafe.Pointer(&size)),
			unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0, 0)
		switch errno {
		case 0:
			return int(n), rawAddrPort(&sa), nil
		case syscall.EINTR:
		default:
			return -1, netip.AddrPort{}, failure("accept4", errno)
		}
	}
}

func rawAddrPort(sa *unix.RawSockaddrAny) netip.AddrPort {
	switch sa.Addr.Family {
	case unix.AF_INET:
		in := (*unix.RawSockaddrInet4)(unsafe.Pointer(sa))
		return netip.AddrPortFrom(netip.AddrFrom4(in.Addr), hostPort(&in.Port))
	case unix.AF_INET6:
		in := (*unix.RawSockaddrInet6)(unsafe.Pointer(sa))
		return addrPort6(in.Addr, hostPort(&in.Port), in.Scope_id)
	}
	return netip.AddrPort{}
}

// hostPort reads a port that lies in memory in network order.
func hostPort(p *uint16) uint16 {
	b := (*[2]byte)(unsafe.Pointer(p))
	return uint16(b[0])<<8 | uint16(b[1])
}
