package poll

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"
)

// epollBlock sleeps inside epoll_wait, on a thread of its own. Waking it costs a
// system call and a thread switch, but the thread that wakes goes on without
// waiting for Go's scheduler to look at its poller. That is better for a loop
// that owns a core, and in a process whose other goroutines keep every P busy,
// where a parked loop would run late by milliseconds.
type epollBlock struct {
	*epollSet
	waker *waker
}

func newEpollBlock() (Poller, error) {
	set, err := openEpollSet("epoll-block")
	if err != nil {
		return nil, err
	}
	p := &epollBlock{epollSet: set}
	if p.waker, err = openEventfd(); err != nil {
		set.close()
		return nil, &Error{Backend: set.name, Op: "open", FD: -1, Err: err}
	}
	// Edge-triggered and never read: each write is an event of its own.
	err = set.ctl("open", unix.EPOLL_CTL_ADD, p.waker.read, unix.EPOLLIN|unix.EPOLLET, wakerToken)
	if err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *epollBlock) Wait(dst []Event, timeout time.Duration) (int, error) {
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
		if !wait || p.waker.take() {
			h := p.look(dst)
			return h.n, h.err
		}
		h := p.wait(dst, true)
		// The waker's event is not asked about: its flag says more.
		if woken := p.waker.take(); h.n > 0 || h.err != nil || woken {
			return h.n, h.err
		}
	}
}

func (p *epollBlock) Wake() { p.waker.wake() }

func (p *epollBlock) Close() error {
	if p.fd < 0 {
		return p.fail("close", -1, nil)
	}
	p.waker.close()
	return p.epollSet.close()
}

// close is for the backend that has not given the descriptor to an os.File.
func (s *epollSet) close() error {
	err := errors.Join(unix.Close(s.fd), s.timer.close())
	s.fd = -1
	return err
}
