//go:build unix && !aix

package polltest

import "syscall"

// pipe makes a non-blocking pipe.
func (f *fixture) pipe() (r, w int) {
	f.Helper()
	var fds [2]int
	f.must(syscall.Pipe(fds[:]))
	return f.own(fds)
}

// pair makes two connected stream sockets.
func (f *fixture) pair() (a, b int) {
	f.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	f.must(err)
	return f.own(fds)
}

func (f *fixture) own(fds [2]int) (int, int) {
	f.Helper()
	for _, fd := range fds {
		f.fds[fd] = true
		syscall.CloseOnExec(fd)
		f.must(syscall.SetNonblock(fd, true))
	}
	return fds[0], fds[1]
}

// pipeAt makes a pipe whose reading end has the number fd, which is free. The
// system gives the lowest free number, so those below are taken for a moment.
func (f *fixture) pipeAt(fd int) (r, w int) {
	f.Helper()
	var below []int
	for {
		n := f.nthFree(1)
		if n > fd {
			f.Fatalf("descriptor %d is taken", fd)
		}
		if n == fd {
			break
		}
		n, err := syscall.Dup(0)
		f.must(err)
		below = append(below, n)
	}
	r, w = f.pipe()
	for _, n := range below {
		f.must(syscall.Close(n))
	}
	if r != fd {
		f.Fatalf("the pipe has descriptor %d, want %d", r, fd)
	}
	return r, w
}

// pipeAbove makes a pipe and leaves the number fd free.
func (f *fixture) pipeAbove(fd int) (r, w int) {
	f.Helper()
	for {
		n, err := syscall.Dup(0)
		f.must(err)
		if n > fd {
			f.must(syscall.Close(n))
			break
		}
		defer syscall.Close(n)
	}
	return f.pipe()
}

// dupAt makes a second descriptor of fd's file, with the number at. It skips the
// test if the process may not have such a number.
func (f *fixture) dupAt(fd, at int) int {
	f.Helper()
	for {
		n, err := syscall.Dup(fd)
		if err == syscall.EMFILE {
			f.Skipf("RLIMIT_NOFILE: this process may not open descriptor %d", at)
		}
		f.must(err)
		if n >= at {
			if f.fds[n] = true; n > at {
				f.Fatalf("descriptor %d is taken", at)
			}
			return n
		}
		defer syscall.Close(n)
	}
}

func (f *fixture) close(fd int) {
	f.Helper()
	delete(f.fds, fd)
	f.must(syscall.Close(fd))
}

// closeAll closes what the test has left open.
func (f *fixture) closeAll() {
	for fd := range f.fds {
		f.close(fd)
	}
}

func (f *fixture) shutdownWrite(fd int) {
	f.Helper()
	f.must(syscall.Shutdown(fd, syscall.SHUT_WR))
}

// write writes one byte. It may be called from any goroutine.
func (f *fixture) write(fd int) {
	if n, err := syscall.Write(fd, []byte{1}); n != 1 || err != nil {
		f.Errorf("write to descriptor %d: %d, %v", fd, n, err)
	}
}

// fill writes until there is no more room.
func (f *fixture) fill(fd int) {
	f.Helper()
	var buf [4096]byte
	for _, size := range []int{len(buf), 1} {
		for range 1 << 16 {
			if _, err := syscall.Write(fd, buf[:size]); err == syscall.EAGAIN {
				break
			} else if err != nil {
				f.Fatal(err)
			}
		}
	}
}

// read reads one byte.
func (f *fixture) read(fd int) {
	f.Helper()
	var buf [1]byte
	if n, err := syscall.Read(fd, buf[:]); n != 1 || err != nil {
		f.Fatalf("read from descriptor %d: %d, %v", fd, n, err)
	}
}

func (f *fixture) readable(fd int) bool {
	var buf [1]byte
	n, _ := syscall.Read(fd, buf[:])
	return n > 0
}

// nthFree is the number that the n-th open from now would get.
func (f *fixture) nthFree(n int) (fd int) {
	f.Helper()
	for range n {
		var err error
		fd, err = syscall.Dup(0)
		f.must(err)
		defer syscall.Close(fd)
	}
	return fd
}
