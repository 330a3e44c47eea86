// Package poll asks the operating system which descriptors are ready.
//
// # The contract
//
// A Poller promises level-triggered readiness: as long as a registered
// descriptor is readable (or writable) and its registration asks for that, every
// Wait reports it again. A backend implements exactly this list:
//
//   - Add registers a descriptor under a token. The same descriptor twice is an
//     error that matches fs.ErrExist.
//   - Modify replaces what a registration asks for, and its token.
//   - Remove forgets a descriptor. One that was never added is an error that
//     matches fs.ErrNotExist. A descriptor must be removed before it is closed.
//     If it was not, nobody else suffers: the other registrations go on, its own
//     token is reported with Failed or not at all, and Remove either works or says
//     that the system has forgotten it (fs.ErrNotExist). But whoever opens the
//     number next cannot be told from it before that Remove.
//   - Wait fills its argument with events and returns how many. It reports only
//     what was asked for, and Failed, which is always asked for. With timeout 0
//     it looks and returns. Otherwise it sleeps until an event, a Wake, or the
//     timeout; a negative timeout never passes. It may return 0 events early;
//     being interrupted by a signal is one such case, and no error. What does
//     not fit into dst is reported by a later Wait, and no registration is
//     passed over for ever. An empty dst is an error.
//   - Wake ends the current sleep, or else the next one before it begins; a
//     Wait with timeout 0 in between does not use it up. Wakes that arrive
//     before the sleeper has run count as one. So whoever has something to tell
//     publishes it first, under a lock or atomically, and wakes then; the
//     sleeper looks at every source again after each sleep.
//   - Close gives everything back. The registered descriptors stay open.
//     Afterwards Add, Modify, Remove, Wait and Close give an error that matches
//     fs.ErrClosed, and Wake does nothing.
//
// An event carries the token of its registration, not the descriptor: whoever
// hands out tokens puts a generation into them, so that an event fetched before
// a descriptor was closed never reaches whoever got its number next.
//
// Wake may be called from any goroutine, also after Close. All else belongs to
// one goroutine at a time.
//
// What is not promised: an order among the events of one Wait, both directions of
// a descriptor in one event if dst is short, edge-triggered reports, regular files.
//
// # The backends
//
//   - epoll, on Linux, sleeps under Go's own poller; epoll-block in epoll_wait.
//   - kqueue, on macOS and the BSDs, sleeps in kevent. Failed comes with Writable
//     only.
//   - poll and select, on every Unix, sleep in the calls of these names. select
//     takes descriptors below 1024 only and hardly ever tells Failed.
//   - chan, everywhere, watches no descriptors.
package poll

import (
	"errors"
	"strconv"
	"time"
)

// Events is a set of kinds of readiness: what a registration asks for, and what
// Wait reports.
type Events uint8

const (
	// Readable: a read, or an accept, would not block. The end of input is
	// readable on a socket; on a pipe whose writers are gone some systems say
	// Failed alone, so a reader reads on Failed too.
	Readable Events = 1 << iota
	// Writable: a write would not block, or a connect has ended.
	Writable
	// Failed: an error waits on the descriptor, or both its directions are shut.
	// It is reported whether asked for or not, together with whatever else the
	// system says of what was asked for, and again by each Wait until the
	// descriptor is removed.
	//
	// Two backends tell less. kqueue tells Failed to those who ask for Writable,
	// and of an error on a socket to those who ask for anything; select does not
	// tell it. On both, what was asked for is reported then: Readable where a
	// read would find the end or the error, Writable where a write would.
	Failed
)

// A Token names a registration. Its meaning is the caller's; the two highest
// values belong to the backends.
type Token uint64

// MaxToken is the highest token a caller may use.
const MaxToken = ^Token(0) - 2

// An Event says that the registration called Token has become ready.
type Event struct {
	Token  Token
	Events Events
}

// A Poller is one backend. See the package documentation for what each method
// promises and who may call it.
type Poller interface {
	// Name is the backend's name, as New takes it.
	Name() string
	Add(fd int, want Events, tok Token) error
	Modify(fd int, want Events, tok Token) error
	Remove(fd int) error
	Wait(dst []Event, timeout time.Duration) (int, error)
	Wake()
	Close() error
}

// ErrNoDescriptors is what Add gives on a backend that watches none.
var ErrNoDescriptors = errors.New("poll: this backend cannot watch descriptors")

// ErrReservedToken is what Add and Modify give for a token above MaxToken.
var ErrReservedToken = errors.New("poll: the token is reserved for the backends")

// ErrDescriptorTooHigh is what Add gives on the select backend for a descriptor
// whose number does not fit into select's sets, and New if the backend's own do not.
var ErrDescriptorTooHigh = errors.New("poll: the descriptor's number is too high for select")

var errNoRoom = errors.New("poll: Wait needs room for at least one event")

// An Error tells which call on which descriptor a backend could not make. It
// matches what its cause matches: fs.ErrExist, fs.ErrNotExist, fs.ErrClosed, or
// an error number of package syscall.
type Error struct {
	Backend string // the backend's name
	Op      string // "add", "modify", "remove", "wait", "open", "close"
	FD      int    // the descriptor, or -1 if the call names none
	Err     error
}

func (e *Error) Error() string {
	s := "poll: " + e.Backend + " " + e.Op
	if e.FD >= 0 {
		s += " fd " + strconv.Itoa(e.FD)
	}
	return s + ": " + e.Err.Error()
}

func (e *Error) Unwrap() error { return e.Err }
