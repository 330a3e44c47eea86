package loop

import (
	"iter"

	"github.com/zonda-go/zonda/internal/owner"
)

const (
	// maxIdleWorkers bounds the pool. A parked worker costs about 2.7 KB.
	maxIdleWorkers = 256
	// maxRuns is after how many bodies a worker retires: its stack has the size
	// that the deepest of them needed, and never shrinks below that while in use.
	maxRuns = 4096
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
	w.enter(f)
}

// enter switches to f's worker until it waits or is done.
func (w *worker) enter(f *fiber) { w.handOver(f, func() { w.next() }) }

// unwind makes the wait f is in, and all its later ones, fail.
func (w *worker) unwind(f *fiber) { w.handOver(f, w.stop) }

// handOver gives the loop to the worker while switchTo runs.
func (w *worker) handOver(f *fiber, switchTo func()) {
	l := w.l
	current, holder := l.current, l.holder.Load()
	l.current = f
	if holder != 0 {
		l.holder.Store(w.id)
	}
	defer func() {
		l.current = current
		l.holder.Store(holder)
		if v := recover(); v != nil {
			if _, ok := v.(goexit); !ok {
				panic(v)
			}
		}
	}()
	switchTo()
}

// loop is the worker's goroutine. It returns to end it: to retire, or because the
// pool is full, or because the loop was closed.
func (w *worker) loop(yield func(struct{}) bool) {
	w.yield = yield
	w.learn()
	for {
		f := w.fiber
		w.fiber = nil
		w.run(f)
		for w.drains && !w.ending {
			f := w.l.nextFresh()
			if f == nil {
				break
			}
			w.run(f)
		}
		idle := &w.l.workers.idle
		if w.ending || w.runs > maxRuns || len(*idle) >= maxIdleWorkers {
			return
		}
		*idle = append(*idle, w)
		if !yield(struct{}{}) {
			return
		}
	}
}

func (w *worker) run(f *fiber) {
	w.runs++
	f.execute(w)
}

// learn finds the goroutine's id where ownership is checked; the worker holds the
// loop from here on.
func (w *worker) learn() {
	if owner.Enabled || w.l.strict {
		w.id = owner.ID()
		if w.l.holder.Load() != 0 || w.l.running.Load() {
			w.l.holder.Store(w.id)
		}
	}
}
