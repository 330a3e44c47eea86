//go:build unix && !aix

package poll

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// What a backend leaves in its waker ends each later sleep at once; it sleeps on,
// so that nobody would notice but the processor.
func TestNudgesAreTakenOut(t *testing.T) {
	for _, c := range []struct {
		name  string
		open  func(func() (*waker, error)) (Poller, error)
		waker func(Poller) *waker
	}{
		{"poll", newPollfd, func(p Poller) *waker { return p.(*pollfd).waker }},
		{"select", newSelect, func(p Poller) *waker { return p.(*selectPoller).waker }},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := c.open(openPipe)
			if err != nil {
				t.Fatal(err)
			}
			defer p.Close()
			p.Wake()
			var dst [1]Event
			for range 2 { // the first may find the flag and not look at the pipe
				if _, err := p.Wait(dst[:], time.Millisecond); err != nil {
					t.Fatal(err)
				}
			}
			var buf [1]byte
			if n, err := unix.Read(c.waker(p).read, buf[:]); err != unix.EAGAIN {
				t.Errorf("the waker's pipe gives %d, %v after the Wake was seen, want EAGAIN", n, err)
			}
		})
	}
}

// A timeout that is rounded down would end in a spin.
func TestSelectRoundsUp(t *testing.T) {
	p := new(selectPoller)
	for _, c := range []struct{ left, want time.Duration }{
		{0, 0},
		{1, time.Microsecond},
		{time.Microsecond, time.Microsecond},
		{time.Second + time.Microsecond + 1, time.Second + 2*time.Microsecond},
		{1<<63 - 1, longestSleep},
	} {
		if got := time.Duration(p.timeval(c.left).Nano()); got != c.want {
			t.Errorf("%v is asked for as %v, want %v", c.left, got, c.want)
		}
	}
	if p.timeval(-1) != nil {
		t.Error("a sleep without end has a timeout")
	}
}
