package loop

import (
	"context"
	"time"
)

// This file is the side of a Co that any goroutine may see.

// Deadline is when the coroutine will be cancelled, on the loop's clock.
func (co *Co) Deadline() (time.Time, bool) {
	for c := co; c != nil; c = c.parent {
		if c.extra == nil {
			continue
		}
		if !c.extra.deadline.IsZero() {
			return c.extra.deadline, true // none of those above is earlier
		}
		if c.extra.detached {
			break
		}
	}
	return time.Time{}, false
}

// Done is closed when the coroutine is cancelled, or its body has returned.
func (co *Co) Done() <-chan struct{} {
	co.mu.Lock()
	defer co.mu.Unlock()
	x := co.lazy()
	if x.done == nil {
		x.done = make(chan struct{})
		if co.err != nil {
			close(x.done)
		}
	}
	return x.done
}

// Err is nil, context.Canceled or context.DeadlineExceeded.
func (co *Co) Err() error {
	co.mu.Lock()
	defer co.mu.Unlock()
	return co.err
}

// Value is the value that the nearest WithValue above gave key.
func (co *Co) Value(key any) any {
	switch key.(type) {
	case loopKey:
		return co.l
	case *int:
		// context.Cause asks for std's own cancelCtx under a private key of this
		// type. Only std can make one, so it makes one, cancelled for our cause.
		if cause := co.cause(); cause != nil {
			ctx, cancel := context.WithCancelCause(context.Background())
			cancel(cause)
			return ctx.Value(key)
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
	co.mu.Lock()
	defer co.mu.Unlock()
	if co.late == nil {
		return nil
	}
	return co.late.cause
}

// AfterFunc has f called in a goroutine of its own once the coroutine is
// cancelled, and returns a function that calls that off and reports whether it
// could. The context package uses it, so that a context made from a Co costs no
// goroutine.
func (co *Co) AfterFunc(f func()) (stop func() bool) {
	co.mu.Lock()
	defer co.mu.Unlock()
	if co.err != nil {
		go f()
		return func() bool { return false }
	}
	x := co.lazy()
	if x.after == nil {
		x.after = make(map[*func()]struct{})
	}
	x.after[&f] = struct{}{}
	return func() bool {
		co.mu.Lock()
		defer co.mu.Unlock()
		_, ok := x.after[&f]
		delete(x.after, &f)
		return ok
	}
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
