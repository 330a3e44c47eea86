//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"io"
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrAgain says that the call would block: try again when the descriptor is
// ready. It is this very value, so that it can be compared with ==, and it
// equals syscall.EAGAIN.
var ErrAgain error = syscall.EAGAIN

// failure makes the error for a system call; ErrAgain costs no allocation.
func failure(call string, err error) error {
	if err == ErrAgain {
		return ErrAgain
	}
	return os.NewSyscallError(call, err)
}

// Connect starts a connection and does not wait for it. The socket turns
// writable when it is made or has failed; SocketError then tells which. A failure
// that shows at once is an error, and no descriptor is left open.
//
// A port of this host that nobody listens on, in the range for outgoing
// connections, can by chance be connected to itself. Then LocalAddr equals
// RemoteAddr.
func Connect(addr netip.AddrPort, s *Settings) (fd int, err error) {
	return ConnectFrom(netip.AddrPort{}, addr, s)
}

// ConnectFrom is Connect with an address for this end, of addr's family, and a port; 0
// is any that is free. The zero AddrPort leaves both to the system.
func ConnectFrom(local, addr netip.AddrPort, s *Settings) (fd int, err error) {
	sa, family, err := sockaddr(addr)
	if err != nil {
		return -1, err
	}
	var from unix.Sockaddr
	if local != (netip.AddrPort{}) {
		if from, _, err = sockaddr(local); err != nil {
			return -1, err
		}
	}
	return connect(from, sa, family, s)
}

// connect binds the socket first, unless from is nil.
func connect(from, sa unix.Sockaddr, family int, s *Settings) (fd int, err error) {
	fd, err = open(family)
	if err != nil {
		return -1, err
	}
	if err := s.Apply(fd, family == unix.AF_UNIX); err != nil {
		unix.Close(fd)
		return -1, err
	}
	if from != nil {
		if err := unix.Bind(fd, from); err != nil {
			unix.Close(fd)
			return -1, failure("bind", err)
		}
	}
	switch err := unix.Connect(fd, sa); err {
	case nil, unix.EINPROGRESS:
		return fd, nil
	case unix.EINTR:
		// The connection goes on being made (POSIX, connect). Calling again
		// would give EALREADY.
		return fd, nil
	default:
		unix.Close(fd)
		return -1, failure("connect", err)
	}
}

// SocketError takes the error that waits on a socket, as a syscall.Errno, or nil
// if there is none. The system then forgets it.
func SocketError(fd int) error {
	n, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return os.NewSyscallError("getsockopt", err)
	}
	if n != 0 {
		return syscall.Errno(n)
	}
	return nil
}

// ShutdownWrite sends the end of input after what was written before. Reading
// goes on.
func ShutdownWrite(fd int) error {
	return os.NewSyscallError("shutdown", unix.Shutdown(fd, unix.SHUT_WR))
}

// Close gives the descriptor back. It must have been removed from its poller. It
// is gone also when there is an error, and closing it again would hit whoever
// has its number by then.
func Close(fd int) error {
	err := unix.Close(fd)
	if err == unix.EINTR {
		return nil
	}
	return os.NewSyscallError("close", err)
}

// IsTemporaryAccept reports whether an Accept failed for the one connection that
// it was about, so that the next may be tried at once. Linux hands errors of the
// new connection to accept (accept(2), "Error handling").
func IsTemporaryAccept(err error) bool {
	return isOneOf(err, temporaryAccept)
}

// IsExhausted reports whether a call failed as the process or the system has run
// out of descriptors or buffers. Trying again at once is no use.
func IsExhausted(err error) bool {
	return isOneOf(err, exhausted)
}

var exhausted = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOBUFS, syscall.ENOMEM}

func isOneOf(err error, list []syscall.Errno) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	for _, e := range list {
		if errno == e {
			return true
		}
	}
	return false
}

// transferred turns the result of a read into what Read returns.
func transferred(n int) (int, error) {
	if n == 0 {
		return 0, io.EOF
	}
	return n, nil
}
