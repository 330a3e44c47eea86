package loop

import (
	"context"
	"reflect"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
)

// Go starts body as a coroutine, here and now: it runs up to its first wait, then
// Go returns, and the rest runs in later iterations (Tornado's coroutine, 1.43).
// The future is the body's result; a panic in the body becomes a *PanicError.
// Under a cancelled Co the body runs too, but its waits fail. On a closed loop it does
// not run, and the future fails with ErrClosed.
//
// Go belongs to the loop. Started by a goroutine that has a loop which does not
// run, the coroutine continues when Run is called.
func Go[T any](parent Parent, body func(*Co) (T, error)) *Future[T] {
	t := newCoTask(parent, "Go", body)
	if !t.refused() {
		t.begin(parent)
		t.co.l.workers.get(t.co.l).start(&t.fiber)
	}
	return &t.result.f
}

// Spawn queues body to run as a coroutine from the next iteration on. Of many
// bodies spawned together, those that never wait cost no switch of their own.
// All else is as with Go.
func Spawn[T any](parent Parent, body func(*Co) (T, error)) *Future[T] {
	t := newCoTask(parent, "Spawn", body)
	if !t.refused() {
		t.begin(parent)
		t.co.l.queue(&t.fiber)
	}
	return &t.result.f
}

// A Job is a coroutine's body that brings its own storage, for servers that start
// one with each request.
type Job interface {
	// Run is the body.
	Run(co *Co) error
	// Ended is told on the loop how it ended: with Run's error, a *PanicError or
	// ErrGoexit. It must not wait.
	Ended(err error)
}

// A Waiter is a Job that is told when its coroutine is about to wait: what it has put off,
// because it might have ended without waiting, should not be put off any longer.
type Waiter interface {
	Job
	// Waits is called on the loop, in the coroutine, each time. It must not wait itself.
	Waits()
}

// SpawnJob is Spawn for a Job: there is no future, Ended takes its place. It
// returns the new coroutine's Co, whose Cancel can end it early. On a closed loop
// it returns nil, and neither method is called.
func SpawnJob(parent Parent, job Job) *Co {
	l := parent.scope().l
	l.check("SpawnJob")
	if l.closed {
		return nil
	}
	t := &jobTask{job: job}
	t.body = t
	t.begin(parent)
	l.queue(&t.fiber)
	return &t.co
}

// Await waits for a future and returns its result. If the future is done, it goes
// on at once; otherwise other work runs until the future is. It panics unless co is
// the coroutine that runs now.
//
// If co is cancelled before the future is done, Await returns an error that
// matches both co.Err() and context.Cause(co), and waits for nothing. When nobody
// awaits the future any more, the operation behind it is withdrawn; so is one that is
// begun and awaited under a cancelled co.
func Await[T any](co *Co, f *Future[T]) (T, error) {
	if !co.surelyCurrent() {
		co.mustBeCurrent("Await")
	}
	if !f.done {
		if err := co.await(&f.promised); err != nil {
			var zero T
			return zero, err
		}
	}
	if f.rare != nil {
		f.seen()
	}
	return f.value, f.err
}

func (co *Co) await(p *promised) error {
	if p.l != co.l {
		panic("loop: Await of a future that belongs to another loop; have it fulfil a promise of this one with Post")
	}
	if err := co.mayWait(); err != nil {
		p.drop(co.f) // it came to wait, and leaves: perhaps as the last
		return err
	}
	p.add(co.f)
	co.f.waitsFor = p
	err := co.suspend()
	co.f.waitsFor = nil
	if p.done {
		return nil // the value wins, also when both came in one iteration
	}
	p.drop(co.f)
	return err
}

// Sleep waits until d has passed on the loop's clock. It returns early, with an
// error as Await's, if co is cancelled. It always gives way to other work.
func Sleep(co *Co, d time.Duration) error {
	co.mustBeCurrent("Sleep")
	if err := co.mayWait(); err != nil {
		return err
	}
	f := co.f
	t := co.l.addTimer(co.l.deadline(d), (*waker)(f))
	err := co.suspend()
	if t.Stop() {
		return err
	}
	return nil
}

// Yield lets everything else that is ready run once (Tornado's moment).
func Yield(co *Co) error {
	co.mustBeCurrent("Yield")
	if err := co.mayWait(); err != nil {
		return err
	}
	co.f.wake()
	return co.suspend()
}

