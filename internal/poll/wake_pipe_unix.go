//go:build unix && !aix

package poll

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// openPipe makes a waker that every Unix has.
func openPipe() (*waker, error) {
	var fds [2]int
	// Not every system has pipe2, so a child must not be forked before the
	// flags are set.
	syscall.ForkLock.RLock()
	err := unix.Pipe(fds[:])
	if err == nil {
		unix.CloseOnExec(fds[0])
		unix.CloseOnExec(fds[1])
	}
	syscall.ForkLock.RUnlock()
	if err != nil {
		return nil, os.NewSyscallError("pipe", err)
	}
	w := &waker{read: fds[0], write: fds[1]}
	for _, fd := range fds {
		if err := unix.SetNonblock(fd, true); err != nil {
			w.close()
			return nil, os.NewSyscallError("fcntl", err)
		}
	}
	return w, nil
}
