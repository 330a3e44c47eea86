package sock

import (
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

// Read takes what has arrived, in one system call. The end of input is io.EOF,
// with no bytes; an empty p is nothing and no error.
func Read(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_READ, fd, unsafe.Pointer(&p[0]), len(p), len(p), 0)
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
		n, errno := transfer(unix.SYS_WRITE, fd, unsafe.Pointer(&p[0]), len(p), len(p), 0)
		switch errno {
		case 0:
			return n, nil
		case syscall.EINTR:
		default:
			return 0, failure("write", errno)
		}
	}
}

// Recv is Read for a socket: the system has a shorter way to it than by way of files,
// which saves 3% of an exchange of short messages. Its errors say read, as elsewhere.
func Recv(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_RECVFROM, fd, unsafe.Pointer(&p[0]), len(p), len(p), 0)
		switch errno {
		case 0:
			return transferred(n)
		case syscall.EINTR:
		default:
			return 0, failure("read", errno)
		}
	}
}

// Send is Write for a socket, likewise. A peer that is gone is an error, and no signal.
func Send(fd int, p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n, errno := transfer(unix.SYS_SENDTO, fd, unsafe.Pointer(&p[0]), len(p), len(p), unix.MSG_NOSIGNAL)
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
		n, errno := transfer(unix.SYS_WRITEV, fd, unsafe.Pointer(&vec), used, size, 0)
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

// transfer makes a system call that moves size bytes; flags are for those of sockets.
func transfer(trap uintptr, fd int, p unsafe.Pointer, length, size int, flags uintptr) (int, syscall.Errno) {
	var n uintptr
	var errno syscall.Errno
	if size <= RawLimit {
		n, _, errno = syscall.RawSyscall6(trap, uintptr(fd), uintptr(p), uintptr(length), flags, 0, 0)
	} else {
		n, _, errno = syscall.Syscall6(trap, uintptr(fd), uintptr(p), uintptr(length), flags, 0, 0)
	}
	return int(n), errno
}
