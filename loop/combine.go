package loop

import (
	"context"
	"errors"
	"iter"
	"os"
	"time"
)

// The combinators here look at their futures at once, when those are fulfilled; only
// the code that awaits the outcome is put off to the next iteration, once.

// ErrTimeout is what WithTimeout's future fails with. It matches
// context.DeadlineExceeded and os.ErrDeadlineExceeded.
var ErrTimeout error = timeoutError{}

// ErrNoFutures is what Any gives when there is nothing to choose from.
var ErrNoFutures = errors.New("loop: Any of no futures")

// Chain fulfils p with f's outcome when there is one, unless p is fulfilled by then
// (Tornado's chain_future, 1.40).
func Chain[T any](f *Future[T], p *Promise[T]) {
	f.l.check("Chain")
	f.finally(func(v T, err error) { p.settle(v, err) })
}

// settle fulfils the promise with an outcome, unless it is fulfilled already.
func (p *Promise[T]) settle(v T, err error) {
	if err != nil {
		p.TryFail(err)
	} else {
		p.TrySet(v)
	}
}

// Map is a future of fn applied to f's value. An error of f passes by. fn runs on the
// loop in the iteration after f is done; it must not wait. A panic in it fails the
// future.
func Map[T, U any](f *Future[T], fn func(T) (U, error)) *Future[U] {
	p := NewPromise[U](f.l)
	step := &onDone{f.l, func() {
		var u U
		err := ErrGoexit // unless fn returns
		defer func() { p.settle(u, err) }()
		if f.err != nil {
			err = f.err
		} else {
			u, err = try(fn, f.value)
		}
	}}
	f.seen()
	f.addOrTell(step)
	p.OnWithdraw(func() {
		f.drop(step)
		p.TryFail(ErrWithdrawn)
	})
	return p.Future()
}

// try calls fn and makes a panic of it an error.
func try[T, U any](fn func(T) (U, error), v T) (u U, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = newPanicError("callback", x)
		}
	}()
	return fn(v)
}

// All is done when all of fs are: with their values, in the order of fs, or with the
// error of the first in that order that failed. Other errors are logged, as nobody
// else will see them (Tornado 1.49). A future may occur more than once.
func All[T any](l *Loop, fs ...*Future[T]) *Future[[]T] {
	p := NewPromise[[]T](l)
	whenAll(p, fs, func() {
		values := make([]T, len(fs))
		var first *Future[T] // to fail
		for i, f := range fs {
			f.seen()
			switch {
			case f.err == nil:
				values[i] = f.value
			case first == nil:
				first = f
			case f != first && !f.quiet && !isCancellation(f.err):
				l.log.Error("zonda: All: a further error", "error", f.err)
			}
		}
		if first != nil {
			p.TryFail(first.err)
		} else {
			p.TrySet(values)
		}
	})
	return p.Future()
}

// AllSettled is done when all of fs are, and gives fs, each with its own outcome. It
// never fails.
func AllSettled[T any](l *Loop, fs ...*Future[T]) *Future[[]*Future[T]] {
	p := NewPromise[[]*Future[T]](l)
	whenAll(p, fs, func() {
		for _, f := range fs {
			f.seen() // whoever asks for outcomes looks at them
		}
		p.TrySet(fs)
	})
	return p.Future()
}

// whenAll calls fn, which fulfils p, at once when all of fs are done. When nobody
// waits for p any more, it leaves them.
func whenAll[T, U any](p *Promise[U], fs []*Future[T], fn func()) {
	left := 1
	count := observerFunc(func() {
		if left--; left == 0 {
			fn()
		}
	})
	for _, f := range fs {
		f.mustBeOf(p.f.l)
		if !f.done {
			left++
			f.add(&count)
		}
	}
	count.observe()
	p.OnWithdraw(func() {
		for _, f := range fs {
			f.drop(&count)
		}
		p.TryFail(ErrWithdrawn)
	})
}

// mustBeOf panics if the future is another loop's, whose goroutine may be at work
// on it.
func (p *promised) mustBeOf(l *Loop) {
	if p.l != l {
		panic("loop: a future that belongs to another loop; use Post there and a promise here")
	}
}

