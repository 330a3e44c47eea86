package loop

import (
	"runtime/debug"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
)

// stillClock is virtual time for the tests inside the package, which cannot import
// looptest.
type stillClock struct{ now time.Time }

func (c *stillClock) Now() time.Time { return c.now }
func (c *stillClock) Skip(d time.Duration) bool {
	if d > 0 {
		c.now = c.now.Add(d)
	}
	return d > 0
}

func workerLoop(t *testing.T) *Loop {
	return open(t, &Options{Poller: "chan", Clock: &stillClock{}, Strict: true})
}

// workerID is the goroutine that a body runs on.
func workerID(*Co) (uint64, error) { return owner.ID(), nil }

func resultOf[T any](t *testing.T, f *Future[T]) T {
	t.Helper()
	v, err := f.Result()
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// One worker serves body after body, and a batch of spawned ones that do not wait.
func TestWorkerIsReused(t *testing.T) {
	l := workerLoop(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1)) // it shrinks stacks
	first := resultOf(t, Go(l, workerID))
	for range 100 {
		if id := resultOf(t, Go(l, workerID)); id != first {
			t.Fatalf("ran on goroutine %d, want %d", id, first)
		}
	}
	var batch []*Future[uint64]
	for range 100 {
		batch = append(batch, Spawn(l, workerID))
	}
	if _, err := RunSync(l, workerID); err != nil {
		t.Fatal(err)
	}
	for _, f := range batch {
		if id := resultOf(t, f); id != first {
			t.Errorf("spawned: ran on goroutine %d, want %d", id, first)
		}
	}
	if n := len(l.workers.idle); n != 1 {
		t.Errorf("%d workers, want 1", n)
	}
}

// A worker whose body waits is not for others; what stands behind it in the batch
// runs on another one.
func TestWorkerWaitsWithItsBody(t *testing.T) {
	l := workerLoop(t)
	ids := map[uint64]int{}
	for i := range 10 {
		Spawn(l, func(co *Co) (int, error) {
			ids[owner.ID()]++
			if i == 4 {
				return 0, Yield(co)
			}
			return 0, nil
		})
	}
	if _, err := RunSync(l, func(co *Co) (int, error) { return 0, Yield(co) }); err != nil {
		t.Fatal(err)
	}
	if len(ids) != 2 {
		t.Errorf("10 bodies of which one waits ran on %d workers, want 2: %v", len(ids), ids)
	}
}

func TestWorkerRetiresByRuns(t *testing.T) {
	l := workerLoop(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	first := resultOf(t, Go(l, workerID))
	for i := 2; i <= maxRuns; i++ {
		if id := resultOf(t, Go(l, workerID)); id != first {
			t.Fatalf("another worker after %d bodies, want after %d", i-1, maxRuns)
		}
	}
	if id := resultOf(t, Go(l, workerID)); id == first {
		t.Errorf("the same worker after %d bodies", maxRuns)
	}
}

//go:noinline
func useStack(depth int) byte {
	var frame [512]byte
	frame[depth%len(frame)] = 1
	if depth == 0 {
		return frame[0]
	}
	return useStack(depth-1) + frame[depth%len(frame)]
}

// A worker retires when its stack has moved often: each body here needs more than
// the one before.
func TestWorkerRetiresByStack(t *testing.T) {
	l := workerLoop(t)
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	first := resultOf(t, Go(l, workerID))
	for i := range maxMoves + 1 {
		depth := 64 << i // of 512 bytes each: 32 KiB, 64, 128, ...
		id := resultOf(t, Go(l, func(*Co) (uint64, error) {
			useStack(depth)
			return owner.ID(), nil
		}))
		if id != first {
			t.Fatalf("another worker before its stack had moved %d times", i)
		}
	}
	if id := resultOf(t, Go(l, workerID)); id == first {
		t.Errorf("the same worker after its stack has moved %d times", maxMoves+1)
	}
}

func TestWorkerPoolIsBounded(t *testing.T) {
	l := workerLoop(t)
	p := NewPromise[int](l)
	var all []*Future[int]
	for range maxIdleWorkers + 50 {
		all = append(all, Go(l, func(co *Co) (int, error) { return Await(co, p.Future()) }))
	}
	if n := len(l.workers.idle); n != 0 {
		t.Errorf("%d workers are idle while all bodies wait", n)
	}
	p.Set(1)
	if _, err := RunSync(l, func(co *Co) ([]int, error) { return Await(co, All(l, all...)) }); err != nil {
		t.Fatal(err)
	}
	if n := len(l.workers.idle); n != maxIdleWorkers {
		t.Errorf("%d workers are idle, want %d", n, maxIdleWorkers)
	}
}

// Close ends idle workers, and a body's refusals are bounded.
func TestWorkersEndAtClose(t *testing.T) {
	l := workerLoop(t)
	resultOf(t, Go(l, workerID))
	w := l.workers.idle[0]
	tries := 0
	f := Go(l, func(co *Co) (int, error) {
		for { // ignores each refusal
			_ = Sleep(co, time.Hour)
			tries++
		}
	})
	l.Close()
	if f.err != ErrClosed || tries != maxRefusals+1 {
		t.Errorf("%v after %d tries, want %v after %d", f.err, tries, ErrClosed, maxRefusals+1)
	}
	if len(l.workers.idle) != 0 || l.youngest != nil {
		t.Error("something is left")
	}
	if _, ok := w.next(); ok {
		t.Error("an idle worker lives on")
	}
}

// A body that Close has to unwind may still try to wait in its deferred calls, also
// with a Co that is not cancelled, and gets ErrClosed at once.
func TestUnwindRefusesWaitsInDefers(t *testing.T) {
	l := workerLoop(t)
	var got []error
	f := Go(l, func(co *Co) (int, error) {
		err := Shield(co, 0, func(co *Co) error {
			defer func() {
				got = append(got, Sleep(co, time.Hour), Yield(co))
				_, err := Await(co, NewPromise[int](l).Future())
				got = append(got, err)
			}()
			return Sleep(co, time.Hour)
		})
		return 0, err
	})
	l.Close()
	if f.err != ErrClosed {
		t.Errorf("ended with %v", f.err)
	}
	for _, err := range got {
		if err != ErrClosed {
			t.Errorf("a deferred wait gave %v", got)
			break
		}
	}
	if len(got) != 3 {
		t.Errorf("%d deferred waits", len(got))
	}
}

// A fiber that was queued and never begun fails when the loop is closed for good.
func TestUnwindOfWhatNeverBegan(t *testing.T) {
	l := workerLoop(t)
	var late *Future[int]
	Go(l, func(co *Co) (int, error) {
		defer func() {
			late = Spawn(l, func(*Co) (int, error) { return 1, nil })
		}()
		return 0, Shield(co, 0, func(co *Co) error { return Sleep(co, time.Hour) })
	})
	l.Close()
	if late == nil || late.err != ErrClosed {
		t.Errorf("%v", late)
	}
}
