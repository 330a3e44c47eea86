package loop

import (
	"context"
	"time"
)

// A fiber is the part of a coroutine that the loop switches to and from. It is
// made for one body and never used again; the goroutine below it, a worker, is.
type fiber struct {
	co   Co
	w    *worker // nil: not begun
	body body

	older, younger *fiber // among the loop's live ones

	waitsUnder *Co       // the scope of the present wait; nil: it does not wait
	waitsFor   *promised // what it awaits; nil: it sleeps, or does not wait
	born       uint32    // when, in milliseconds of the loop's life
	queued     bool      // to be resumed in the next iteration
	refusals   int16     // waits refused since the loop gave the fiber up
}

// A body is what a fiber runs.
type body interface {
	call(co *Co)       // run it, and settle the result
	fail(err error)    // settle the result, when call did not return
	place() string     // the name of the user's function, for messages
	source() string    // its file and line
	waits()            // it is about to wait
	future() *promised // the result; nil: there is none
}

// begin enters the fiber under its parent and among the live ones.
func (f *fiber) begin(parent Parent) {
	f.co.f = f
	f.co.attach(parent.scope())
	l := f.co.l
	f.older = l.youngest
	if f.older != nil {
		f.older.younger = f
	}
	l.youngest = f
	l.count.Live++
	l.count.Coroutines++
	f.born = uint32(l.awayFrom / time.Millisecond)
	if l.origins != nil {
		l.origins[f] = callerOutside()
	}
}

// end cancels what the coroutine leaves behind, and takes it off the live ones.
func (f *fiber) end() {
	l := f.co.l
	l.count.Live--
	if l.origins != nil {
		delete(l.origins, f)
	}
	f.co.cancel(context.Canceled, nil)
	if f.younger != nil {
		f.younger.older = f.older
	} else {
		l.youngest = f.older
	}
	if f.older != nil {
		f.older.younger = f.younger
	}
	if l.youngest == nil && l.root.state.Load() != live {
		l.stopping.Store(true) // Close has waited for this, and need not sleep
	}
}

// observe and wake resume the fiber in the next iteration, once.
func (f *fiber) observe() { f.wake() }

func (f *fiber) wake() {
	if !f.queued {
		f.queued = true
		f.co.l.queue(f)
	}
}

// run is the fiber's turn in an iteration: it begins, on a worker that will then
// also begin the fibers right behind it in the queue; or it resumes.
func (f *fiber) run() {
	f.queued = false
	w := f.w
	if w == nil {
		w = f.co.l.workers.get(f.co.l)
		w.fiber = f
	}
	w.drains = true
	w.resume(f)
}

// nextFresh takes the next task off the batch, if it is a fiber that has not begun.
func (l *Loop) nextFresh() *fiber {
	if l.next == len(l.batch) {
		return nil
	}
	f, ok := l.batch[l.next].(*fiber)
	if !ok || f.w != nil {
		return nil
	}
	l.batch[l.next] = nil
	l.next++
	return f
}

// mayWait says whether a wait under co would be in vain.
func (co *Co) mayWait() error {
	if co.f == nil {
		panic("loop: wait with a Co that no coroutine has; see Scope")
	}
	if co.state.Load() != live && co.l.root.state.Load() != live {
		co.f.refuse()
	}
	return co.canceled()
}

// suspend switches back to whoever resumed the coroutine, and returns when it is
// resumed again: the error says whether co has been cancelled.
func (co *Co) suspend() error {
	f := co.f
	f.body.waits()
	f.waitsUnder = co
	co.l.count.Waiting++
	f.w.ending = !f.w.yield(struct{}{})
	co.l.count.Waiting--
	f.waitsUnder = nil
	if f.w.ending && co.state.Load() == live {
		f.refuse()
		return ErrClosed
	}
	return co.canceled()
}

// maxRefusals is how often a body may try to wait while its loop is being closed
// before a panic ends it. A body that retries for ever would hold up Close.
const maxRefusals = 1000

// unwind is the panic that ends such a body.
type unwind struct{}

func (f *fiber) refuse() {
	if f.refusals++; f.refusals > maxRefusals {
		panic(unwind{})
	}
}

// execute runs the fiber's body to its end on this goroutine, a worker's.
func (f *fiber) execute(w *worker) {
	f.w = w
	w.fiber = f
	w.l.current = f
	f.body.call(&f.co)
	f.end()
	w.fiber = nil
}

// salvage settles a body that did not return. A nil v means runtime.Goexit, which
// recover cannot stop: the panic below takes its place, so that the goroutine in
// Run, which waits in iter.Pull's next, is not made to exit too.
func (f *fiber) salvage(v any) {
	defer f.end() // also if what follows panics
	switch v := v.(type) {
	case nil:
		f.body.fail(ErrGoexit)
		panic(goexit{})
	case unwind:
		f.co.l.log.Error("zonda: a coroutine did not end when its loop was closed", "body", f.body.place())
		f.body.fail(ErrClosed)
	default:
		f.body.fail(newPanicError("coroutine", v))
	}
}

// goexit is the panic that stands for a runtime.Goexit on its way to next.
type goexit struct{}
