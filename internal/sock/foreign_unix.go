//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// AdoptConn makes a connected stream socket that came from elsewhere non-blocking,
// which its other descriptors then are too. It gives the peer's address, not valid for
// a Unix socket.
func AdoptConn(fd int) (peer netip.AddrPort, err error) {
	kind, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_TYPE)
	if err != nil {
		return peer, os.NewSyscallError("getsockopt", err)
	}
	if kind != unix.SOCK_STREAM {
		return peer, fmt.Errorf("sock: not a stream socket: %w", syscall.EINVAL)
	}
	if peer, err = RemoteAddr(fd); err != nil {
		return peer, err
	}
	return peer, os.NewSyscallError("fcntl", unix.SetNonblock(fd, true))
}

// AdoptPipe is AdoptConn for the end of a pipe, or what else carries bytes and can be
// waited for, such as a terminal. It says in which directions. A file on disk and a
// folder are always ready and block all the same: errors.ErrUnsupported.
func AdoptPipe(fd int) (reads, writes bool, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return false, false, os.NewSyscallError("fstat", err)
	}
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFDIR, unix.S_IFBLK:
		return false, false, fmt.Errorf("sock: neither a pipe nor a terminal: %w", errors.ErrUnsupported)
	}
	flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFL, 0)
	if err != nil {
		return false, false, os.NewSyscallError("fcntl", err)
	}
	mode := flags & unix.O_ACCMODE
	return mode != unix.O_WRONLY, mode != unix.O_RDONLY, os.NewSyscallError("fcntl", unix.SetNonblock(fd, true))
}
