//go:build unix && !aix

package poll

import (
	"io/fs"
	"unsafe"

	"golang.org/x/sys/unix"
)

// selectLimit is the first descriptor that select cannot watch: its sets are 1024
// bits, or what package unix has room for (NetBSD: 256).
const selectLimit = min(1024, 8*int(unsafe.Sizeof(unix.FdSet{})))

// selectPoller asks select(2), for systems and emulators where nothing else works.
// Each Wait costs time in proportion to the highest registered descriptor, a sleep
// holds a thread, and descriptors from 1024 on are refused (NetBSD: 256) with
// ErrDescriptorTooHigh.
//
// It does not tell Failed, except for a descriptor that was closed while it was
// registered: select knows readable and writable, and reports both where a call
// would fail at once. So the end of the other side is Readable, a read of zero
// bytes, as with Tornado's select (1.28). The third set, of exceptional conditions,
// stays empty: Tornado takes it for errors, but on Unix it means urgent data.
type selectPoller struct {
	waker *waker

	// owned by the sleeper
	regs  []selectReg // by descriptor, to the highest; nil after Close
	asked selectSets  // what the registrations want, and the waker
	got   selectSets  // what the last call said
	bad   unix.FdSet  // registered descriptors that the last call found closed
	next  int         // the descriptor at which the next report begins
	tv    unix.Timeval
}

type selectSets struct{ read, write unix.FdSet }

type selectReg struct {
	live bool
	want Events
	tok  Token
}

func newSelect(openWaker func() (*waker, error)) (Poller, error) {
	w, err := openWaker()
	if err == nil && w.read >= selectLimit {
		w.close()
		err = ErrDescriptorTooHigh
	}
	if err != nil {
		return nil, &Error{Backend: "select", Op: "open", FD: -1, Err: err}
	}
	p := &selectPoller{waker: w, regs: make([]selectReg, 0, 64)}
	p.asked.read.Set(w.read)
	return p, nil
}

func (p *selectPoller) Name() string { return "select" }

func (p *selectPoller) Add(fd int, want Events, tok Token) error {
	switch {
	case p.regs == nil:
		return p.fail("add", fd, fs.ErrClosed)
	case tok > MaxToken:
		return p.fail("add", fd, ErrReservedToken)
	case fd >= selectLimit:
		return p.fail("add", fd, ErrDescriptorTooHigh)
	case p.reg(fd) != nil:
		return p.fail("add", fd, fs.ErrExist)
	}
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return p.fail("add", fd, err)
	}
	for len(p.regs) <= fd {
		p.regs = append(p.regs, selectReg{})
	}
	p.put(fd, selectReg{live: true, want: want, tok: tok})
	return nil
}

func (p *selectPoller) Modify(fd int, want Events, tok Token) error {
	switch {
	case p.regs == nil:
		return p.fail("modify", fd, fs.ErrClosed)
	case p.reg(fd) == nil:
		return p.fail("modify", fd, fs.ErrNotExist)
	case tok > MaxToken:
		return p.fail("modify", fd, ErrReservedToken)
	}
	p.put(fd, selectReg{live: true, want: want, tok: tok})
	return nil
}

func (p *selectPoller) Remove(fd int) error {
	switch {
	case p.regs == nil:
		return p.fail("remove", fd, fs.ErrClosed)
	case p.reg(fd) == nil:
		return p.fail("remove", fd, fs.ErrNotExist)
	}
	p.put(fd, selectReg{})
	return nil
}

// reg finds a registration; nil: there is none.
func (p *selectPoller) reg(fd int) *selectReg {
	if uint(fd) < uint(len(p.regs)) && p.regs[fd].live {
		return &p.regs[fd]
	}
	return nil
}

// put changes a registration and its bits, and shortens the table to the highest
// that is live.
func (p *selectPoller) put(fd int, r selectReg) {
	p.regs[fd] = r
	setBit(&p.asked.read, fd, r.want&Readable != 0)
	setBit(&p.asked.write, fd, r.want&Writable != 0)
	n := len(p.regs)
	for n > 0 && !p.regs[n-1].live {
		n--
	}
	p.regs = p.regs[:n]
}

func setBit(set *unix.FdSet, fd int, on bool) {
	if on {
		set.Set(fd)
	} else {
		set.Clear(fd)
	}
}

func (p *selectPoller) Wake() { p.waker.wake() }

func (p *selectPoller) Close() error {
	if p.regs == nil {
		return p.fail("close", -1, fs.ErrClosed)
	}
	p.waker.close()
	p.regs = nil
	return nil
}

func (p *selectPoller) fail(op string, fd int, err error) error {
	return &Error{Backend: p.Name(), Op: op, FD: fd, Err: err}
}
