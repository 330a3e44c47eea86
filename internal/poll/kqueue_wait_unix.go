//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll

import (
	"io/fs"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

func (p *kqueue) Wait(dst []Event, timeout time.Duration) (int, error) {
	if p.q == nil {
		return 0, p.fail("wait", -1, fs.ErrClosed)
	}
	return countedWait(p, p.waker, dst, timeout)
}

func (p *kqueue) sleep(dst []Event, left time.Duration) (n int, woken bool, err error) {
	n, _, err = p.harvest(dst, left)
	// The waker's event is not asked about: its flag says more.
	return n, p.waker.take(), err
}

// look harvests without waiting, and leaves the waker's flag alone.
func (p *kqueue) look(dst []Event) (int, error) {
	for {
		n, own, err := p.harvest(dst, 0)
		if n > 0 || err != nil || !own {
			return n, err
		}
		// An event that is not the caller's may have taken the place of another
		// in a short dst.
	}
}

// harvest is one call of kevent. It reports also whether it was cut short by
// something that is not for the caller.
func (p *kqueue) harvest(dst []Event, timeout time.Duration) (n int, own bool, err error) {
	if len(dst) > len(p.events) {
		p.events = make([]kev, len(dst))
	}
	// Never more than dst takes: the kernel goes round among what is ready, so
	// that an event dropped here might be dropped every time.
	got, err := p.q.wait(p.events[:min(len(dst), len(p.events))], timeout)
	switch err {
	case nil:
		n, own = p.translate(dst, p.events[:got])
		return n, own, nil
	case unix.EINTR:
		return 0, true, nil // a look looks again
	case unix.ETIMEDOUT: // on macOS, see golang/go#59679
		return 0, false, nil
	}
	return 0, false, p.fail("wait", -1, os.NewSyscallError("kevent", err))
}

func (p *kqueue) translate(dst []Event, events []kev) (n int, own bool) {
	p.fetch++
	for i := range events {
		ev := &events[i]
		if p.fromWaker(ev) {
			p.waker.drain()
			own = true
			continue
		}
		r := p.reg(int(ev.ident))
		if r == nil || !asked(ev, r.want) {
			// Nobody has asked. It should not happen, but would come back
			// each time and turn every sleep into a spin.
			_ = submit(p.q, kev{ident: ev.ident, filter: ev.filter, flags: evDelete})
			own = true
			continue
		}
		if r.fetch != p.fetch {
			r.fetch, r.at = p.fetch, n
			dst[n] = Event{Token: r.tok}
			n++
		}
		dst[r.at].Events |= eventsOfKev(ev)
	}
	return n, own
}

func (p *kqueue) fromWaker(ev *kev) bool {
	return ev.filter == filterUser || ev.filter == filterRead && ev.ident == uint64(p.waker.read)
}

// asked reports whether the event's filter belongs to what was asked for.
func asked(ev *kev, want Events) bool {
	return ev.filter == filterRead && want&Readable != 0 ||
		ev.filter == filterWrite && want&Writable != 0
}
