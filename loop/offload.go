package loop

import (
	"container/list"
	"context"
	"runtime"
	"sync"
)

// Offload is a future of fn's result, where fn blocks or computes: it runs on a
// goroutine, and no more than Options.OffloadLimit of one loop run at a time. Further
// calls wait and begin in their order. Offload belongs to the loop; fn does not run
// there, and what it uses the loop must not touch meanwhile.
//
// ctx, which fn is given, is done when the future is not awaited any more, or the loop
// is closed. A call that has not begun by then never will: its future fails with
// ErrWithdrawn or ErrClosed. One that runs keeps its place until fn returns, so an fn
// that does not look at ctx keeps others waiting. Close does not wait for it, and its
// result comes to nobody. A panic in fn fails the future with a *PanicError, and
// runtime.Goexit with ErrGoexit.
//
// For work that may last as long as the program, or that other calls of Offload wait
// for, take FromFunc: it has no bound.
func Offload[T any](l *Loop, fn func(ctx context.Context) (T, error)) *Future[T] {
	p := NewPromise[T](l)
	if l.closing.Load() {
		p.TryFail(ErrClosed) // its result could not be posted
		return p.Future()
	}
	ctx, cancel := context.WithCancel(&l.root)
	var v T
	err := ErrGoexit // unless fn returns
	c := &call{
		run: func() {
			defer cancel()
			v, err = try("function", fn, ctx)
		},
		tell: func() { _ = p.Post(v, err) }, // a closed loop has no one left who waits
		refuse: func(err error) {
			cancel()
			p.TryFail(err)
		},
	}
	p.OnWithdraw(func() {
		if l.calls.leave(c) {
			c.refuse(ErrWithdrawn)
		} else {
			cancel()
		}
	})
	l.calls.add(c)
	return p.Future()
}

// OffloadQueue is how many calls of Offload run, and how many wait to. Any goroutine
// may call it.
func (l *Loop) OffloadQueue() (running, waiting int) {
	l.calls.mu.Lock()
	defer l.calls.mu.Unlock()
	return l.calls.running, l.calls.waiting.Len()
}

// A call is one of Offload.
type call struct {
	run    func()        // on another goroutine
	tell   func()        // the loop, how run has ended
	refuse func(error)   // on the loop: it will never run
	place  *list.Element // in calls.waiting; nil: it has begun, or never will
}

// calls are the loop's calls of Offload that have not ended. Goroutines start when
// there is a call for them, take over what waits, and end when nothing does: an idle
// loop has none.
type calls struct {
	// Immutable after New.
	limit    int
	executor func(job func()) // nil: goroutines up to limit

	// Any goroutine.
	mu      sync.Mutex // guards what follows, and place of each call
	waiting list.List  // of *call, first come, first served
	running int
}

// offloadLimit is Options.OffloadLimit or its default. What blocks needs no processor,
// so there are more goroutines than those.
func offloadLimit(limit int) int {
	if limit > 0 {
		return limit
	}
	return max(16, 4*runtime.GOMAXPROCS(0))
}

// add has c run now or when its turn comes.
func (q *calls) add(c *call) {
	q.mu.Lock()
	now := q.executor == nil && q.running < q.limit
	if now {
		q.running++
	} else {
		c.place = q.waiting.PushBack(c)
	}
	q.mu.Unlock()
	if now {
		go q.serve(c)
	} else if q.executor != nil {
		q.executor(func() {
			if q.begin(c) {
				q.serve(c)
			}
		})
	}
}

// begin takes c, which an executor has come to, out of the queue; false if it is not
// there any more.
func (q *calls) begin(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.cut(c) {
		return false
	}
	q.running++
	return true
}

// leave takes c out of the queue, because nobody waits for it; false if it is not there
// any more.
func (q *calls) leave(c *call) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.cut(c)
}

// cut needs mu.
func (q *calls) cut(c *call) bool {
	if c.place == nil {
		return false
	}
	q.waiting.Remove(c.place)
	c.place = nil
	return true
}

// serve runs c, and then what waits, on this goroutine.
func (q *calls) serve(c *call) {
	defer func() {
		if c == nil {
			return
		}
		if c = q.ended(c); c != nil { // runtime.Goexit ends this goroutine; another takes over
			go q.serve(c)
		}
	}()
	for c != nil {
		c.run()
		c = q.ended(c)
	}
}

// ended gives c's place to the first that waits, which it returns, and tells the loop.
func (q *calls) ended(c *call) (next *call) {
	q.mu.Lock()
	q.running--
	if q.executor == nil {
		if next = q.first(); next != nil {
			q.running++
		}
	}
	q.mu.Unlock()
	c.tell()
	return next
}

// first takes the first call out of the queue; nil if there is none. It needs mu.
func (q *calls) first() *call {
	e := q.waiting.Front()
	if e == nil {
		return nil
	}
	c := e.Value.(*call)
	q.cut(c)
	return c
}

// close refuses what has not begun.
func (q *calls) close() {
	var left []*call
	q.mu.Lock()
	for c := q.first(); c != nil; c = q.first() {
		left = append(left, c)
	}
	q.mu.Unlock()
	for _, c := range left {
		c.refuse(ErrClosed)
	}
}
