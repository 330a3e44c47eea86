//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"fmt"
	"net"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Dup gives another descriptor for what fd means. It may be used while fd is.
func Dup(fd int) (int, error) {
	nfd, err := unix.FcntlInt(uintptr(fd), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("fcntl", err)
	}
	return nfd, nil
}

// Adopt makes a listening socket that came from elsewhere like those of Listen:
// non-blocking, which its other descriptors then are too, and close-on-exec. It
// gives the address that it listens on.
func Adopt(fd int, s *Settings) (net.Addr, error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	listens, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ACCEPTCONN)
	if err != nil {
		return nil, os.NewSyscallError("getsockopt", err)
	}
	if kind != unix.SOCK_STREAM || listens == 0 {
		return nil, fmt.Errorf("sock: not a listening stream socket: %w", syscall.EINVAL)
	}
	addr, err := ListenAddr(fd)
	if err != nil {
		return nil, err
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		return nil, os.NewSyscallError("fcntl", err)
	}
	unix.CloseOnExec(fd)
	return addr, s.Apply(fd, addr.Network() == "unix")
}

// ListenAddr is the address a listening socket is bound to: a *net.TCPAddr or a
// *net.UnixAddr.
func ListenAddr(fd int) (net.Addr, error) {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil, os.NewSyscallError("getsockname", err)
	}
	if u, ok := sa.(*unix.SockaddrUnix); ok {
		return &net.UnixAddr{Net: "unix", Name: u.Name}, nil
	}
	at := addrPort(sa)
	if !at.IsValid() {
		return nil, fmt.Errorf("sock: not a socket of TCP, nor a Unix socket: %w", syscall.EAFNOSUPPORT)
	}
	return net.TCPAddrFromAddrPort(at), nil
}
