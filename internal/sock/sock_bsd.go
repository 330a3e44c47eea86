//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"net/netip"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// Inherits says that an accepted socket of TCP has the Settings of the one that
// listens. These systems pass on most of them, each its own selection, and we have
// tested none.
const Inherits = false

var temporaryAccept = []syscall.Errno{syscall.ECONNABORTED, syscall.EINTR, syscall.EPROTO}

func open(family int) (int, error) {
	// Not all of these systems take the flags in socket, so a child must not be
	// forked before they are set.
	syscall.ForkLock.RLock()
	fd, err := unix.Socket(family, unix.SOCK_STREAM, 0)
	if err == nil {
		unix.CloseOnExec(fd)
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	if err := unix.SetNonblock(fd, true); err != nil {
		unix.Close(fd)
		return -1, os.NewSyscallError("fcntl", err)
	}
	return fd, nil
}

// Accept takes one waiting connection. The peer of a socket for both families is
// an IPv4 address if it came by IPv4.
func Accept(fd int) (nfd int, peer netip.AddrPort, err error) {
	for {
		nfd, sa, err := accept(fd)
		switch err {
		case nil:
			return nfd, addrPort(sa), nil
		case unix.EINTR:
		default:
			return -1, netip.AddrPort{}, failure("accept", err)
		}
	}
}

// Read takes what has arrived, in one system call. The end of input is io.EOF,
// with no bytes; an empty p is nothing and no error.
func Read(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, err := unix.Read(fd, p)
		switch err {
		case nil:
			return transferred(n)
		case unix.EINTR:
		default:
			return 0, failure("read", err)
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
		n, err := unix.Write(fd, p)
		switch err {
		case nil:
			return n, nil
		case unix.EINTR:
		default:
			return 0, failure("write", err)
		}
	}
}

// Recv and Send are Read and Write for a socket: here they are the same.
func Recv(fd int, p []byte) (int, error) { return Read(fd, p) }

// Send is Write.
func Send(fd int, p []byte) (int, error) { return Write(fd, p) }

// Writev is Write for the concatenation of bufs, of which it may leave out the
// later ones: like Write it returns how many bytes were taken. Package unix has
// writev for some of these systems only, so it is one write for each slice.
func Writev(fd int, bufs [][]byte) (int, error) {
	total := 0
	for _, b := range bufs {
		n, err := Write(fd, b)
		total += n
		if err != nil && total > 0 {
			return total, nil // the next call meets the error again
		}
		if err != nil || n < len(b) {
			return total, err
		}
	}
	return total, nil
}