// Any is done when the first of fs has a value, and gives that. It fails when all of
// them have failed, with all their errors joined in the order of fs; of no futures it
// fails with ErrNoFutures. Operations behind the others are withdrawn, if no one else
// waits for them; failures of the others are not logged.
func Any[T any](l *Loop, fs ...*Future[T]) *Future[T] {
	p := NewPromise[T](l)
	if len(fs) == 0 {
		p.Fail(ErrNoFutures)
		return p.Future()
	}
	watch := make([]observerFunc, len(fs))
	failed := 0
	for i, f := range fs {
		f.mustBeOf(l)
		watch[i] = func() {
			f.seen()
			if f.err == nil {
				p.TrySet(f.value)
				leave(fs, watch)
				for _, f := range fs {
					f.quiet = f.quiet || !f.observed()
				}
			} else if failed++; failed == len(fs) {
				p.TryFail(joined(fs))
			}
		}
	}
	for i, f := range fs {
		if !p.f.done {
			f.addOrTell(&watch[i])
		}
	}
	p.OnWithdraw(func() {
		leave(fs, watch)
		p.TryFail(ErrWithdrawn)
	})
	return p.Future()
}

// leave takes each observer off its future.
func leave[T any](fs []*Future[T], watch []observerFunc) {
	for i, f := range fs {
		f.drop(&watch[i])
	}
}

func joined[T any](fs []*Future[T]) error {
	errs := make([]error, len(fs))
	for i, f := range fs {
		errs[i] = f.err
	}
	return errors.Join(errs...)
}

// AsCompleted yields the futures with their indices in fs as they are done, those
// that are done already first, in order (Tornado's WaitIterator). Between them co
// waits; when it is cancelled, the iteration ends early, and co.Err says so. When the
// iteration ends early, operations behind futures that are not done are withdrawn, if
// no one else waits for them.
func AsCompleted[T any](co *Co, fs ...*Future[T]) iter.Seq2[int, *Future[T]] {
	return func(yield func(int, *Future[T]) bool) {
		var ready []int
		var waiting *Promise[struct{}]
		watch := make([]observerFunc, len(fs))
		defer leave(fs, watch)
		for i, f := range fs {
			f.mustBeOf(co.l)
			watch[i] = func() {
				ready = append(ready, i)
				if waiting != nil {
					waiting.TrySet(struct{}{})
				}
			}
			f.addOrTell(&watch[i])
		}
		for range fs {
			if len(ready) == 0 {
				waiting = NewPromise[struct{}](co.l)
				if _, err := Await(co, waiting.Future()); err != nil {
					return
				}
			}
			i := ready[0]
			ready = ready[1:]
			if !yield(i, fs[i]) {
				return
			}
		}
	}
}

// WithTimeout is f, but fails with ErrTimeout if that takes longer than d. The
// operation behind f is withdrawn then, if it can be and no one else waits for it;
// otherwise it goes on, and if it fails later, that is logged, unless f's promise is
// quiet (Tornado's with_timeout, 1.54).
func WithTimeout[T any](d time.Duration, f *Future[T]) *Future[T] {
	l := f.l
	l.check("WithTimeout")
	if f.done {
		return f // no race between the timer and a result that is there
	}
	p := NewPromise[T](l)
	w := &timedWait[T]{f: f, p: p}
	f.add(w)
	w.timer = l.addTimer(l.deadline(d), callback(w.expire))
	p.OnWithdraw(w.leave)
	return p.Future()
}

// timedWait waits for f, or for a timer.
type timedWait[T any] struct {
	f     *Future[T]
	p     *Promise[T]
	timer Timer
}

func (w *timedWait[T]) observe() {
	w.timer.Stop()
	w.f.seen()
	w.p.settle(w.f.value, w.f.err)
}

func (w *timedWait[T]) expire() {
	w.f.drop(w)
	if !w.f.done && !w.f.quiet && !w.f.observed() {
		w.f.add(&lateFailure{&w.f.promised})
	}
	w.p.TryFail(ErrTimeout)
}

// leave is called when nobody waits for the outcome any more.
func (w *timedWait[T]) leave() {
	w.timer.Stop()
	w.f.drop(w)
	w.p.TryFail(ErrWithdrawn)
}

// lateFailure logs what comes of an operation after its timeout.
type lateFailure struct{ p *promised }

func (o *lateFailure) observe() {
	if o.p.err != nil && !isCancellation(o.p.err) {
		o.p.l.log.Error("zonda: a future failed after its timeout", "error", o.p.err)
	}
}

type timeoutError struct{}

func (timeoutError) Error() string   { return "loop: timed out" }
func (timeoutError) Timeout() bool   { return true }
func (timeoutError) Temporary() bool { return true }
func (timeoutError) Is(target error) bool {
	return target == context.DeadlineExceeded || target == os.ErrDeadlineExceeded
}
