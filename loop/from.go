package loop

import (
	"context"
	"errors"
)

// ErrChanClosed is what FromChan's future fails with when the channel is closed.
var ErrChanClosed = errors.New("loop: the channel is closed")

// FromChan is a future of the next value that c delivers. A closed channel fails it
// with ErrChanClosed. A goroutine waits for the value, until the loop is closed or the
// future is not awaited any more; a value that comes after that stays in c.
func FromChan[T any](l *Loop, c <-chan T) *Future[T] {
	p := NewPromise[T](l)
	stop, left := make(chan struct{}), make(chan struct{})
	p.OnWithdraw(func() {
		close(stop)
		<-left // or the goroutine, if it has yet to look, might take a value that comes now
		p.TryFail(ErrWithdrawn)
	})
	go func() {
		var v T
		came, ok := false, true
		select {
		case v, ok = <-c:
			came = true
		case <-stop:
		case <-l.gone:
		}
		close(left)
		var err error
		if !ok {
			err = ErrChanClosed
		}
		if came {
			_ = p.Post(v, err) // a closed loop has no one left who waits
		}
	}()
	return p.Future()
}

// FromContext is a future that fails with context.Cause(ctx) when ctx is done.
func FromContext(l *Loop, ctx context.Context) *Future[struct{}] {
	p := NewPromise[struct{}](l)
	p.Quiet()
	stop := context.AfterFunc(ctx, func() {
		_ = p.Post(struct{}{}, context.Cause(ctx)) // as above
	})
	p.OnWithdraw(func() {
		stop()
		p.TryFail(ErrWithdrawn)
	})
	return p.Future()
}

// FromFunc is a future of fn's result. fn runs on a goroutine of its own, so it may
// block; ctx, which it is given, is done when the future is not awaited any more or
// the loop is closed. A panic in fn fails the future. How many run at a time is the
// caller's affair; where that is up to clients, take Offload, which has a bound.
func FromFunc[T any](l *Loop, fn func(ctx context.Context) (T, error)) *Future[T] {
	p := NewPromise[T](l)
	ctx, cancel := context.WithCancel(&l.root)
	p.OnWithdraw(cancel)
	go func() {
		var v T
		err := ErrGoexit // unless fn returns
		defer func() {
			cancel()
			_ = p.Post(v, err) // as above
		}()
		v, err = try("function", fn, ctx)
	}()
	return p.Future()
}
