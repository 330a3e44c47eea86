//go:build unix && !aix

package poll

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// pollfd asks poll(2), which every Unix has. Each Wait costs time in proportion
// to the number of registrations, and a sleep holds a thread.
type pollfd struct {
	waker *waker

	// owned by the sleeper
	fds   []unix.PollFd // dense; the first is the waker
	toks  []Token       // tokens of fds, at the same places
	place map[int]int   // descriptor to place
	next  int           // the place at which the next report begins
	alarm alarm
}

func newPollfd(openWaker func() (*waker, error)) (Poller, error) {
	w, err := openWaker()
	if err != nil {
		return nil, &Error{Backend: "poll", Op: "open", FD: -1, Err: err}
	}
	return &pollfd{
		waker: w,
		fds:   []unix.PollFd{{Fd: int32(w.read), Events: unix.POLLIN}},
		toks:  make([]Token, 1),
		place: make(map[int]int),
		next:  1,
	}, nil
}

func (p *pollfd) Name() string { return "poll" }

func (p *pollfd) Add(fd int, want Events, tok Token) error {
	if p.place == nil {
		return p.fail("add", fd, nil)
	}
	if tok > MaxToken {
		return p.fail("add", fd, ErrReservedToken)
	}
	if _, ok := p.place[fd]; ok {
		return p.fail("add", fd, fs.ErrExist)
	}
	// poll would accept a number that names no file and complain at every call.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return p.fail("add", fd, err)
	}
	p.place[fd] = len(p.fds)
	p.fds = append(p.fds, unix.PollFd{Fd: int32(fd), Events: pollBits(want)})
	p.toks = append(p.toks, tok)
	return nil
}

func (p *pollfd) Modify(fd int, want Events, tok Token) error {
	i, ok := p.place[fd]
	if !ok {
		return p.fail("modify", fd, fs.ErrNotExist)
	}
	if tok > MaxToken {
		return p.fail("modify", fd, ErrReservedToken)
	}
	p.fds[i].Events, p.toks[i] = pollBits(want), tok
	return nil
}

func (p *pollfd) Remove(fd int) error {
	i, ok := p.place[fd]
	if !ok {
		return p.fail("remove", fd, fs.ErrNotExist)
	}
	last := len(p.fds) - 1
	p.fds[i], p.toks[i] = p.fds[last], p.toks[last]
	p.place[int(p.fds[i].Fd)] = i
	p.fds, p.toks = p.fds[:last], p.toks[:last]
	delete(p.place, fd)
	return nil
}

func (p *pollfd) Wait(dst []Event, timeout time.Duration) (int, error) {
	if p.place == nil {
		return 0, p.fail("wait", -1, nil)
	}
	return countedWait(p, p.waker, dst, timeout)
}

func (p *pollfd) sleep(dst []Event, left time.Duration) (n int, woken bool, err error) {
	if err := p.alarm.poll(p.fds, left); err == unix.EINTR {
		return 0, false, nil // the results are not set
	} else if err != nil {
		return 0, false, p.fail("wait", -1, os.NewSyscallError("poll", err))
	}
	if p.fds[0].Revents != 0 {
		p.waker.drain()
		woken = p.waker.take()
	}
	return p.report(dst), woken, nil
}

// look asks without waiting, and leaves the waker alone.
func (p *pollfd) look(dst []Event) (int, error) {
	for {
		_, err := unix.Poll(p.fds[1:], 0)
		switch err {
		case nil:
			return p.report(dst), nil
		case unix.EINTR:
		default:
			return 0, p.fail("wait", -1, os.NewSyscallError("poll", err))
		}
	}
}

// report translates the results. It begins where the last report ended, so that
// a dst shorter than what is ready reaches everyone in turn.
func (p *pollfd) report(dst []Event) int {
	n, size := 0, len(p.fds)
	if p.next >= size {
		p.next = 1
	}
	for i, left := p.next, size-1; left > 0 && n < len(dst); left-- {
		if got := &p.fds[i]; got.Revents != 0 {
			dst[n] = Event{Token: p.toks[i], Events: pollEvents(got.Revents & (got.Events | pollAlways))}
			n++
			p.next = i + 1
		}
		if i++; i == size {
			i = 1
		}
	}
	return n
}

func (p *pollfd) Wake() { p.waker.wake() }

func (p *pollfd) Close() error {
	if p.place == nil {
		return p.fail("close", -1, nil)
	}
	p.waker.close()
	p.fds, p.toks, p.place = nil, nil, nil
	return nil
}

func (p *pollfd) fail(op string, fd int, err error) error {
	if p.place == nil {
		err = fs.ErrClosed
	}
	return &Error{Backend: "poll", Op: op, FD: fd, Err: err}
}

// pollAlways is what poll reports unasked. POLLNVAL means a descriptor that was
// closed before it was removed: reported as Failed, since a result that nobody
// hears of would turn every sleep into a spin.
const pollAlways = unix.POLLERR | unix.POLLHUP | unix.POLLNVAL

func pollBits(want Events) int16 {
	var bits int16
	if want&Readable != 0 {
		bits |= unix.POLLIN
	}
	if want&Writable != 0 {
		bits |= unix.POLLOUT
	}
	return bits
}

func pollEvents(bits int16) Events {
	var e Events
	if bits&unix.POLLIN != 0 {
		e |= Readable
	}
	if bits&unix.POLLOUT != 0 {
		e |= Writable
	}
	if bits&pollAlways != 0 {
		e |= Failed
	}
	return e
}
