package sock

import (
	"net/netip"
	"os"
	"runtime"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// A raw system call does not tell the scheduler. That saves a good part of the
// price of a short call, and is right only for calls that return soon: until
// then the goroutine cannot be preempted, its P cannot be taken, and a garbage
// collection that wants to stop the world waits. On a non-blocking socket the
// time is that of copying the bytes, hence RawLimit. On a descriptor that blocks
// none of these functions may be used.

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

// Read takes what has arrived, in one system call. The end of input is io.EOF,
// with no bytes; an empty p is nothing and no error.
func Read(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_READ, fd, unsafe.Pointer(&p[0]), len(p), len(p))
		switch errno {
		case 0:
			return transferred(n)
		case syscall.EINTR:
		default:
			return 0, failure("read", errno)
		}
	}
}

// Write gives the system as much of p as it takes, in one system call. Fewer
// bytes than len(p) is no error; none at all is ErrAgain.
func Write(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_WRITE, fd, unsafe.Pointer(&p[0]), len(p), len(p))
		switch errno {
		case 0:
			return n, nil
		case syscall.EINTR:
		default:
			return 0, failure("write", errno)
		}
	}
}

// maxIovecs is how many slices one Writev gives to the system. They lie on the
// stack, so that it costs no allocation.
const maxIovecs = 64

// Writev is Write for the concatenation of bufs, of which it may leave out the
// later ones: like Write it returns how many bytes were taken.
func Writev(fd int, bufs [][]byte) (int, error) {
	var vec [maxIovecs]unix.Iovec
	used, size := 0, 0
	for _, b := range bufs {
		if len(b) == 0 {
			continue
		}
		if used == maxIovecs {
			break
		}
		vec[used].Base = &b[0]
		vec[used].SetLen(len(b))
		used++
		size += len(b)
	}
	if used == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_WRITEV, fd, unsafe.Pointer(&vec), used, size)
		runtime.KeepAlive(bufs)
		switch errno {
		case 0:
			return n, nil
		case syscall.EINTR:
		default:
			return 0, failure("writev", errno)
		}
	}
}

// transfer makes a system call that moves size bytes.
func transfer(trap uintptr, fd int, p unsafe.Pointer, length, size int) (int, syscall.Errno) {
	var n uintptr
	var errno syscall.Errno
	if size <= RawLimit {
		n, _, errno = syscall.RawSyscall(trap, uintptr(fd), uintptr(p), uintptr(length))
	} else {
		n, _, errno = syscall.Syscall(trap, uintptr(fd), uintptr(p), uintptr(length))
	}
	return int(n), errno
}
