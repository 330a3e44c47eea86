package poll

import (
	"io/fs"
	"time"
)

// chanPoller watches no descriptors: it sleeps on a channel. It serves loops
// that have timers and posted work only, and platforms without another backend.
// It makes no system calls of its own.
type chanPoller struct {
	wake chan struct{} // room for one: the level that a Wake leaves behind

	// owned by the sleeper
	timer  *time.Timer
	closed bool
}

func newChan() (Poller, error) {
	p := &chanPoller{wake: make(chan struct{}, 1), timer: time.NewTimer(time.Hour)}
	p.timer.Stop()
	return p, nil
}

func (p *chanPoller) Name() string { return "chan" }

func (p *chanPoller) Add(fd int, _ Events, _ Token) error {
	return p.fail("add", fd, ErrNoDescriptors)
}

func (p *chanPoller) Modify(fd int, _ Events, _ Token) error {
	return p.fail("modify", fd, fs.ErrNotExist)
}

func (p *chanPoller) Remove(fd int) error {
	return p.fail("remove", fd, fs.ErrNotExist)
}

func (p *chanPoller) Wait(dst []Event, timeout time.Duration) (int, error) {
	switch {
	case p.closed:
		return 0, p.fail("wait", -1, nil)
	case len(dst) == 0:
		return 0, errNoRoom
	case timeout == 0:
		return 0, nil
	case timeout < 0:
		<-p.wake
		return 0, nil
	}
	p.timer.Reset(timeout)
	select {
	case <-p.wake:
		p.timer.Stop()
	case <-p.timer.C:
	}
	return 0, nil
}

func (p *chanPoller) Wake() {
	select {
	case p.wake <- struct{}{}:
	default: // one is waiting already, and one is enough
	}
}

func (p *chanPoller) Close() error {
	if p.closed {
		return p.fail("close", -1, nil)
	}
	p.closed = true
	p.timer.Stop()
	return nil
}

func (p *chanPoller) fail(op string, fd int, err error) error {
	if p.closed {
		err = fs.ErrClosed
	}
	return &Error{Backend: p.Name(), Op: op, FD: fd, Err: err}
}
