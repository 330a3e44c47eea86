package loop

import (
	"iter"
	"unsafe"

	"github.com/zonda-go/zonda/internal/owner"
)

const (
	// maxIdleWorkers bounds the pool. A parked worker costs about 2.7 KB.
	maxIdleWorkers = 1024
	// maxRuns is after how many bodies a worker retires, and maxMoves after how many
	// of them its stack lay elsewhere than before. A stack moves when a body needs
	// more than there is, and when the collector halves one of which little is used.
	// A worker on which that goes on serves bodies of very different depth; the next
	// one had better begin with a small stack.
	maxRuns  = 4096
	maxMoves = 3
)

// A worker is a goroutine, in iter.Pull, on which fibers run one after another. It
// belongs to the loop. While its fiber waits, the worker waits with it; between
// fibers it is in the pool.
type worker struct {
	l      *Loop
	next   func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	fiber  *fiber // to run next
	drains bool   // resumed by the loop itself: may begin queued fibers after its own
	ending bool   // stopped: its fiber can wait no more
	runs   int
	moves  int
	id     uint64 // the goroutine's; 0: not checked
}

// workers is the pool, last in first out: the youngest stack is the warmest.
type workers struct{ idle []*worker }

func (p *workers) get(l *Loop) *worker {
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle[n-1] = nil
		p.idle = p.idle[:n-1]
		return w
	}
	w := &worker{l: l}
	w.next, w.stop = iter.Pull(w.loop)
	return w
}

// start runs f up to its first wait, on top of whoever calls.
func (w *worker) start(f *fiber) {
	w.fiber, w.drains = f, false
	l := w.l
	w.enter(f)
	if l.closing.Load() {
		l.shutdown() // the body may have called Close outside Run
	}
}

// enter switches to f's worker until it waits or is done, and gives it the loop for
// that time.
func (w *worker) enter(f *fiber) {
	before := w.handOver(f)
	defer w.takeBack(before)
	w.next()
}

// resume is enter for the goroutine in Run, which every other switch comes back to.
// It has no deferred call, because it is the hottest of all: if a body called
// runtime.Goexit, iterations takes the loop back.
func (w *worker) resume(f *fiber) {
	before := w.handOver(f)
	w.next()
	w.l.restore(before)
}

// unwind makes the wait f is in, and all its later ones, fail.
func (w *worker) unwind(f *fiber) {
	before := w.handOver(f)
	defer w.takeBack(before)
	w.stop()
}

// holding is who held the loop: a coroutine, or the goroutine in Run.
type holding struct {
	fiber *fiber
	id    uint64
}

func (w *worker) handOver(f *fiber) holding {
	l := w.l
	before := holding{fiber: l.current}
	l.current = f
	if owner.Enabled || l.tracks {
		before.id = l.holder.Load()
		if before.id != 0 {
			l.holder.Store(w.id)
		}
	}
	return before
}

func (l *Loop) restore(before holding) {
	l.current = before.fiber
	if owner.Enabled || l.tracks {
		l.holder.Store(before.id)
	}
}

// takeBack also ends the flight of a runtime.Goexit: see fiber.salvage.
func (w *worker) takeBack(before holding) {
	w.l.restore(before)
	if v := recover(); v != nil && v != any(goexit{}) {
		panic(v)
	}
}

// loop is the worker's goroutine. It returns to end it: to retire, or because the
// pool is full, or because the loop was closed.
func (w *worker) loop(yield func(struct{}) bool) {
	w.yield = yield
	w.learn()
	var mark byte // its address is where the stack is
	at := stackAddress(&mark)
	for {
		w.work()
		if now := stackAddress(&mark); now != at {
			at = now
			w.moves++
		}
		idle := &w.l.workers.idle
		if w.ending || w.runs >= maxRuns || w.moves > maxMoves || len(*idle) >= maxIdleWorkers {
			return
		}
		*idle = append(*idle, w)
		if !yield(struct{}{}) {
			return
		}
	}
}

// work runs the worker's fiber and then, if the loop itself has resumed it, those
// behind it in the queue. It is the edge where user code is called, guarded once for
// many bodies: a panic in one becomes its result, and leaves the rest of the queue to
// the loop.
func (w *worker) work() {
	returned := false
	defer func() {
		if !returned {
			v, f := recover(), w.fiber
			w.fiber = nil
			f.salvage(v)
		}
	}()
	for f := w.fiber; f != nil; f = w.nextFiber() {
		w.runs++
		f.execute(w)
	}
	returned = true
}

// nextFiber is what the worker may begin after its fiber has ended.
func (w *worker) nextFiber() *fiber {
	if !w.drains || w.ending || w.l.times { // each is a step of its own then
		return nil
	}
	return w.l.nextFresh()
}

// stackAddress is where a local variable is now; it must not make it escape.
func stackAddress(local *byte) uintptr { return uintptr(unsafe.Pointer(local)) }

// learn finds the goroutine's id where ownership is checked; the worker holds the
// loop from here on.
func (w *worker) learn() {
	if owner.Enabled || w.l.tracks {
		w.id = owner.ID()
		if w.l.holder.Load() != 0 || w.l.running.Load() {
			w.l.holder.Store(w.id)
		}
	}
}
