package poll

import (
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// An instant is a time on the monotonic clock, counted from the making of the
// timerfd that uses it.
type instant = time.Duration

// never is the instant that does not come.
const never = instant(1<<63 - 1)

// A timerfd wakes an epoll set at an instant. It is registered edge-triggered
// and never read: each expiry is one event. Go's own timers are no substitute,
// they are a millisecond coarse in an idle process.
//
// Setting it is a system call, so it is set only when the wanted instant is
// earlier than the one it stands at. A timer that stands too early ends a sleep
// too early, and the sleeper then sleeps on; that is rarer than a timeout that
// moves further away with each request.
//
// The trap is a timer that fires while nobody sleeps. Its event is harvested by
// a Wait that only looks, and if armed kept its value, the next sleeper would
// believe that an earlier expiry is still to come, not set the timer, and sleep
// for ever. So whoever harvests the event, in whichever kind of Wait, calls
// fired.
type timerfd struct {
	fd    int
	start time.Time

	// owned by the sleeper
	armed instant // when it will fire; 0 = not armed
	spec  unix.ItimerSpec
}

func openTimerfd() (timerfd, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return timerfd{}, os.NewSyscallError("timerfd_create", err)
	}
	return timerfd{fd: fd, start: time.Now()}, nil
}

// now reads the clock that the timer runs on: time.Since uses CLOCK_MONOTONIC.
func (t *timerfd) now() instant { return time.Since(t.start) }

// after is the instant that lies d from now; a negative d is never.
func (t *timerfd) after(d time.Duration) instant {
	now := t.now()
	if d < 0 || d > never-now {
		return never
	}
	return now + d
}

// arm makes the timer fire at the instant at or earlier, but not before now.
// The setting is relative to a clock read before it, so that what fires at "at"
// fires no earlier than that.
func (t *timerfd) arm(at, now instant) error {
	if t.armed != 0 && t.armed <= at {
		return nil
	}
	d := min(at-now, longestSleep)
	t.spec.Value = unix.NsecToTimespec(int64(max(d, 1))) // zero would disarm
	// Raw, as it never blocks.
	_, _, errno := syscall.RawSyscall6(unix.SYS_TIMERFD_SETTIME,
		uintptr(t.fd), 0, uintptr(unsafe.Pointer(&t.spec)), 0, 0, 0)
	if errno != 0 {
		return os.NewSyscallError("timerfd_settime", errno)
	}
	t.armed = now + d
	return nil
}

// fired notes that the timer's event has been harvested. Such an event always
// stems from the latest setting: setting the timer takes back an expiry that
// nobody has harvested.
func (t *timerfd) fired() { t.armed = 0 }

func (t *timerfd) close() error { return unix.Close(t.fd) }
