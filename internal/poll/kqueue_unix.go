//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package poll

import (
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// kqueue is the default on macOS and the BSDs. It blocks in kevent(2), with the
// timeout that this call takes in nanoseconds, and keeps a waker. This file is
// compiled on Linux for its tests alone.
//
// It does not sleep under Go's poller as epoll does, although a kqueue can be
// watched by another: the runtime registers each descriptor for reading and
// writing in one call, and a kqueue can be watched for reading only (FreeBSD's
// kqueue_kqfilter gives EINVAL otherwise). So os.NewFile would take the descriptor,
// but its deadlines would not work. That is read from the sources, not tried: to
// block is what can be relied on without having run it.
//
// # Registrations
//
// Each kind of readiness that is asked for is one filter in the kernel, without
// EV_CLEAR, which makes it level-triggered. The changes go one to a call, with no
// room for events, so that each error comes back as the result of its own change;
// a list with several was refused by Mac OS X 10.6 (Tornado's kqueue does the
// same). A second EV_ADD would silently replace the first, so the backend keeps a
// table by descriptor.
//
// The table also holds the tokens, and nothing of ours is kept in the kernel's
// udata: pointers would be invisible to the garbage collector there, and NetBSD
// has been seen to give back others (golang/go#14127). A descriptor's number is
// enough: the events of one kevent are translated before any caller's code runs,
// the kernel forgets a filter with its EV_DELETE and when the descriptor is
// closed, and so what it reports then belongs to the entry that is there now.
//
// # What it cannot tell
//
// Only the write filter says that both directions are shut, so Failed is told to
// those who ask for Writable; the read filter says when a socket holds an error. A
// write filter is refused for a pipe whose reader has gone: Add and Modify give the
// system's error then, which is EPIPE, on NetBSD EBADF.
type kqueue struct {
	waker *waker

	// owned by the sleeper
	q      kevents     // nil after Close
	regs   []kqueueReg // by descriptor
	events []kev       // what one call brings
	fetch  uint64      // counts calls, see kqueueReg
}

// A kqueueReg is one registration.
type kqueueReg struct {
	live bool
	want Events
	tok  Token

	// The two filters of a descriptor are two events of the kernel, but one of
	// ours: at is its place in dst if the fetch with that number brought one.
	fetch uint64
	at    int
}

// kqueueEvents is how many events one call can bring at first. A longer dst makes
// it grow once.
const kqueueEvents = 128

// newKqueue makes the backend. With trigger, the waker makes an event of its own
// in the queue; it is a second handle of the same queue, for use under the waker's
// lock. With nil, the waker is a pipe. In case of an error q is closed.
func newKqueue(q, trigger kevents) (Poller, error) {
	p := &kqueue{q: q, events: make([]kev, kqueueEvents)}
	err := p.openWaker(trigger)
	if err != nil {
		q.close()
		return nil, &Error{Backend: "kqueue", Op: "open", FD: -1, Err: err}
	}
	return p, nil
}

func (p *kqueue) openWaker(trigger kevents) (err error) {
	watch := kev{filter: filterUser, flags: evAdd | evClear}
	if trigger != nil {
		p.waker = &waker{read: -1, write: -1, trigger: func() {
			// Nothing can be done about an error other than EINTR.
			_ = submit(trigger, kev{filter: filterUser, fflags: noteTrigger})
		}}
	} else {
		if p.waker, err = openPipe(); err != nil {
			return err
		}
		watch = kev{ident: uint64(p.waker.read), filter: filterRead, flags: evAdd}
	}
	if err = submit(p.q, watch); err != nil {
		p.waker.close()
		return os.NewSyscallError("kevent", err)
	}
	return nil
}

func (p *kqueue) Name() string { return "kqueue" }

func (p *kqueue) Add(fd int, want Events, tok Token) error {
	switch {
	case p.q == nil:
		return p.fail("add", fd, fs.ErrClosed)
	case tok > MaxToken:
		return p.fail("add", fd, ErrReservedToken)
	case p.reg(fd) != nil:
		return p.fail("add", fd, fs.ErrExist)
	}
	// To ask for nothing makes no change, which would find a bad number out.
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0); err != nil {
		return p.fail("add", fd, err)
	}
	if err := p.refilter(fd, 0, want); err != nil {
		return p.fail("add", fd, err)
	}
	for len(p.regs) <= fd {
		p.regs = append(p.regs, kqueueReg{})
	}
	p.regs[fd] = kqueueReg{live: true, want: want, tok: tok}
	return nil
}

func (p *kqueue) Modify(fd int, want Events, tok Token) error {
	r := p.reg(fd)
	switch {
	case p.q == nil:
		return p.fail("modify", fd, fs.ErrClosed)
	case r == nil:
		return p.fail("modify", fd, fs.ErrNotExist)
	case tok > MaxToken:
		return p.fail("modify", fd, ErrReservedToken)
	}
	if err := p.refilter(fd, r.want, want); err != nil {
		return p.fail("modify", fd, err)
	}
	r.want, r.tok = want, tok
	return nil
}

func (p *kqueue) Remove(fd int) error {
	r := p.reg(fd)
	switch {
	case p.q == nil:
		return p.fail("remove", fd, fs.ErrClosed)
	case r == nil:
		return p.fail("remove", fd, fs.ErrNotExist)
	}
	p.drop(fd, r.want)
	*r = kqueueReg{}
	return nil
}

// reg finds a registration; nil: there is none.
func (p *kqueue) reg(fd int) *kqueueReg {
	if uint(fd) < uint(len(p.regs)) && p.regs[fd].live {
		return &p.regs[fd]
	}
	return nil
}

// filtersOf lists the filters and what they stand for.
var filtersOf = [...]struct {
	filter filter
	events Events
}{{filterRead, Readable}, {filterWrite, Writable}}

// refilter turns the filters of one set into those of another. First come the new
// ones, as they can be refused: then nothing has changed.
func (p *kqueue) refilter(fd int, from, to Events) error {
	var added Events
	for _, f := range filtersOf {
		if to&^from&f.events == 0 {
			continue
		}
		if err := submit(p.q, kev{ident: uint64(fd), filter: f.filter, flags: evAdd}); err != nil {
			p.drop(fd, added)
			return err
		}
		added |= f.events
	}
	p.drop(fd, from&^to)
	return nil
}

// drop deletes filters. An error means that they are not there, because the
// descriptor was closed; the systems say so in several ways (ENOENT, EBADF, ENOTCAPABLE).
func (p *kqueue) drop(fd int, which Events) {
	for _, f := range filtersOf {
		if which&f.events != 0 {
			_ = submit(p.q, kev{ident: uint64(fd), filter: f.filter, flags: evDelete})
		}
	}
}

func (p *kqueue) Wake() { p.waker.wake() }

func (p *kqueue) Close() error {
	if p.q == nil {
		return p.fail("close", -1, fs.ErrClosed)
	}
	p.waker.close() // first, as it may use the queue
	err := p.q.close()
	p.q, p.regs = nil, nil
	return err
}

func (p *kqueue) fail(op string, fd int, err error) error {
	return &Error{Backend: p.Name(), Op: op, FD: fd, Err: err}
}
