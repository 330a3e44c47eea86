package loop

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
)

// A Co is a coroutine as its body sees it: what Await and Sleep want to know who
// waits, and a context.Context for everything the body calls.
//
// The methods of context.Context, and AfterFunc, may be called from any
// goroutine, so a Co can be handed to any library. All else belongs to the loop.
// A Co comes from Go, Spawn or one of its own With methods. It is cancelled when
// its body returns, and with it the coroutines that were started under it.
type Co struct {
	// Immutable once made.
	f      *fiber // nil: no coroutine, the root of a tree
	l      *Loop
	parent *Co
	extra  *extra // nil: adds nothing to parent

	// Owned by the loop: the tree that cancellation goes down.
	child      *Co // the youngest
	next, prev *Co // among the children of parent

	// Any goroutine. state is written by the loop only, before it looks for late;
	// others make late before they look at state: so no one misses the other.
	state atomic.Uint32        // live, ended or expired
	late  atomic.Pointer[late] // made when needed
}

// The states of a Co.
const (
	live    uint32 = iota
	ended          // Err is context.Canceled
	expired        // Err is context.DeadlineExceeded
)

// extra is what a With method adds.
type extra struct {
	key, val any
	outer    context.Context // more values
	deadline time.Time
	lifted   atomic.Bool // of Limit: the deadline does not hold any more
	timer    Timer
	ended    func(error) // of ScopeFunc
	detached bool        // of Shield: the deadlines above do not hold
}

// late is the part of a Co that few need.
type late struct {
	mu    sync.Mutex
	cause error // if it is not err; set before the state
	told  bool  // tell has been here
	done  chan struct{}
	after map[*func()]struct{} // AfterFunc's
}

var _ context.Context = (*Co)(nil)

// A Parent is what a coroutine is started under: a *Loop, or a *Co, whose values,
// deadline and cancellation it then inherits.
type Parent interface{ scope() *Co }

func (l *Loop) scope() *Co { return &l.root }
func (co *Co) scope() *Co  { return co }

// Loop is the loop the coroutine runs on.
func (co *Co) Loop() *Loop { return co.l }

// WithCancel gives a Co of the same coroutine and a function that cancels it:
// with a cause, or nil for context.Canceled. The function belongs to the loop.
func (co *Co) WithCancel() (*Co, func(cause error)) {
	c := co.derive("Co.WithCancel")
	return c, func(cause error) {
		c.l.check("cancel")
		c.cancel(context.Canceled, cause)
	}
}

// WithTimeout gives a Co of the same coroutine that is cancelled with
// context.DeadlineExceeded when d has passed on the loop's clock. Call the
// function, which belongs to the loop, when the work under it is done.
func (co *Co) WithTimeout(d time.Duration) (*Co, func()) {
	c := co.derive("Co.WithTimeout")
	when := co.l.Now().Add(d)
	if c.state.Load() == live { // also if one above is earlier: that may be lifted
		timer := co.l.addTimer(when.Sub(co.l.base), callback(func() {
			c.cancel(context.DeadlineExceeded, nil)
		}))
		c.extra = &extra{deadline: when, timer: timer}
	}
	return c, func() {
		c.l.check("cancel")
		c.cancel(context.Canceled, nil)
	}
}

// WithValue gives a Co of the same coroutine that has one more value.
func (co *Co) WithValue(key, val any) *Co {
	if key == nil {
		panic("loop: Co.WithValue with a nil key")
	}
	if !reflect.TypeOf(key).Comparable() {
		panic("loop: Co.WithValue with a key that cannot be compared")
	}
	c := co.derive("Co.WithValue")
	c.extra = &extra{key: key, val: val}
	return c
}

// derive makes a child scope of the same coroutine.
func (co *Co) derive(op string) *Co {
	co.l.check(op)
	c := &Co{f: co.f}
	c.attach(co)
	return c
}

// attach makes co a child of parent, and cancelled if parent is.
func (co *Co) attach(parent *Co) {
	co.l, co.parent = parent.l, parent
	if state := parent.state.Load(); state != live {
		if cause := parent.cause(); cause != nil {
			co.lazy().cause = cause
		}
		co.state.Store(state)
		return
	}
	co.next = parent.child
	if co.next != nil {
		co.next.prev = co
	}
	parent.child = co
}

// detach takes co out of its parent's children.
func (co *Co) detach() {
	if co.prev != nil {
		co.prev.next = co.next
	} else if co.parent != nil && co.parent.child == co {
		co.parent.child = co.next
	}
	if co.next != nil {
		co.next.prev = co.prev
	}
	co.next, co.prev = nil, nil
}

// Cancel cancels the coroutine, or the part of it that runs under this Co, with
// the cause given; nil means context.Canceled. It belongs to the loop.
func (co *Co) Cancel(cause error) {
	co.l.check("Co.Cancel")
	co.cancel(context.Canceled, cause)
}

// cancel cancels co and everything below it; a nil cause means err, which is
// context.Canceled or context.DeadlineExceeded. A coroutine that waits under one of
// these is resumed in the next iteration. A second cancellation does nothing.
func (co *Co) cancel(err, cause error) {
	if co.state.Load() != live {
		return
	}
	if x := co.extra; x != nil {
		x.timer.Stop()
		if x.ended != nil {
			co.l.queue((*scopeEnd)(co))
		}
	}
	co.publish(err, cause)
	co.detach()
	for co.child != nil {
		co.child.cancel(err, cause)
	}
	if co.f != nil && co.f.waitsUnder == co {
		co.f.wake()
	}
}

// publish is the part of cancel that any goroutine may see.
func (co *Co) publish(err, cause error) {
	if cause != nil && cause != err {
		co.lazy().set(cause)
	}
	state := ended
	if err == context.DeadlineExceeded {
		state = expired
	}
	co.state.Store(state)
	if x := co.late.Load(); x != nil {
		x.tell()
	}
}

// canceled is what a wait under co returns when it may not wait: nil, or an error
// that matches both co.Err() and context.Cause(co).
func (co *Co) canceled() error {
	err := co.Err()
	if err == nil {
		return nil
	}
	if cause := co.cause(); cause != nil {
		return &canceledError{err, cause}
	}
	return err
}

type canceledError struct{ err, cause error }

func (e *canceledError) Error() string   { return fmt.Sprintf("%v: %v", e.err, e.cause) }
func (e *canceledError) Unwrap() []error { return []error{e.err, e.cause} }

// Timeout reports whether a deadline was the reason, as net.Error has it.
func (e *canceledError) Timeout() bool { return e.err == context.DeadlineExceeded }
