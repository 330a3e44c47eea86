package poll

import (
	"os"

	"golang.org/x/sys/unix"
)

// openEventfd makes a waker of one descriptor.
func openEventfd() (*waker, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return nil, os.NewSyscallError("eventfd", err)
	}
	return &waker{read: fd, write: fd}, nil
}
