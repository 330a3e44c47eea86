package poll

import (
	"errors"
	"io/fs"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The tokens that an epoll set keeps for itself.
const (
	timerToken = MaxToken + 1
	wakerToken = MaxToken + 2
)

// startEvents is how many events one epoll_wait can bring at first. A longer dst
// makes it grow once.
const startEvents = 128

// An epollSet is the part that both epoll backends share: registration, the
// timer, and the translation of events. How to sleep is the backends' matter.
// It belongs to the sleeper.
type epollSet struct {
	name   string // of the backend, for errors
	fd     int    // the epoll descriptor; -1 after close
	timer  timerfd
	events []unix.EpollEvent
	ctlArg unix.EpollEvent // here, so that epoll_ctl costs no allocation
}

func openEpollSet(name string) (*epollSet, error) {
	fd, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, &Error{Backend: name, Op: "open", FD: -1, Err: os.NewSyscallError("epoll_create1", err)}
	}
	timer, err := openTimerfd()
	if err != nil {
		unix.Close(fd)
		return nil, &Error{Backend: name, Op: "open", FD: -1, Err: err}
	}
	s := &epollSet{name: name, fd: fd, timer: timer, events: make([]unix.EpollEvent, startEvents)}
	if err := s.ctl("open", unix.EPOLL_CTL_ADD, timer.fd, unix.EPOLLIN|unix.EPOLLET, timerToken); err != nil {
		timer.close()
		unix.Close(fd)
		return nil, err
	}
	return s, nil
}

func (s *epollSet) Name() string { return s.name }

func (s *epollSet) Add(fd int, want Events, tok Token) error {
	if tok > MaxToken {
		return s.fail("add", fd, ErrReservedToken)
	}
	return s.ctl("add", unix.EPOLL_CTL_ADD, fd, epollBits(want), tok)
}

func (s *epollSet) Modify(fd int, want Events, tok Token) error {
	if tok > MaxToken {
		return s.fail("modify", fd, ErrReservedToken)
	}
	return s.ctl("modify", unix.EPOLL_CTL_MOD, fd, epollBits(want), tok)
}

func (s *epollSet) Remove(fd int) error {
	return s.ctl("remove", unix.EPOLL_CTL_DEL, fd, 0, 0)
}

func (s *epollSet) ctl(op string, code, fd int, bits uint32, tok Token) error {
	// The token fills the 64 bits of epoll_data. Package unix calls the halves
	// Fd and Pad, and knows where they lie: the struct is packed on amd64 only.
	s.ctlArg.Events = bits
	s.ctlArg.Fd, s.ctlArg.Pad = int32(uint32(tok)), int32(uint32(tok>>32))
	err := unix.EpollCtl(s.fd, code, fd, &s.ctlArg)
	switch {
	case err == nil:
		return nil
	case err == unix.EBADF && code != unix.EPOLL_CTL_ADD:
		// A number that names no open file names no registration either.
		err = errors.Join(fs.ErrNotExist, err)
	}
	return s.fail(op, fd, err)
}

// fail makes the error for a call; on a closed set there is only one cause.
func (s *epollSet) fail(op string, fd int, err error) error {
	if s.fd < 0 {
		err = fs.ErrClosed
	}
	return &Error{Backend: s.name, Op: op, FD: fd, Err: err}
}

// A harvest is what one look at an epoll set brought.
type harvest struct {
	n     int  // events written to dst
	timer bool // the timer fired; noted already
	waker bool // the waker's event came
	err   error
}

func (h harvest) empty() bool { return h.n == 0 && !h.timer && !h.waker && h.err == nil }

// look harvests without waiting.
func (s *epollSet) look(dst []Event) harvest {
	var seen harvest
	for {
		h := s.wait(dst, false)
		own := h.timer || h.waker
		h.timer = h.timer || seen.timer
		h.waker = h.waker || seen.waker
		if h.n > 0 || h.err != nil || !own {
			return h
		}
		// The set's own events may have taken the places of others in a short
		// dst. They are edge-triggered and gone now, so look again.
		seen = h
	}
}

// wait is one epoll_wait, with a timeout of zero or none.
func (s *epollSet) wait(dst []Event, block bool) harvest {
	if len(dst) > len(s.events) {
		s.events = make([]unix.EpollEvent, len(dst))
	}
	// Never more than dst takes: epoll moves what it has reported to the end
	// of its list, so that an event dropped here might be dropped every time.
	buf := s.events[:min(len(dst), len(s.events))]
	var n int
	var err error
	if block {
		n, err = unix.EpollWait(s.fd, buf, -1)
	} else {
		n, err = rawEpollWait(s.fd, buf)
	}
	if err == unix.EINTR {
		return harvest{}
	}
	if err != nil {
		return harvest{err: s.fail("wait", -1, os.NewSyscallError("epoll_wait", err))}
	}
	return s.translate(dst, buf[:n])
}

func (s *epollSet) translate(dst []Event, buf []unix.EpollEvent) (h harvest) {
	for i := range buf {
		ev := &buf[i]
		switch tok := Token(uint32(ev.Fd)) | Token(uint32(ev.Pad))<<32; tok {
		case timerToken:
			s.timer.fired()
			h.timer = true
		case wakerToken:
			h.waker = true
		default:
			dst[h.n] = Event{Token: tok, Events: eventsOf(ev.Events)}
			h.n++
		}
	}
	return h
}

// sleepUntil prepares a sleep that ends at the instant at. It reports false if
// that instant has come.
func (s *epollSet) sleepUntil(at instant) (bool, error) {
	if at == never {
		return true, nil
	}
	now := s.timer.now()
	if now >= at {
		return false, nil
	}
	if err := s.timer.arm(at, now); err != nil {
		return false, s.fail("wait", -1, err)
	}
	return true, nil
}

// check finds the mistakes that every Wait looks for.
func (s *epollSet) check(dst []Event) error {
	if s.fd < 0 {
		return s.fail("wait", -1, nil)
	}
	if len(dst) == 0 {
		return errNoRoom
	}
	return nil
}

// deadline is the instant at which a sleep of that length ends.
func (s *epollSet) deadline(timeout time.Duration) instant {
	if timeout < 0 {
		return never
	}
	return s.timer.after(timeout)
}

// rawEpollWait looks without waiting. The call never blocks, so the scheduler
// need not hear of it. It is epoll_pwait as not every architecture has
// epoll_wait.
func rawEpollWait(epfd int, buf []unix.EpollEvent) (int, error) {
	n, _, errno := syscall.RawSyscall6(unix.SYS_EPOLL_PWAIT, uintptr(epfd),
		uintptr(unsafe.Pointer(&buf[0])), uintptr(len(buf)), 0, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), nil
}

func epollBits(want Events) uint32 {
	var bits uint32
	if want&Readable != 0 {
		bits |= unix.EPOLLIN
	}
	if want&Writable != 0 {
		bits |= unix.EPOLLOUT
	}
	return bits // the system adds EPOLLERR and EPOLLHUP
}

func eventsOf(bits uint32) Events {
	var e Events
	if bits&unix.EPOLLIN != 0 {
		e |= Readable
	}
	if bits&unix.EPOLLOUT != 0 {
		e |= Writable
	}
	if bits&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
		e |= Failed
	}
	return e
}
