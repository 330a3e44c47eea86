//go:build linux || darwin || dragonfly || freebsd || netbsd || openbsd

package sock

import (
	"errors"
	"os"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// What came from elsewhere no longer blocks, and what it is for is known.
func TestAdoptPipe(t *testing.T) {
	var ends [2]int
	if err := unix.Pipe(ends[:]); err != nil {
		t.Fatal(err)
	}
	for i, fd := range ends {
		defer unix.Close(fd)
		reads, writes, err := AdoptPipe(fd)
		if err != nil || reads != (i == 0) || writes != (i == 1) {
			t.Errorf("end %d: %v, %v, %v", i, reads, writes, err)
		}
	}
	if _, err := Read(ends[0], make([]byte, 1)); err != ErrAgain {
		t.Errorf("reading gives %v", err)
	}
	f, err := os.Create(t.TempDir() + "/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := AdoptPipe(int(f.Fd())); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a file: %v", err)
	}
	if _, _, err := AdoptPipe(-1); !errors.Is(err, syscall.EBADF) {
		t.Errorf("no descriptor: %v", err)
	}
}

func TestAdoptConn(t *testing.T) {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(pair[0])
	defer unix.Close(pair[1])
	if peer, err := AdoptConn(pair[0]); peer.IsValid() || err != nil {
		t.Errorf("%v, %v", peer, err)
	}
	if _, err := Read(pair[0], make([]byte, 1)); err != ErrAgain {
		t.Errorf("reading gives %v", err)
	}
	for kind, want := range map[int]error{unix.SOCK_STREAM: syscall.ENOTCONN, unix.SOCK_DGRAM: syscall.EINVAL} {
		fd, err := unix.Socket(unix.AF_INET, kind, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer unix.Close(fd)
		if _, err := AdoptConn(fd); !errors.Is(err, want) {
			t.Errorf("of kind %d: %v, want %v", kind, err, want)
		}
	}
}
