//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"runtime"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// maxName is the longest name of a Unix socket; a NUL follows it.
const maxName = len(unix.RawSockaddrUnix{}.Path) - 1

// ListenUnix makes a Unix socket that accepts connections under name, a path or an
// abstract name, "@" and more. The file is given the mode before anyone can connect.
//
// A file of that name that is a socket on which nobody listens is what a process has
// left behind, and is replaced. A socket that somebody listens on, and a file that is
// something else, are left alone: EADDRINUSE. Two processes that begin on one name at
// the same moment are not kept apart.
func ListenUnix(name string, mode fs.FileMode, o Options) (fd int, err error) {
	sa, err := sockaddrUnix(name)
	if err != nil {
		return -1, err
	}
	fd, err = open(unix.AF_UNIX)
	if err != nil {
		return -1, err
	}
	err = o.Conn.Apply(fd, true)
	if err == nil {
		err = bindUnix(fd, sa)
	}
	if err == nil && !IsAbstract(name) {
		err = os.Chmod(name, mode)
	}
	if err == nil {
		err = startListening(fd, o)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

func sockaddrUnix(name string) (*unix.SockaddrUnix, error) {
	switch {
	case name == "" || name == "@":
		return nil, fmt.Errorf("sock: a Unix socket needs a name: %w", syscall.EINVAL)
	case IsAbstract(name) && runtime.GOOS != "linux":
		return nil, fmt.Errorf("sock: abstract names are a thing of Linux: %w", errors.ErrUnsupported)
	case strings.Contains(name, "\x00"):
		return nil, fmt.Errorf("sock: a NUL in the name of a Unix socket: %w", syscall.EINVAL)
	case len(name) > maxName:
		return nil, fmt.Errorf("sock: the name of a Unix socket has %d bytes and may have %d: %w",
			len(name), maxName, syscall.ENAMETOOLONG)
	}
	return &unix.SockaddrUnix{Name: name}, nil
}

func bindUnix(fd int, sa *unix.SockaddrUnix) error {
	err := unix.Bind(fd, sa)
	if err == unix.EADDRINUSE && !IsAbstract(sa.Name) {
		if err := removeStale(sa); err != nil {
			return err
		}
		err = unix.Bind(fd, sa)
	}
	return os.NewSyscallError("bind", err)
}

// removeStale removes a socket that nobody listens on. The error says why it does
// not.
func removeStale(sa *unix.SockaddrUnix) error {
	inUse := os.NewSyscallError("bind", unix.EADDRINUSE)
	found, err := os.Lstat(sa.Name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil // it has gone meanwhile
	case err != nil:
		return err
	case found.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("sock: %s exists and is not a socket: %w", sa.Name, inUse)
	}
	fd, err := connect(nil, sa, unix.AF_UNIX, &Settings{})
	if err == nil {
		unix.Close(fd)
	}
	if !errors.Is(err, unix.ECONNREFUSED) {
		return inUse
	}
	if now, err := os.Lstat(sa.Name); err != nil || !os.SameFile(found, now) {
		return inUse // somebody was quicker
	}
	return os.Remove(sa.Name)
}

// ConnectUnix connects to a Unix socket: at once, or not. ErrAgain says that the
// queue of those who wait to be accepted is full.
func ConnectUnix(name string, s *Settings) (fd int, err error) {
	sa, err := sockaddrUnix(name)
	if err != nil {
		return -1, err
	}
	return connect(nil, sa, unix.AF_UNIX, s)
}
