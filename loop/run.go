package loop

import (
	"cmp"
	"context"
	"fmt"
	"time"
)

// RunSync runs the loop on this goroutine until body is done, and returns its
// result. It returns ErrRunning if the loop runs already (from another goroutine
// use Do), and ErrStopped if Stop ended the loop first; the body then goes on with the
// next Run.
func RunSync[T any](l *Loop, body func(*Co) (T, error)) (T, error) {
	var zero T
	if l.running.Load() || l.current != nil {
		return zero, ErrRunning
	}
	if l.closing.Load() {
		return zero, ErrClosed
	}
	f := Spawn(l, body)
	f.add((*stopper)(l))
	// A body that Stop has left behind goes on in a later Run, and must not end that.
	defer f.drop((*stopper)(l))
	err := l.Run()
	if f.done {
		return f.Result()
	}
	return zero, cmp.Or(err, ErrStopped)
}

// stopper is a loop as an observer: it stops when the future is done.
type stopper Loop

func (s *stopper) observe() { (*Loop)(s).Stop() }

// RunSyncTimeout is RunSync, but the body is cancelled with
// context.DeadlineExceeded when d has passed on the loop's clock (Tornado I38).
func RunSyncTimeout[T any](l *Loop, d time.Duration, body func(*Co) (T, error)) (T, error) {
	return RunSync(l, func(co *Co) (T, error) {
		co, cancel := co.WithTimeout(d)
		defer cancel()
		v, err := body(co)
		if err != nil && co.Err() == context.DeadlineExceeded {
			err = fmt.Errorf("loop: operation timed out after %v: %w", d, err)
		}
		return v, err
	})
}

// Do runs body as a coroutine of l and blocks until it is done: the door into a
// loop from other goroutines. The coroutine has ctx's values; when ctx is
// cancelled, so is it, with the same cause, and Do still waits for it to end. Do
// returns ErrClosed if the loop is closed before the body is done. It must not be
// called by whoever holds the loop; where ownership is checked, that panics.
func Do[T any](ctx context.Context, l *Loop, body func(*Co) (T, error)) (T, error) {
	type result struct {
		v   T
		err error
	}
	l.checkOutside("Do")
	got := make(chan result, 1)
	done := func(v T, err error) { got <- result{v, err} }
	if err := l.post(&entry[T]{ctx, l, body, done}); err != nil {
		var none T
		return none, err
	}
	r := <-got
	return r.v, r.err
}

// An entry is a task that others post to l: it begins body as a coroutine that has
// ctx's values and is cancelled when ctx is, with the same cause. done is called once,
// where l is held, with the outcome; it must not run user code.
type entry[T any] struct {
	ctx  context.Context
	l    *Loop
	body func(*Co) (T, error)
	done func(T, error)
}

func (e *entry[T]) run() {
	ctx, l := e.ctx, e.l
	call := &Co{extra: &extra{outer: ctx}}
	call.attach(&l.root)
	if ctx.Err() != nil { // before the body begins, not an iteration later
		call.cancel(ctx.Err(), context.Cause(ctx))
	}
	stop := context.AfterFunc(ctx, func() {
		cause := context.Cause(ctx)
		_ = l.Post(func() { call.cancel(ctx.Err(), cause) }) // a closed loop has cancelled it
	})
	Go(call, e.body).finally(func(v T, err error) {
		stop()
		call.detach()
		e.done(v, err)
	})
}

// abandon takes the place of run when the loop is closed first.
func (e *entry[T]) abandon() {
	var none T
	e.done(none, ErrClosed)
}
