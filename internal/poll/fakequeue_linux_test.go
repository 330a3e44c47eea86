package poll

import (
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// A fakeQueue is a kqueue made of poll(2), so that the whole suite can run against
// the kqueue backend on Linux. It keeps to what the manual pages say: filters are
// level-triggered without EV_CLEAR, the closing of a file deletes its filters, what
// is ready takes turns, and a user's event is reported once. It has what the
// backend uses and nothing more. A trigger may come from any goroutine.
type fakeQueue struct {
	interrupt int // every so many waits end with EINTR; 0 = none
	waits     int

	notes []fakeNote
	fds   []unix.PollFd // of the bell and of the notes, at the same places + 1
	turn  int           // the note that is looked at first
	alarm alarm
	stat  unix.Stat_t

	mu     sync.Mutex
	bell   *waker // ends the poll when the user's event is triggered
	user   bool   // added
	active bool   // triggered
	closed bool
}

type fakeNote struct {
	fd       int
	filter   filter
	dev, ino uint64 // which file it was
}

func openFakeQueue(interrupt int) (*fakeQueue, error) {
	bell, err := openPipe()
	if err != nil {
		return nil, err
	}
	return &fakeQueue{interrupt: interrupt, bell: bell}, nil
}

func (q *fakeQueue) change(c kev) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return unix.EBADF
	case c.filter == filterUser && c.flags == evAdd|evClear:
		q.user = true
		return nil
	case c.filter == filterUser && c.flags == 0 && c.fflags == noteTrigger:
		if !q.user {
			return unix.ENOENT
		}
		q.active = true
		q.bell.wake()
		return nil
	case c.filter == filterUser || c.fflags != 0:
		return unix.EINVAL
	}
	if err := unix.Fstat(int(c.ident), &q.stat); err != nil {
		return err
	}
	q.forgetClosed()
	i := q.find(int(c.ident), c.filter)
	switch {
	case c.flags == evAdd && i < 0:
		q.notes = append(q.notes, fakeNote{int(c.ident), c.filter, q.stat.Dev, q.stat.Ino})
	case c.flags == evAdd: // replaces itself
	case c.flags == evDelete && i < 0:
		return unix.ENOENT
	case c.flags == evDelete:
		q.notes = append(q.notes[:i], q.notes[i+1:]...)
	default:
		return unix.EINVAL
	}
	return nil
}

func (q *fakeQueue) find(fd int, f filter) int {
	for i, n := range q.notes {
		if n.fd == fd && n.filter == f {
			return i
		}
	}
	return -1
}

// forgetClosed deletes the notes of files that are closed, also if their numbers
// are in use again.
func (q *fakeQueue) forgetClosed() {
	var st unix.Stat_t
	kept := q.notes[:0]
	for _, n := range q.notes {
		if unix.Fstat(n.fd, &st) == nil && st.Dev == n.dev && st.Ino == n.ino {
			kept = append(kept, n)
		}
	}
	q.notes = kept
}

func (q *fakeQueue) wait(events []kev, timeout time.Duration) (int, error) {
	if q.waits++; q.interrupt > 0 && q.waits%q.interrupt == 0 {
		return 0, unix.EINTR
	}
	q.forgetClosed()
	q.fds = append(q.fds[:0], unix.PollFd{Fd: int32(q.bell.read), Events: unix.POLLIN})
	for _, n := range q.notes {
		bits := int16(unix.POLLIN | unix.POLLRDHUP)
		if n.filter == filterWrite {
			bits = unix.POLLOUT
		}
		q.fds = append(q.fds, unix.PollFd{Fd: int32(n.fd), Events: bits})
	}
	for c := countDown(timeout); ; {
		left := c.left()
		if err := q.alarm.poll(q.fds, left); err != nil {
			return 0, err
		}
		if n := q.collect(events); n > 0 || left == 0 {
			return n, nil
		}
	}
}

func (q *fakeQueue) collect(events []kev) (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.bell.drain()
	q.bell.take()
	if q.active {
		q.active = false
		events[0] = kev{filter: filterUser, flags: evClear}
		n = 1
	}
	for k := range q.notes {
		if n == len(events) {
			q.turn += k // who comes next is the first of the next wait
			break
		}
		i := (q.turn + k) % len(q.notes)
		if ev, ok := fakeEvent(q.notes[i], q.fds[i+1].Revents); ok {
			events[n] = ev
			n++
		}
	}
	return n
}

func fakeEvent(n fakeNote, got int16) (kev, bool) {
	ev := kev{ident: uint64(n.fd), filter: n.filter}
	ends := int16(unix.POLLHUP | unix.POLLERR)
	if n.filter == filterRead {
		ends = unix.POLLHUP | unix.POLLRDHUP
	}
	if got&ends != 0 {
		ev.flags |= evEOF
	}
	return ev, got&^unix.POLLNVAL != 0
}

func (q *fakeQueue) close() error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return unix.EBADF
	}
	q.closed = true
	q.bell.close()
	return nil
}