// Shield runs fn with a Co that co's cancellation does not reach: for cleanup that
// must wait. It is cancelled when d has passed; 0 means no limit. Closing the loop
// still ends it.
func Shield(co *Co, d time.Duration, fn func(*Co) error) error {
	co.mustBeCurrent("Shield")
	c := &Co{f: co.f, l: co.l, parent: co, extra: &extra{detached: true}}
	if d > 0 {
		c.extra.deadline = co.l.Now().Add(d)
		c.extra.timer = co.l.addTimer(co.l.deadline(d), callback(func() {
			c.cancel(context.DeadlineExceeded, nil)
		}))
	}
	defer c.cancel(context.Canceled, nil)
	return fn(c)
}

// Current is the coroutine that runs on the loop now, nil if none does: for code
// that must wait and has no Co at hand, such as an io.Writer. It belongs to the
// loop.
func (l *Loop) Current() *Co {
	l.check("Current")
	if l.current == nil {
		return nil
	}
	return &l.current.co
}

// Running reports whether co's coroutine is the one that runs now, so that it may wait
// under co: for code that was given a Co and is called later, by whomever. It belongs
// to the loop.
func (co *Co) Running() bool {
	co.l.check("Co.Running")
	return co.f != nil && co.f == co.l.current
}

// waker is a fiber as a timer's task.
type waker fiber

func (w *waker) run() { (*fiber)(w).wake() }

// surelyCurrent is short enough to be inlined: it saves the common case the call of
// mustBeCurrent, which would find nothing.
func (co *Co) surelyCurrent() bool {
	return co.l.current == co.f && !owner.Enabled && !co.l.strict
}

func (co *Co) mustBeCurrent(op string) {
	co.l.check(op)
	if co.l.current != co.f {
		panic("loop: " + op + " with the Co of a coroutine that is not the one running; a Co belongs to its own body")
	}
}

// coTask is a coroutine with its result, in one piece of memory.
type coTask[T any] struct {
	fiber
	result Promise[T]
	do     func(*Co) (T, error)
}

func newCoTask[T any](parent Parent, op string, do func(*Co) (T, error)) *coTask[T] {
	l := parent.scope().l
	l.check(op)
	t := &coTask[T]{do: do}
	t.result.f.l = l
	t.body = t
	return t
}

// refused settles a coroutine of a closed loop, which never begins.
func (t *coTask[T]) refused() bool {
	if !t.result.f.l.closed {
		return false
	}
	t.fail(ErrClosed)
	return true
}

func (t *coTask[T]) call(co *Co) {
	v, err := t.do(co)
	t.do = nil // whoever keeps the future need not keep what the body used
	if err != nil {
		t.fail(err)
	} else {
		t.result.TrySet(v)
	}
}

func (t *coTask[T]) fail(err error) { t.result.TryFail(err) }

func (t *coTask[T]) waits()            {}
func (t *coTask[T]) place() string     { return funcName(t.do) }
func (t *coTask[T]) source() string    { return funcPlace(t.do) }
func (t *coTask[T]) future() *promised { return &t.result.f.promised }

// actTask is a coTask that goes by the name of the function it calls.
type actTask struct {
	coTask[struct{}]
	act func(*Co) error
}

// goAct is Go for a function that has no value to give.
func goAct(parent Parent, act func(*Co) error) *Future[struct{}] {
	t := &actTask{act: act}
	t.do = func(co *Co) (struct{}, error) { return struct{}{}, act(co) }
	t.result.f.l = parent.scope().l
	t.body = t
	if !t.refused() {
		t.begin(parent)
		t.co.l.workers.get(t.co.l).start(&t.fiber)
	}
	return &t.result.f
}

func (t *actTask) place() string  { return funcName(t.act) }
func (t *actTask) source() string { return funcPlace(t.act) }

// jobTask is a coroutine that runs a Job.
type jobTask struct {
	fiber
	job  Job
	told bool // Ended was called
}

func (t *jobTask) call(co *Co) {
	err := t.job.Run(co)
	t.told = true
	t.job.Ended(err)
}

func (t *jobTask) fail(err error) {
	if !t.told {
		t.told = true
		t.job.Ended(err)
	} else if p, ok := err.(*PanicError); ok { // of Ended itself
		t.co.l.report(p)
	}
}

func (t *jobTask) waits() {
	if w, ok := t.job.(Waiter); ok {
		w.Waits()
	}
}

func (t *jobTask) place() string     { return reflect.TypeOf(t.job).String() }
func (t *jobTask) source() string    { return "" }
func (t *jobTask) future() *promised { return nil }
