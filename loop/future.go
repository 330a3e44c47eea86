package loop

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

var (
	// ErrPending is what Result gives while a future has none.
	ErrPending = errors.New("loop: the future is not done")
	// ErrWithdrawn is what a future fails with whose operation was taken back because
	// nobody waited for it any more: for whoever kept it all the same. It matches
	// context.Canceled.
	ErrWithdrawn = fmt.Errorf("loop: withdrawn, as nobody waited any more: %w", context.Canceled)
)

// A Future is a result that may not be there yet: a value or an error. It belongs
// to its loop, except for Wait. Futures come from a Promise, a coroutine or an
// operation; the zero Future is not usable.
type Future[T any] struct {
	promised
	value T
}

// A Promise is the writing end of a Future: to be fulfilled once, with Set or
// Fail. It belongs to its loop, except for Post. Make one with NewPromise.
type Promise[T any] struct {
	f Future[T]
}

// promised is the part of a future that does not depend on its type.
type promised struct {
	l     *Loop
	err   error
	first observer  // the one that a future usually has
	op    operation // what will fulfil it, as far as that is known
	rare  *rare
	done  bool
	quiet bool // a failure nobody looks at is no news
}

// rare is what few futures need.
type rare struct {
	more []observer // after first
	fail *failure
}

// An operation is what fulfils a promise in the end.
type operation interface {
	// withdraw takes it back, when nobody waits for it any more. It must not wait.
	withdraw()
	// about says what it is, for Tasks.
	about() about
}

// about is what is known of an operation.
type about struct {
	what   string
	on     []*promised // it waits for these itself
	holder *fiber      // it waits for this coroutine to let go of something
}

// withdrawFunc is a user's operation, of which only that much is known.
type withdrawFunc func()

func (fn withdrawFunc) withdraw() { fn() }

func (fn withdrawFunc) about() about { return about{what: "an operation of " + funcName(fn)} }

// An observer is told once that a future is done, at once, while the promise is
// being fulfilled. It must not run user code: it queues that for the next
// iteration.
type observer interface{ observe() }

// NewPromise makes a promise whose future belongs to l.
func NewPromise[T any](l *Loop) *Promise[T] {
	l.check("NewPromise")
	return &Promise[T]{Future[T]{promised: promised{l: l}}}
}

// Renew makes p a promise like a new one of l's, where it lies: for code that waits
// again and again, and has p among its own fields. The zero Promise can be renewed. The
// future is to be the caller's alone, since whoever has it finds the new one's instead;
// Renew panics while somebody waits for it.
func (p *Promise[T]) Renew(l *Loop) {
	l.check("Promise.Renew")
	if p.f.observed() {
		panic("loop: Promise.Renew of a promise that somebody waits for")
	}
	p.f = Future[T]{promised: promised{l: l}}
}

// Resolved is a future that has a value already.
func Resolved[T any](l *Loop, v T) *Future[T] {
	return &Future[T]{promised{l: l, done: true}, v}
}

// FailedFuture is a future that has failed already.
func FailedFuture[T any](l *Loop, err error) *Future[T] {
	p := NewPromise[T](l)
	p.Fail(err)
	return p.Future()
}

// Void is a future without a value that is done: one for all, so that an
// operation which succeeds at once need not make any.
func (l *Loop) Void() *Future[struct{}] { return l.void }

// Future is the reading end.
func (p *Promise[T]) Future() *Future[T] { return &p.f }

// Set fulfils the promise with a value. Coroutines that await it, and OnDone
// callbacks, run in the next iteration. A second fulfilment panics; use TrySet
// where that is a matter of luck.
func (p *Promise[T]) Set(v T) {
	if !p.TrySet(v) {
		panic("loop: Promise.Set: the promise was fulfilled before" + p.f.outcome())
	}
}

// Fail fulfils the promise with an error, which must not be nil. A second
// fulfilment panics; use TryFail where that is a matter of luck. An error that
// nobody ever looks at is logged.
func (p *Promise[T]) Fail(err error) {
	if !p.TryFail(err) {
		panic("loop: Promise.Fail: the promise was fulfilled before" + p.f.outcome())
	}
}

// TrySet is Set, but reports false if the promise was fulfilled before.
func (p *Promise[T]) TrySet(v T) bool {
	p.f.l.check("Promise.Set")
	if p.f.done {
		return false
	}
	p.f.value = v
	p.f.finish()
	return true
}

// TryFail is Fail, but reports false if the promise was fulfilled before.
func (p *Promise[T]) TryFail(err error) bool {
	p.f.l.check("Promise.Fail")
	if err == nil {
		panic("loop: Promise.Fail with a nil error")
	}
	if p.f.done {
		return false
	}
	p.f.err = err
	if !p.f.observed() && !p.f.quiet {
		p.f.extend().fail = watchFailure(&p.f, err)
	}
	p.f.finish()
	return true
}

// Post fulfils the promise from any goroutine: with err, or with v if err is nil.
// If the promise is fulfilled before that arrives, it is dropped. It returns
// ErrClosed, and does nothing, once the loop is closed.
func (p *Promise[T]) Post(v T, err error) error {
	return p.f.l.Post(func() {
		if err != nil {
			p.TryFail(err)
		} else {
			p.TrySet(v)
		}
	})
}

