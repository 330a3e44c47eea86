//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll

import (
	"time"

	"golang.org/x/sys/unix"
)

// kevents is kevent(2) on one queue: the seam at which the tests put a queue of
// their own. It is used by one goroutine at a time.
type kevents interface {
	// change makes one change, or gives the error number that refuses it.
	change(c kev) error
	// wait waits for events at most that long, and for ever if timeout is
	// negative. It returns how many it has written.
	wait(events []kev, timeout time.Duration) (int, error)
	close() error
}

// A kev is a change or an event, free of how each system lays it out.
type kev struct {
	ident  uint64 // the descriptor
	filter filter
	flags  uint32
	fflags uint32
	data   int64
}

// A filter is what a kev is about. Its numbers are ours, the systems differ.
type filter uint8

const (
	filterRead filter = iota
	filterWrite
	filterUser // an event that the waker makes itself
)

// Flags have the same values on all these systems.
const (
	evAdd    = 0x1
	evDelete = 0x2
	evClear  = 0x20
	evError  = 0x4000
	evEOF    = 0x8000

	noteTrigger = 0x1000000
)

// submit makes one change, and makes it again if a signal came, which does no
// harm.
func submit(q kevents, c kev) error {
	err := q.change(c)
	for err == unix.EINTR {
		err = q.change(c)
	}
	return err
}

// eventsOfKev is what an event of the read or the write filter means.
func eventsOfKev(ev *kev) Events {
	switch {
	case ev.flags&evError != 0:
		return Failed // the filter does not work; Tornado 1.28
	case ev.filter == filterRead && ev.flags&evEOF != 0 && ev.fflags != 0:
		return Readable | Failed // fflags is the socket's error
	case ev.filter == filterRead:
		return Readable // with EOF: the other side has ended, this one may write on
	case ev.flags&evEOF != 0:
		// A write does not block, it fails; so does a connect that was refused
		// (Tornado 1.28).
		return Writable | Failed
	}
	return Writable
}
