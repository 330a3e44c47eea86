package loop

import "context"

// Submit runs body as a coroutine of another loop, and gives a future of its result on
// parent's: the way from loop to loop. The coroutine over there has parent's values; it
// is cancelled when parent is, with the same cause, and when the future is not awaited
// any more. The future fails with an error that matches ErrClosed if to is closed
// before the body is done, or was closed already. If the loop of parent closes first,
// the body is cancelled and what it returns is dropped.
//
// Submit belongs to the loop of parent; body runs on to, and may touch only what
// belongs there. To submit to one's own loop works, and takes one iteration longer
// than Spawn both ways.
func Submit[T any](parent Parent, to *Loop, body func(*Co) (T, error)) *Future[T] {
	scope := parent.scope()
	p := NewPromise[T](scope.l)
	if scope.l.closing.Load() {
		p.TryFail(ErrClosed) // the result could not be posted
		return p.Future()
	}
	ctx, cancel := context.WithCancelCause(scope)
	p.OnWithdraw(func() {
		if scope.Err() == nil { // otherwise ctx hears of that, with its cause
			cancel(ErrWithdrawn)
		}
	})
	done := func(v T, err error) {
		cancel(nil)
		_ = p.Post(v, err) // a closed loop has no one left who waits
	}
	if err := to.post(&entry[T]{ctx, to, body, done}); err != nil {
		cancel(nil)
		p.TryFail(err)
	}
	return p.Future()
}
