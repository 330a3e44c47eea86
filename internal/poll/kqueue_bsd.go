//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package poll

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A sysQueue is a handle of a queue of the kernel. Its fields hold what the calls
// point to, so that they allocate nothing.
type sysQueue struct {
	fd   int
	user int // the number of EVFILT_USER, where there is one

	in      [1]unix.Kevent_t
	out     []unix.Kevent_t
	timeout unix.Timespec
}

// openKqueue opens the queue. EVFILT_USER has the number user; trigger says
// whether the waker uses it.
func openKqueue(user int, trigger bool) (Poller, error) {
	fd, err := unix.Kqueue()
	if err != nil {
		return nil, &Error{Backend: "kqueue", Op: "open", FD: -1, Err: os.NewSyscallError("kqueue", err)}
	}
	// No race with a fork: children do not inherit queues.
	unix.CloseOnExec(fd)
	if !trigger {
		return newKqueue(&sysQueue{fd: fd}, nil)
	}
	return newKqueue(&sysQueue{fd: fd, user: user}, &sysQueue{fd: fd, user: user})
}

func (q *sysQueue) change(c kev) error {
	mode := q.user
	switch c.filter {
	case filterRead:
		mode = unix.EVFILT_READ
	case filterWrite:
		mode = unix.EVFILT_WRITE
	}
	// The types of the fields differ from system to system.
	unix.SetKevent(&q.in[0], int(c.ident), mode, int(c.flags))
	q.in[0].Fflags = c.fflags
	// Not nil, which would be a sleep without end if there were room for events.
	q.timeout = unix.Timespec{}
	_, err := unix.Kevent(q.fd, q.in[:], nil, &q.timeout)
	return err
}

func (q *sysQueue) wait(events []kev, timeout time.Duration) (int, error) {
	if len(events) > len(q.out) {
		q.out = make([]unix.Kevent_t, len(events))
	}
	var ts *unix.Timespec
	if timeout >= 0 {
		q.timeout = unix.NsecToTimespec(int64(min(timeout, longestSleep)))
		ts = &q.timeout
	}
	n, err := unix.Kevent(q.fd, nil, q.out[:len(events)], ts)
	if err != nil {
		return 0, err
	}
	for i := range q.out[:n] {
		got := &q.out[i]
		ev := kev{
			ident: uint64(got.Ident), filter: filterUser,
			flags: uint32(got.Flags), fflags: got.Fflags, data: got.Data,
		}
		switch got.Filter {
		case unix.EVFILT_READ:
			ev.filter = filterRead
		case unix.EVFILT_WRITE:
			ev.filter = filterWrite
		}
		events[i] = ev
	}
	return n, nil
}

func (q *sysQueue) close() error {
	return os.NewSyscallError("close", unix.Close(q.fd))
}

// The flags are this system's, too: an index other than 0 would not compile.
var (
	_ = [1]struct{}{}[evAdd^unix.EV_ADD]
	_ = [1]struct{}{}[evDelete^unix.EV_DELETE]
	_ = [1]struct{}{}[evClear^unix.EV_CLEAR]
	_ = [1]struct{}{}[evError^unix.EV_ERROR]
	_ = [1]struct{}{}[evEOF^unix.EV_EOF]
)
