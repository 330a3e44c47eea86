//go:build unix && !aix && !linux

package poll

import (
	"time"

	"golang.org/x/sys/unix"
)

// alarm is poll's timeout, in milliseconds.
type alarm struct{}

// poll sleeps at most for left, or without end if that is negative. It rounds up:
// rounded down, the last millisecond of a timeout would be a spin.
func (alarm) poll(fds []unix.PollFd, left time.Duration) error {
	ms := -1
	if left >= 0 {
		ms = int((min(left, longestSleep) + time.Millisecond - 1) / time.Millisecond)
	}
	_, err := unix.Poll(fds, ms)
	return err
}
