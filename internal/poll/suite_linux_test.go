package poll_test

import (
	"errors"
	"os"
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/poll/polltest"
)

// TestFakeKqueue runs the suite against the kqueue backend, on a queue made of
// poll(2): with both wakers, and with every third kevent interrupted.
func TestFakeKqueue(t *testing.T) {
	caps := polltest.Of("kqueue")
	caps.Unlisted = true
	for _, c := range []struct {
		name      string
		user      bool
		interrupt int
	}{
		{"user", true, 0},
		{"pipe", false, 0},
		{"interrupted", true, 3},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func() (poll.Poller, error) { return poll.NewFakeKqueue(c.user, c.interrupt) }
			polltest.Run(t, open, caps)
		})
	}
}

// A signal that interrupts the system call is no error, and no end of the sleep
// that its caller would notice as an event.
func TestSignals(t *testing.T) {
	for _, name := range poll.Names() {
		t.Run(name, func(t *testing.T) {
			p, err := poll.New(name)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			defer signals(t)()
			var dst [1]poll.Event
			for range 5 {
				began := time.Now()
				for time.Since(began) < 5*time.Millisecond {
					if n, err := p.Wait(dst[:], 5*time.Millisecond); n != 0 || err != nil {
						t.Fatalf("Wait = %d, %v among signals, want nothing", n, err)
					}
				}
			}
		})
	}
}

// signals sends signals to the caller's thread until stop is called. It is the one
// that the runtime uses itself, so nobody minds.
func signals(t *testing.T) (stop func()) {
	runtime.LockOSThread()
	thread := unix.Gettid()
	end, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		tick := time.NewTicker(100 * time.Microsecond)
		defer tick.Stop()
		for {
			select {
			case <-end:
				return
			case <-tick.C:
			}
			if err := unix.Tgkill(os.Getpid(), thread, unix.SIGURG); err != nil {
				t.Error(err)
				return
			}
		}
	}()
	return func() {
		close(end)
		<-ended
		runtime.UnlockOSThread()
	}
}

// A process that has more descriptors than select's sets have bits cannot open the
// backend, and is told why.
func TestSelectOpensTooHigh(t *testing.T) {
	var taken []int
	defer func() {
		for _, fd := range taken {
			unix.Close(fd)
		}
	}()
	for {
		fd, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
		if err == unix.EMFILE {
			t.Skip("RLIMIT_NOFILE: this process may not open descriptor 1024")
		}
		if err != nil {
			t.Fatal(err)
		}
		if taken = append(taken, fd); fd >= 1024 {
			break
		}
	}
	p, err := poll.New("select")
	if p != nil || !errors.Is(err, poll.ErrDescriptorTooHigh) {
		t.Fatalf("New = %v, %v, want ErrDescriptorTooHigh", p, err)
	}
	after, err := unix.FcntlInt(0, unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	taken = append(taken, after)
	if want := taken[len(taken)-2] + 1; after != want {
		t.Errorf("a descriptor stays open: the next is %d, want %d", after, want)
	}
}
