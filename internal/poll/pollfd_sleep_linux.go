package poll

import (
	"time"

	"golang.org/x/sys/unix"
)

// alarm is poll's timeout. Linux has ppoll, which takes nanoseconds.
type alarm struct {
	left unix.Timespec // ppoll writes to it
}

// poll sleeps at most for left, or without end if that is negative.
func (a *alarm) poll(fds []unix.PollFd, left time.Duration) error {
	var ts *unix.Timespec
	if left >= 0 {
		a.left = unix.NsecToTimespec(int64(min(left, longestSleep)))
		ts = &a.left
	}
	_, err := unix.Ppoll(fds, ts, nil)
	return err
}
