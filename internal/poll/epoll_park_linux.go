package poll

import (
	"errors"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// epoll is the default on Linux. It sleeps under Go's own poller: an epoll
// descriptor is itself readable when its set has events, so the runtime can
// watch it like any socket. A sleeping loop holds no thread, and waking it is
// readying a goroutine, without a system call.
//
// # Parking
//
// A sleep is one Read of the RawConn, which runs these steps:
//
//  1. forget the readiness seen so far; fail if the read deadline has passed
//  2. call try, which looks at the set; return if there was something
//  3. park until the epoll descriptor turns readable or the deadline passes
//  4. go to 1
//
// No event is lost: the runtime watches the descriptor edge-triggered, and what
// becomes ready after step 2 is an edge after step 1, which step 3 finds. What
// became ready before step 2 is found by step 2, since the set is
// level-triggered and nothing was taken out without being reported.
//
// No Wake is lost: it sets the read deadline to a time in the past, and that is
// a level. Set before the sleep, it fails step 1; set later, it ends step 3,
// where the runtime looks at the deadline after it has announced the sleeper.
// Only the sleeper clears it, when it has seen it, and nothing else uses the read
// deadline: timeouts go through the timerfd, which is an event like any other.
//
// No timeout is lost: see timerfd.
//
// A Wake that comes after something else has ended the sleep stays behind and
// makes the next sleep end early, once.
type epoll struct {
	*epollSet

	file *os.File        // owns the epoll descriptor
	conn syscall.RawConn // of file
	try  func(fd uintptr) bool

	// owned by the sleeper: the argument and the result of try. They are fields,
	// and try is made once, so that a sleep allocates nothing.
	dst []Event
	got harvest

	// atomic
	waking atomic.Bool // a Wake has set the deadline, or is about to
}

// longAgo is the deadline that a Wake sets.
var longAgo = time.Unix(1, 0)

func newEpoll() (Poller, error) {
	set, err := openEpollSet("epoll")
	if err != nil {
		return nil, err
	}
	p := &epoll{epollSet: set}
	p.try = func(uintptr) bool {
		p.got = p.look(p.dst)
		return !p.got.empty()
	}
	if err := p.handToRuntime(); err != nil {
		p.Close()
		return nil, &Error{Backend: "epoll", Op: "open", FD: -1, Err: err}
	}
	return p, nil
}

// handToRuntime puts the epoll descriptor under Go's poller.
func (p *epoll) handToRuntime() error {
	// NewFile watches only what is non-blocking when it is handed over.
	nonblock := unix.SetNonblock(p.fd, true)
	p.file = os.NewFile(uintptr(p.fd), "epoll")
	if nonblock != nil {
		return os.NewSyscallError("fcntl", nonblock)
	}
	// This fails if the runtime does not watch the descriptor after all, and
	// then the first sleep would fail or never end.
	if err := p.file.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	conn, err := p.file.SyscallConn()
	p.conn = conn
	return err
}

func (p *epoll) Wait(dst []Event, timeout time.Duration) (int, error) {
	if err := p.check(dst); err != nil {
		return 0, err
	}
	if timeout == 0 {
		h := p.look(dst)
		return h.n, h.err
	}
	at := p.deadline(timeout)
	for {
		wait, err := p.sleepUntil(at)
		if err != nil {
			return 0, err
		}
		if !wait {
			h := p.look(dst)
			return h.n, h.err
		}
		h, woken := p.sleep(dst)
		if h.n > 0 || h.err != nil || woken {
			return h.n, h.err
		}
		// The timer stood at an earlier instant than this sleep's, or at it.
	}
}

// sleep parks until the set has events, or a Wake.
func (p *epoll) sleep(dst []Event) (h harvest, woken bool) {
	p.dst = dst
	err := p.conn.Read(p.try)
	h, p.got, p.dst = p.got, harvest{}, nil
	if err == nil {
		return h, false
	}
	if !errors.Is(err, os.ErrDeadlineExceeded) {
		return harvest{err: p.fail("wait", -1, err)}, false
	}
	// First the deadline, then the flag. A Wake between the two finds the flag
	// set and does nothing, rightly: this sleep is over, and its caller has yet
	// to look at what was published before that Wake. The other way round, such
	// a Wake would set the flag and the deadline, the deadline would be cleared
	// here, and all later Wakes would rely on it.
	err = p.file.SetReadDeadline(time.Time{})
	p.waking.Store(false)
	if err != nil {
		return harvest{err: p.fail("wait", -1, err)}, true
	}
	return p.look(dst), true
}

// Wake sets the read deadline, unless an earlier Wake that the sleeper has not
// seen yet does so. At most one Wake at a time is past the flag, until the
// sleeper has cleared the deadline which that one set.
func (p *epoll) Wake() {
	if p.waking.Load() || !p.waking.CompareAndSwap(false, true) {
		return
	}
	// After Close this fails, and there is nobody left to wake.
	_ = p.file.SetReadDeadline(longAgo)
}

func (p *epoll) Close() error {
	if p.fd < 0 {
		return p.fail("close", -1, nil)
	}
	err := errors.Join(p.file.Close(), p.timer.close())
	p.fd = -1 // the number may name another file by now
	return err
}
