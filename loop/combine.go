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
	m := &mapping[T, U]{f: f, fn: fn, p: NewPromise[U](f.l)}
	f.seen()
	f.addOrTell(m)
	m.p.operate(m)
	return m.p.Future()
}

// mapping is a Map at work: an observer of f, then a task.
type mapping[T, U any] struct {
	f  *Future[T]
	fn func(T) (U, error)
	p  *Promise[U]
}

func (m *mapping[T, U]) observe()      { m.f.l.queue(m) }
func (m *mapping[T, U]) place() string { return funcName(m.fn) }

func (m *mapping[T, U]) run() {
	var u U
	err := ErrGoexit // unless fn returns
	defer func() { m.p.settle(u, err) }()
	if m.f.err != nil {
		err = m.f.err
	} else {
		u, err = try("callback", m.fn, m.f.value)
	}
}

func (m *mapping[T, U]) withdraw() {
	m.f.drop(m)
	m.p.TryFail(ErrWithdrawn)
}

func (m *mapping[T, U]) about() about { return about{what: "Map", on: []*promised{&m.f.promised}} }

// try calls fn and makes a panic of it an error. where is PanicError's.
func try[T, U any](where string, fn func(T) (U, error), v T) (u U, err error) {
	defer func() {
		if x := recover(); x != nil {
			err = newPanicError(where, x)
		}
	}()
	return fn(v)
}

// All is done when all of fs are: with their values, in the order of fs, or with the
// error of the first in that order that failed. Other errors are logged, as nobody
// else will see them (Tornado 1.49). A future may occur more than once.
func All[T any](l *Loop, fs ...*Future[T]) *Future[[]T] {
	w := &allWait[T, []T]{what: "All", fs: fs, p: NewPromise[[]T](l)}
	w.start(func() {
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
			w.p.TryFail(first.err)
		} else {
			w.p.TrySet(values)
		}
	})
	return w.p.Future()
}

// AllSettled is done when all of fs are, and gives fs, each with its own outcome. It
// never fails.
func AllSettled[T any](l *Loop, fs ...*Future[T]) *Future[[]*Future[T]] {
	w := &allWait[T, []*Future[T]]{what: "AllSettled", fs: fs, p: NewPromise[[]*Future[T]](l)}
	w.start(func() {
		for _, f := range fs {
			f.seen() // whoever asks for outcomes looks at them
		}
		w.p.TrySet(fs)
	})
	return w.p.Future()
}

// allWait waits until all of fs are done.
type allWait[T, U any] struct {
	what string
	fs   []*Future[T]
	p    *Promise[U]
	left int
	then func() // fulfils p
}

// start has fn called at once when all are done.
func (w *allWait[T, U]) start(fn func()) {
	w.then, w.left = fn, 1
	for _, f := range w.fs {
		f.mustBeOf(w.p.f.l)
		if !f.done {
			w.left++
			f.add(w)
		}
	}
	w.observe()
	w.p.operate(w)
}

func (w *allWait[T, U]) observe() {
	if w.left--; w.left == 0 {
		w.then()
	}
}

func (w *allWait[T, U]) withdraw() {
	for _, f := range w.fs {
		f.drop(w)
	}
	w.p.TryFail(ErrWithdrawn)
}

func (w *allWait[T, U]) about() about { return about{what: w.what, on: promisesOf(w.fs)} }

// promisesOf is what fs have in common.
func promisesOf[T any](fs []*Future[T]) []*promised {
	all := make([]*promised, len(fs))
	for i, f := range fs {
		all[i] = &f.promised
	}
	return all
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
	w := &anyWait[T]{fs: fs, p: NewPromise[T](l), watch: make([]observerFunc, len(fs))}
	if len(fs) == 0 {
		w.p.Fail(ErrNoFutures)
		return w.p.Future()
	}
	for i, f := range fs {
		f.mustBeOf(l)
		w.watch[i] = func() { w.settled(f) }
	}
	for i, f := range fs {
		if !w.p.f.done {
			f.addOrTell(&w.watch[i])
		}
	}
	w.p.operate(w)
	return w.p.Future()
}

// anyWait waits for the first of fs to have a value.
type anyWait[T any] struct {
	fs     []*Future[T]
	p      *Promise[T]
	watch  []observerFunc
	failed int
}

func (w *anyWait[T]) settled(f *Future[T]) {
	f.seen()
	if f.err == nil {
		w.p.TrySet(f.value)
		leave(w.fs, w.watch)
		for _, f := range w.fs {
			f.quiet = f.quiet || !f.observed()
		}
	} else if w.failed++; w.failed == len(w.fs) {
		w.p.TryFail(joined(w.fs))
	}
}

func (w *anyWait[T]) withdraw() {
	leave(w.fs, w.watch)
	w.p.TryFail(ErrWithdrawn)
}

func (w *anyWait[T]) about() about { return about{what: "Any", on: promisesOf(w.fs)} }

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
	p.operate(w)
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

func (w *timedWait[T]) about() about {
	return about{what: "WithTimeout", on: []*promised{&w.f.promised}}
}

func (w *timedWait[T]) withdraw() {
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
