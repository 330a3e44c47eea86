package sock

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// Sendfile gives a socket as much of n bytes of f, from offset on, as it takes, in one
// system call, which waits for the disk if it must. f's own offset stays. io.EOF says
// that the file has nothing from offset on. Files that the system cannot send, such as
// some of /proc, give an error that matches errors.ErrUnsupported; they can be read.
func Sendfile(fd int, f *os.File, offset int64, n int) (int, error) {
	raw, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	sent := 0
	var failed error
	// Not Fd: that would make the file blocking for good. And if someone closes the
	// file meanwhile, its number is not given away before this ends.
	if err := raw.Control(func(in uintptr) { sent, failed = sendfile(fd, int(in), offset, n) }); err != nil {
		// Control has no other reason, and its error does not match os.ErrClosed.
		return 0, &os.PathError{Op: "sendfile", Path: f.Name(), Err: os.ErrClosed}
	}
	return sent, failed
}

func sendfile(fd, in int, offset int64, n int) (int, error) {
	for {
		sent, err := unix.Sendfile(fd, in, &offset, n)
		switch err {
		case nil:
			if n > 0 {
				return transferred(sent)
			}
			return 0, nil
		case unix.EINTR:
		case unix.EINVAL, unix.ENOSYS, unix.EOPNOTSUPP, unix.ESPIPE:
			return 0, fmt.Errorf("sendfile: %w: %w", errors.ErrUnsupported, err)
		default:
			return 0, failure("sendfile", err)
		}
	}
}