// OnWithdraw says how to take the operation back that will fulfil the promise. fn
// is called, at most once, when the last one that waited for the future has stopped
// waiting (it was cancelled or timed out); the operation should then give back what
// it held, and fail the promise, with ErrWithdrawn for instance, lest someone who
// kept the future waits for ever. Without it, nothing happens, and the result finds
// no one.
//
// fn is called at once, where the last one leaves: it must not wait.
func (p *Promise[T]) OnWithdraw(fn func()) {
	p.f.l.check("Promise.OnWithdraw")
	p.operate(withdrawFunc(fn))
}

// operate says what will fulfil the promise.
func (p *Promise[T]) operate(op operation) {
	if !p.f.done {
		p.f.op = op
	}
}

// Quiet says that a failure of the promise need not be logged if nobody ever looks
// at it, because there are other ways to learn of it.
func (p *Promise[T]) Quiet() { p.f.quiet = true }

// Done reports whether the future has its result.
func (f *Future[T]) Done() bool {
	f.l.check("Future.Done")
	return f.done
}

// Result is the value or the error; ErrPending while there is neither.
func (f *Future[T]) Result() (T, error) {
	f.l.check("Future.Result")
	if !f.done {
		var zero T
		return zero, ErrPending
	}
	f.seen()
	return f.value, f.err
}

// OnDone has fn called with the future once it is done: always in a later
// iteration, also if it is done already (Tornado's add_future).
func (f *Future[T]) OnDone(fn func(*Future[T])) {
	f.l.check("Future.OnDone")
	f.seen()
	f.addOrTell(&onDone[T]{f, fn})
}

// Wait blocks the calling goroutine, which must not hold the loop, until the
// future is done or ctx is. In the latter case it returns context.Cause(ctx), and
// ErrClosed if the loop is closed first.
func (f *Future[T]) Wait(ctx context.Context) (T, error) {
	f.l.checkOutside("Future.Wait")
	got := make(chan struct{})
	tell := observerFunc(func() {
		f.seen()
		close(got)
	})
	var zero T
	if err := f.l.Post(func() { f.addOrTell(&tell) }); err != nil {
		return zero, err
	}
	select {
	case <-got:
		return f.value, f.err
	case <-ctx.Done():
		_ = f.l.Post(func() { f.drop(&tell) }) // a closed loop has forgotten it
		return zero, context.Cause(ctx)
	case <-f.l.gone:
	}
	select { // the future may have been done while the loop was closing
	case <-got:
		return f.value, f.err
	default:
		return zero, ErrClosed
	}
}

// String says whether the future is pending, or what came of it.
func (f *Future[T]) String() string {
	switch {
	case !f.done:
		return "<Future pending>"
	case f.err != nil:
		return fmt.Sprintf("<Future failed: %v>", f.err)
	default:
		return fmt.Sprintf("<Future done: %v>", f.value)
	}
}

// outcome describes a fulfilled promise to whoever fulfils it again.
func (f *Future[T]) outcome() string {
	if f.err != nil {
		return ", with the error: " + f.err.Error()
	}
	return fmt.Sprintf(", with the value: %v", f.value)
}

// onDone is a callback of OnDone: first an observer, then a task.
type onDone[T any] struct {
	f  *Future[T]
	fn func(*Future[T])
}

func (o *onDone[T]) observe()      { o.f.l.queue(o) }
func (o *onDone[T]) run()          { o.fn(o.f) }
func (o *onDone[T]) place() string { return funcName(o.fn) }

// finally calls fn with the outcome as soon as there is one. fn must not run user
// code.
func (f *Future[T]) finally(fn func(T, error)) {
	tell := observerFunc(func() {
		f.seen()
		fn(f.value, f.err)
	})
	f.addOrTell(&tell)
}

// observerFunc is an observer as a function; its address is one that can be dropped
// again.
type observerFunc func()

func (f *observerFunc) observe() { (*f)() }

// finish marks the future done and tells its observers.
func (p *promised) finish() {
	p.done = true
	p.op = nil
	first, rare := p.first, p.rare
	p.first = nil
	if first != nil {
		first.observe()
	}
	if rare != nil {
		more := rare.more
		rare.more = nil
		for _, o := range more {
			o.observe()
		}
	}
}

func (p *promised) observed() bool {
	return p.first != nil || p.rare != nil && len(p.rare.more) > 0
}

func (p *promised) add(o observer) {
	if !p.observed() {
		p.first = o
		return
	}
	p.addMore(o)
}

// addMore adds an observer after the first. Inlined, it would leave 64 bytes on the stack
// of each coroutine that waits.
//
//go:noinline
func (p *promised) addMore(o observer) {
	x := p.extend()
	x.more = append(x.more, o)
}

// addOrTell adds an observer, or tells it at once if the future is done.
func (p *promised) addOrTell(o observer) {
	if p.done {
		o.observe()
		return
	}
	p.add(o)
}

func (p *promised) extend() *rare {
	if p.rare == nil {
		p.rare = &rare{}
	}
	return p.rare
}

// drop removes an observer; when the last one has left a pending future, the
// operation behind it is withdrawn.
func (p *promised) drop(o observer) {
	if p.first == o {
		p.first = nil
	} else if p.rare != nil {
		if i := slices.Index(p.rare.more, o); i >= 0 {
			p.rare.more = slices.Delete(p.rare.more, i, i+1)
		}
	}
	if op := p.op; op != nil && !p.done && !p.observed() {
		p.op = nil
		op.withdraw()
	}
}

// seen says that someone has looked at the result.
func (p *promised) seen() {
	if p.rare != nil && p.rare.fail != nil {
		p.l.failures.remove(p.rare.fail)
		p.rare.fail = nil
	}
}
