//go:build unix && !aix

package poll

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func (p *selectPoller) Wait(dst []Event, timeout time.Duration) (int, error) {
	if p.regs == nil {
		return 0, p.fail("wait", -1, fs.ErrClosed)
	}
	return countedWait(p, p.waker, dst, timeout)
}

func (p *selectPoller) sleep(dst []Event, left time.Duration) (n int, woken bool, err error) {
	if err := p.ask(left); err == unix.EINTR {
		return 0, false, nil // the results are not set
	} else if err != nil {
		return 0, false, p.fail("wait", -1, os.NewSyscallError("select", err))
	}
	woken = p.nudged() && p.waker.take()
	return p.report(dst), woken, nil
}

// look asks without waiting, and leaves the waker's flag alone.
func (p *selectPoller) look(dst []Event) (int, error) {
	err := p.ask(0)
	for err == unix.EINTR {
		err = p.ask(0)
	}
	if err != nil {
		return 0, p.fail("wait", -1, os.NewSyscallError("select", err))
	}
	p.nudged()
	return p.report(dst), nil
}

// nudged takes the waker's nudges out and reports whether there were any.
func (p *selectPoller) nudged() bool {
	if !p.got.read.IsSet(p.waker.read) {
		return false
	}
	p.waker.drain()
	return true
}

// ask is one call. But if a registered descriptor was closed, the system refuses
// the call for all of them: then the closed ones are left out of another, which
// does not wait, as they are something to tell.
func (p *selectPoller) ask(left time.Duration) error {
	p.bad.Zero()
	top := max(len(p.regs), p.waker.read+1)
	for {
		p.got = p.asked
		for i := range p.bad.Bits {
			p.got.read.Bits[i] &^= p.bad.Bits[i]
			p.got.write.Bits[i] &^= p.bad.Bits[i]
		}
		_, err := unix.Select(top, &p.got.read, &p.got.write, nil, p.timeval(left))
		if err != unix.EBADF {
			return err
		}
		// If none is found, the number has been reused meanwhile.
		if p.findBad() {
			left = 0
		}
	}
}

// findBad notes which registered descriptors are not open, and reports whether
// there are any.
func (p *selectPoller) findBad() (found bool) {
	for fd := range p.regs {
		if p.regs[fd].live {
			if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err == unix.EBADF {
				p.bad.Set(fd)
				found = true
			}
		}
	}
	return found
}

// timeval rounds up: rounded down, the last microsecond of a timeout would be a
// spin.
func (p *selectPoller) timeval(left time.Duration) *unix.Timeval {
	if left < 0 {
		return nil
	}
	left = min(left, longestSleep)
	p.tv = unix.NsecToTimeval(int64((left + time.Microsecond - 1).Truncate(time.Microsecond)))
	return &p.tv
}

// report translates the results. It begins where the last report ended, so that
// a dst shorter than what is ready reaches everyone in turn.
func (p *selectPoller) report(dst []Event) int {
	n, fd := 0, p.next
	for range p.regs {
		if fd >= len(p.regs) {
			fd = 0
		}
		if n == len(dst) {
			break
		}
		if e := p.events(fd); e != 0 {
			dst[n] = Event{Token: p.regs[fd].tok, Events: e}
			n++
		}
		fd++
	}
	p.next = fd
	return n
}

func (p *selectPoller) events(fd int) (e Events) {
	if !p.regs[fd].live {
		return 0 // the waker, for one
	}
	if p.got.read.IsSet(fd) {
		e |= Readable
	}
	if p.got.write.IsSet(fd) {
		e |= Writable
	}
	if p.bad.IsSet(fd) {
		e |= Failed
	}
	return e
}
