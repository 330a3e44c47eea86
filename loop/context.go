package loop

import (
	"context"
	"time"
)

// This file is the side of a Co that any goroutine may see.

// Deadline is when the coroutine will be cancelled: on the loop's clock, or, for a
// deadline that came with the context given to Do or Submit, on that one's.
func (co *Co) Deadline() (first time.Time, ok bool) {
	sooner := func(t time.Time) {
		if !ok || t.Before(first) {
			first, ok = t, true
		}
	}
	for c := co; c != nil; c = c.parent {
		x := c.extra
		if x == nil {
			continue
		}
		if !x.deadline.IsZero() && !x.lifted.Load() {
			sooner(x.deadline)
		}
		if x.outer != nil { // of Do and Submit
			if t, has := x.outer.Deadline(); has {
				sooner(t)
			}
		}
		if x.detached {
			break
		}
	}
	return first, ok
}

// Done is closed when the coroutine is cancelled, or its body has returned.
func (co *Co) Done() <-chan struct{} {
	x := co.lazy()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done == nil {
		x.done = make(chan struct{})
		if x.told || co.state.Load() != live {
			close(x.done)
			x.told = true
		}
	}
	return x.done
}

// Err is nil, context.Canceled or context.DeadlineExceeded.
func (co *Co) Err() error {
	switch co.state.Load() {
	case ended:
		return context.Canceled
	case expired:
		return context.DeadlineExceeded
	}
	return nil
}

// Value is the value that the nearest WithValue above gave key.
func (co *Co) Value(key any) any {
	switch key.(type) {
	case loopKey:
		return co.l
	case *int:
		// context.Cause asks for std's own cancelCtx under a private key of this
		// type. Only std can make one, so it makes one, cancelled for our cause. A
		// user's key of this type it does not know.
		if cause := co.cause(); cause != nil {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(cause)
			if v := ctx.Value(key); v != nil {
				return v
			}
		}
	}
	for c := co; c != nil; c = c.parent {
		x := c.extra
		if x == nil {
			continue
		}
		if x.key != nil && x.key == key {
			return x.val
		}
		if x.outer != nil {
			if v := x.outer.Value(key); v != nil {
				return v
			}
		}
	}
	return nil
}

// cause is why the Co was cancelled, if that is more than Err says.
func (co *Co) cause() error {
	x := co.late.Load()
	if x == nil {
		return nil
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.cause
}

// AfterFunc has f called in a goroutine of its own once the coroutine is
// cancelled, and returns a function that calls that off and reports whether it
// could. The context package uses it, so that a context made from a Co costs no
// goroutine.
func (co *Co) AfterFunc(f func()) (stop func() bool) {
	x := co.lazy()
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.told || co.state.Load() != live {
		go f()
		return func() bool { return false }
	}
	if x.after == nil {
		x.after = make(map[*func()]struct{})
	}
	x.after[&f] = struct{}{}
	return func() bool {
		x.mu.Lock()
		defer x.mu.Unlock()
		_, ok := x.after[&f]
		delete(x.after, &f)
		return ok
	}
}

// lazy is co's late, made if need be.
func (co *Co) lazy() *late {
	if x := co.late.Load(); x != nil {
		return x
	}
	co.late.CompareAndSwap(nil, &late{})
	return co.late.Load()
}

func (x *late) set(cause error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.cause = cause
}

// tell tells those who asked before the Co was cancelled.
func (x *late) tell() {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.done != nil && !x.told {
		close(x.done)
	}
	x.told = true
	for f := range x.after {
		go (*f)()
	}
	x.after = nil
}

// String names the coroutine in a context's String.
func (co *Co) String() string { return "loop.Co" }

type loopKey struct{}

// Of gives the loop whose coroutine ctx came from, if it came from one.
// Any goroutine may call it.
func Of(ctx context.Context) (*Loop, bool) {
	l, ok := ctx.Value(loopKey{}).(*Loop)
	return l, ok
}
