//go:build unix

package loop_test

import (
	"syscall"
	"testing"
)

// A pair is two connected sockets, non-blocking. ends are closed when the test ends,
// unless gone is set.
type pair struct {
	a, b         int
	aGone, bGone bool
}

func newPair(t testing.TB) *pair {
	t.Helper()
	fds, err := syscall.Socketpair(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	p := &pair{a: fds[0], b: fds[1]}
	for _, fd := range fds {
		syscall.CloseOnExec(fd)
		if err := syscall.SetNonblock(fd, true); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() {
		p.closeA()
		p.closeB()
	})
	return p
}

// readable makes a readable.
func (p *pair) readable(t testing.TB) *pair {
	t.Helper()
	send(t, p.b)
	return p
}

func (p *pair) closeA() {
	if !p.aGone {
		p.aGone = true
		syscall.Close(p.a)
	}
}

func (p *pair) closeB() {
	if !p.bGone {
		p.bGone = true
		syscall.Close(p.b)
	}
}

// send writes a byte.
func send(t testing.TB, fd int) {
	t.Helper()
	if _, err := syscall.Write(fd, []byte{'x'}); err != nil {
		t.Fatal(err)
	}
}

// receive reads all that is there.
func receive(t testing.TB, fd int) int {
	t.Helper()
	n, err := syscall.Read(fd, make([]byte, 1000))
	if err != nil {
		t.Fatal(err)
	}
	return n
}
