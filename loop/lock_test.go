package loop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Tornado's tests of locks are pinned by their numbers, L01 to L10. What they have of
// BadYieldError and of "with" without a wait (in L08) Go's types rule out.

// tell starts a coroutine that waits, in a way, and tells how that ended.
func tell[T any](s *story, p loop.Parent, name string, w way, limit int, f func() *loop.Future[T]) *loop.Future[string] {
	return loop.Go(p, func(co *loop.Co) (string, error) {
		got := waitFor(co, w, limit, f)
		s.add(name + " " + got)
		return got, nil
	})
}

// bothWays runs a test for each way to limit the time of a wait.
func bothWays(t *testing.T, test func(t *testing.T, co *loop.Co, w way)) {
	for w, name := range map[way]string{byScope: "scope", byTimeout: "timeout"} {
		t.Run(name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				test(t, co, w)
				return nil
			})
		})
	}
}

// pause lets n iterations pass.
func pause(t testing.TB, co *loop.Co, n int) {
	t.Helper()
	for range n {
		if err := loop.Yield(co); err != nil {
			t.Fatal(err)
		}
	}
}

func sleep(t testing.TB, co *loop.Co, n int) {
	t.Helper()
	if err := loop.Sleep(co, seconds(n)); err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, what fmt.Stringer, want string) {
	t.Helper()
	if got := what.String(); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// L01: a notification wakes as many as it says, those who came first.
func TestCondNotify(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		c := loop.NewCond(co.Loop())
		is(t, c, "<Cond waiting 0>")
		c.Notify(1) // nobody hears it, and nobody will
		for i := range 6 {
			tell(&s, co, fmt.Sprint(i), simply, 0, c.Wait)
		}
		is(t, c, "<Cond waiting 6>")
		for _, n := range []int{0, -1, 1, 2} {
			c.Notify(n)
		}
		s.check(t) // not before the next iteration
		pause(t, co, 1)
		s.check(t, "0 {}", "1 {}", "2 {}")
		c.NotifyAll()
		tell(&s, co, "late", simply, 0, c.Wait)
		pause(t, co, 1)
		s.check(t, "0 {}", "1 {}", "2 {}", "3 {}", "4 {}", "5 {}")
		c.Notify(100)
		is(t, c, "<Cond waiting 0>")
		return nil
	})
}

// L02, L03: whoever has timed out uses up no notification; one that came in time
// counts, also in the same second.
func TestCondTimeout(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		c := loop.NewCond(co.Loop())
		tell(&s, co, "first", w, 1, c.Wait)
		tell(&s, co, "second", simply, 0, c.Wait)
		tell(&s, co, "last", w, 3, c.Wait)
		sleep(t, co, 2)
		c.Notify(1)
		sleep(t, co, 2)
		s.check(t, "first late", "second {}", "last late")
		is(t, c, "<Cond waiting 0>")

		co.Loop().After(seconds(1), func() { c.Notify(2) })
		tell(&s, co, "in time", w, 1, c.Wait)
		sleep(t, co, 2)
		s.check(t, "first late", "second {}", "last late", "in time {}")
		is(t, c, "<Cond waiting 0>")
	})
}

// L03, in Tornado's numbers: of four waiters the second has timed out, and two
// notifications reach the first and the third.
func TestCondNotifyPassesOver(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		c := loop.NewCond(co.Loop())
		for i := range 4 {
			how := simply
			if i == 1 {
				how = w
			}
			tell(&s, co, fmt.Sprint(i), how, 1, c.Wait)
		}
		sleep(t, co, 2)
		c.Notify(2)
		pause(t, co, 1)
		s.check(t, "1 late", "0 {}", "2 {}")
		is(t, c, "<Cond waiting 1>")
	})
}

// L04: whoever was woken may notify further.
func TestCondNestedNotify(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		c := loop.NewCond(co.Loop())
		for i := range 3 {
			c.Wait().OnDone(func(*loop.Future[struct{}]) {
				s.add(fmt.Sprint(i))
				c.Notify(1)
			})
		}
		c.Notify(1)
		pause(t, co, 3)
		s.check(t, "0", "1", "2")
		return nil
	})
}

// Whoever joins while others are being woken is not woken with them: here as the
// Any of a woken one leaves a promise, whose owner comes back to wait.
func TestCondJoinedMeanwhile(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, e := loop.NewCond(co.Loop()), loop.NewEvent(co.Loop())
		for i, wait := range []func() *loop.Future[struct{}]{c.Wait, e.Wait} {
			var joined *loop.Future[struct{}]
			other := loop.NewPromise[struct{}](co.Loop())
			either := loop.Any(co.Loop(), wait(), other.Future())
			other.OnWithdraw(func() {
				e.Clear()
				joined = wait()
			})
			if i == 0 {
				c.NotifyAll()
			} else {
				e.Set()
			}
			if !either.Done() || joined == nil || joined.Done() {
				t.Errorf("%v, joined %v", either, joined)
			}
		}
		return nil
	})
}

// L06: an event wakes all who wait when it is set, and makes those wait who come
// when it is clear.
func TestEvent(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		e := loop.NewEvent(co.Loop())
		is(t, e, "<Event clear, waiting 0>")
		for i := range 3 {
			tell(&s, co, fmt.Sprint(i), simply, 0, e.Wait)
		}
		is(t, e, "<Event clear, waiting 3>")
		if e.IsSet() {
			t.Error("set from the start")
		}
		e.Set()
		e.Set() // twice is once
		if !e.IsSet() || !e.Wait().Done() {
			t.Error("not set")
		}
		is(t, e, "<Event set>")
		e.Clear() // they go on all the same
		tell(&s, co, "late", simply, 0, e.Wait)
		pause(t, co, 1)
		s.check(t, "0 {}", "1 {}", "2 {}")
		e.Set()
		tell(&s, co, "at once", simply, 0, e.Wait)
		pause(t, co, 1)
		s.check(t, "0 {}", "1 {}", "2 {}", "at once {}", "late {}")
		return nil
	})
}

// L06: a wait for an event can time out.
func TestEventTimeout(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		e := loop.NewEvent(co.Loop())
		tell(&s, co, "first", w, 1, e.Wait)
		tell(&s, co, "second", w, 3, e.Wait)
		sleep(t, co, 2)
		is(t, e, "<Event clear, waiting 1>")
		e.Set()
		sleep(t, co, 2)
		s.check(t, "first late", "second {}")
	})
}

// L07: permits are taken, waited for in turn, and given back; there may be more of
// them in the end.
func TestSemaphore(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		l := co.Loop()
		wantPanic(t, func() { loop.NewSemaphore(l, -1) }, "loop:", "-1 permits")
		sem := loop.NewSemaphore(l, 1)
		is(t, sem, "<Semaphore free 1, waiting 0>")
		tell(&s, co, "a", simply, 0, sem.Acquire)
		s.check(t, "a {}")
		tell(&s, co, "b", simply, 0, sem.Acquire)
		tell(&s, co, "c", simply, 0, sem.Acquire)
		is(t, sem, "<Semaphore free 0, waiting 2>")
		sem.Release()
		if sem.TryAcquire() {
			t.Error("TryAcquire took what was another one's")
		}
		pause(t, co, 1)
		s.check(t, "a {}", "b {}")
		for range 3 {
			sem.Release()
		}
		is(t, sem, "<Semaphore free 2, waiting 0>")
		got := []bool{sem.TryAcquire(), sem.TryAcquire(), sem.TryAcquire()}
		if !slices.Equal(got, []bool{true, true, false}) {
			t.Error("not two permits:", got)
		}
		pause(t, co, 1)
		s.check(t, "a {}", "b {}", "c {}")
		return nil
	})
}

// L07: an Acquire that timed out takes no permit; one that was served in time has
// it, also if the time was up in the same instant.
func TestSemaphoreTimeout(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		sem := loop.NewSemaphore(co.Loop(), 0)
		tell(&s, co, "a", w, 1, sem.Acquire)
		sleep(t, co, 2)
		sem.Release()
		is(t, sem, "<Semaphore free 1, waiting 0>")
		sem.TryAcquire()
		co.Loop().After(seconds(1), sem.Release)
		tell(&s, co, "b", w, 1, sem.Acquire)
		sleep(t, co, 2)
		s.check(t, "a late", "b {}")
		is(t, sem, "<Semaphore free 0, waiting 0>")
	})
}

// A cancellation and a permit in one iteration: the permit wins, whichever came
// first, and whoever got it knows.
func TestSemaphoreCancelAndRelease(t *testing.T) {
	for _, cancelFirst := range []bool{true, false} {
		looptest.Run(t, func(co *loop.Co) error {
			var s story
			sem := loop.NewSemaphore(co.Loop(), 0)
			scope, cancel := co.WithCancel()
			f := tell(&s, scope, "a", simply, 0, sem.Acquire)
			tell(&s, co, "b", simply, 0, sem.Acquire)
			if cancelFirst {
				cancel(nil)
				sem.Release()
			} else {
				sem.Release()
				cancel(nil)
			}
			_, err := loop.Await(co, f)
			s.check(t, "a {}")
			is(t, sem, "<Semaphore free 0, waiting 1>")
			sem.Release()
			pause(t, co, 1)
			s.check(t, "a {}", "b {}")
			return err
		})
	}
}

// Of several Acquires under Any one gets a permit, the others leave.
func TestSemaphoreAny(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		sem := loop.NewSemaphore(l, 0)
		either := loop.Any(l, sem.Acquire(), sem.Acquire(), sem.Acquire())
		sem.Release()
		sem.Release()
		is(t, sem, "<Semaphore free 1, waiting 0>")
		_, err := loop.Await(co, either)
		return err
	})
}

// Whoever kept the future of an Acquire that was withdrawn learns of it.
func TestSemaphoreWithdrawn(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		f := loop.NewSemaphore(co.Loop(), 0).Acquire()
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, f)); err != loop.ErrTimeout {
			t.Error(err)
		}
		if _, err := f.Result(); err != loop.ErrWithdrawn || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return nil
	})
}

// L05, L07: of a hundred thousand waiters who have left nothing is left behind, and
// the one between them is served.
func TestAbandonedWaiters(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	sem, c := loop.NewSemaphore(l, 0), loop.NewCond(l)
	q := loop.NewQueue[int](l, 0)
	n := count(100_000, 100_000, 10_000) / 2
	crowd := func(co *loop.Co) {
		for range n {
			briefly(sem.Acquire())
			briefly(c.Wait())
			briefly(q.Get())
		}
	}
	onLoop(t, l, func(co *loop.Co) error {
		scope, cancel := co.WithCancel()
		cancel(nil)
		before := inUseNow()
		crowd(co)
		a, b, got := sem.Acquire(), c.Wait(), q.Get()
		crowd(co)
		during := inUseNow()
		if err := loop.Sleep(co, 2*time.Second); err != nil {
			return err
		}
		for range n { // and others who do not even begin to wait
			if _, err := loop.Await(scope, sem.Acquire()); !errors.Is(err, context.Canceled) {
				return fmt.Errorf("under a cancelled Co: %v", err)
			}
		}
		is(t, sem, "<Semaphore free 0, waiting 1>")
		is(t, c, "<Cond waiting 1>")
		is(t, q, "<Queue len 0, cap 0, getters 1, putters 0, unfinished 0>")
		// The loop keeps the room that so many timers and callbacks took.
		if after := inUseNow(); after-before > (during-before)/3 {
			t.Errorf("%d bytes before, %d with all, %d when they have left", before, during, after)
		}
		sem.Release()
		c.Notify(1)
		err := q.TryPut(7)
		if !a.Done() || !b.Done() || !got.Done() {
			t.Error("those who wait were not reached")
		}
		return err
	})
}

// briefly waits for a second, without a coroutine.
func briefly[T any](f *loop.Future[T]) {
	loop.WithTimeout(time.Second, f).OnDone(func(*loop.Future[T]) {})
}

// inUseNow is the size of what the collector leaves.
func inUseNow() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// L08: With has the permit while its function runs, and gives it back however that
// ends; when the wait fails, the function is not called.
func TestWith(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		sem, mu := loop.NewSemaphore(l, 1), loop.NewMutex(l)
		for _, x := range []struct {
			with func(*loop.Co, func() error) error
			is   fmt.Stringer
			free string
			held string
		}{
			{sem.With, sem, "<Semaphore free 1, waiting 0>", "<Semaphore free 0, waiting 0>"},
			{mu.With, mu, "<Mutex unlocked>", "<Mutex locked, waiting 0>"},
		} {
			oops := errors.New("oops")
			err := x.with(co, func() error {
				is(t, x.is, x.held)
				return oops
			})
			if err != oops {
				t.Errorf("%v, want what the function returned", err)
			}
			is(t, x.is, x.free)
			wantPanic(t, func() { _ = x.with(co, func() error { panic("in it") }) }, "in it")
			is(t, x.is, x.free)
			err = x.with(co, func() error {
				scope, done := co.WithTimeout(time.Second)
				defer done()
				err := x.with(scope, func() error {
					t.Error("called without a permit")
					return nil
				})
				if !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("timed out with %v", err)
				}
				is(t, x.is, x.held)
				return nil
			})
			if err != nil {
				return err
			}
			is(t, x.is, x.free)
			loop.Go(co, func(*loop.Co) (struct{}, error) {
				wantPanic(t, func() { _ = x.with(co, nil) }, "loop: With with the Co of a coroutine that is not the one running")
				return struct{}{}, nil
			})
			is(t, x.is, x.free)
		}
		return nil
	})
}

// L08, L10: those who contend come in turn, with With and without.
func TestWithInTurn(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		mu := loop.NewMutex(co.Loop())
		err := loop.WithGroup(co, func(g *loop.Group) error {
			for i := range 6 {
				g.Go(func(co *loop.Co) error {
					work := func() error {
						s.add(fmt.Sprint("begin ", i))
						err := loop.Sleep(co, time.Duration(6-i)*time.Second)
						s.add(fmt.Sprint("end ", i))
						return err
					}
					if i%2 == 0 {
						return mu.With(co, work)
					}
					if _, err := loop.Await(co, mu.Lock()); err != nil {
						return err
					}
					defer mu.Unlock()
					return work()
				})
			}
			is(t, mu, "<Mutex locked, waiting 5>")
			return nil
		})
		s.check(t, "begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2",
			"begin 3", "end 3", "begin 4", "end 4", "begin 5", "end 5")
		return err
	})
}

// L09: a bounded semaphore never has more permits than at first.
func TestBoundedSemaphore(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		sem := loop.NewBoundedSemaphore(co.Loop(), 2)
		tooMany := func() {
			t.Helper()
			wantPanic(t, sem.Release, "loop: Semaphore.Release", "all 2 permits")
			is(t, sem, "<Semaphore free 2, waiting 0>")
		}
		tooMany()
		sem.TryAcquire()
		sem.TryAcquire()
		sem.Release()
		sem.Release()
		tooMany()
		wantPanic(t, func() {
			_ = sem.With(co, func() error {
				sem.Release() // what With will release
				return nil
			})
		}, "all 2 permits")
		return nil
	})
}

// L10: a mutex is unlocked once for each time it was locked, may be tried, and knows
// nothing of who holds it.
func TestMutex(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		mu := loop.NewMutex(co.Loop())
		wantPanic(t, mu.Unlock, "loop: Unlock of a Mutex that is not locked")
		if !mu.TryLock() || mu.TryLock() {
			t.Error("TryLock locks once")
		}
		if got := waitFor(co, w, 1, mu.Lock); got != "late" { // its own
			t.Errorf("locked twice: %s", got)
		}
		tell(&s, co, "a", w, 1, mu.Lock)
		tell(&s, co, "b", w, 3, mu.Lock)
		sleep(t, co, 2)
		mu.Unlock()
		is(t, mu, "<Mutex locked, waiting 0>") // by b, before it runs
		pause(t, co, 1)
		s.check(t, "a late", "b {}")
		mu.Unlock()
		wantPanic(t, mu.Unlock, "not locked")
		is(t, mu, "<Mutex unlocked>")
	})
}

// All of it belongs to the loop, and says so.
func TestLocksAreTheLoops(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		sem, mu, e, c := loop.NewSemaphore(l, 0), loop.NewMutex(l), loop.NewEvent(l), loop.NewCond(l)
		q := loop.NewQueue[int](l, 0)
		calls := map[string]func(){
			"NewSemaphore":      func() { loop.NewSemaphore(l, 1) },
			"NewEvent":          func() { loop.NewEvent(l) },
			"NewCond":           func() { loop.NewCond(l) },
			"NewQueue":          func() { loop.NewLIFOQueue[int](l, 1) },
			"Semaphore.Acquire": func() { sem.Acquire() },
			"Semaphore.Release": sem.Release,
			"Mutex.Lock":        func() { mu.Lock() },
			"Mutex.Unlock":      mu.Unlock,
			"Event.Set":         e.Set,
			"Event.Clear":       e.Clear,
			"Event.IsSet":       func() { e.Wait() },
			"Cond.Wait":         func() { c.Wait() },
			"Cond.Notify":       c.NotifyAll,
			"Queue.Put":         func() { q.Put(1) },
			"Queue.Get":         func() { q.Get() },
			"Queue.TaskDone":    q.TaskDone,
			"Queue.Join":        func() { q.Join() },
			"Queue.Len":         func() { q.Len() },
		}
		onGoroutine(t, func() {
			for name, call := range calls {
				wantPanic(t, call, "loop: "+name+" called by goroutine")
			}
		})
		return nil
	})
}

// What need not wait makes no garbage.
func TestLocksAllocs(t *testing.T) {
	l := machineLoop(t, nil)
	onLoop(t, l, func(co *loop.Co) error {
		sem, mu, e, q := loop.NewSemaphore(l, 1), loop.NewMutex(l), loop.NewEvent(l), loop.NewQueue[int](l, 8)
		e.Set()
		nop := func() error { return nil }
		for name, fn := range map[string]func(){
			"Semaphore": func() {
				if _, err := loop.Await(co, sem.Acquire()); err == nil {
					sem.Release()
				}
			},
			"Mutex.With": func() { _ = mu.With(co, nop) },
			"Event":      func() { _, _ = loop.Await(co, e.Wait()) },
			"Queue": func() {
				if _, err := loop.Await(co, q.Put(1)); err == nil {
					_, _ = q.TryGet()
				}
			},
		} {
			want := 0.0
			if owner.Enabled {
				want = 100 // each check reads a stack
			}
			if n := testing.AllocsPerRun(100, fn); n > want {
				t.Errorf("%s: %v allocations", name, n)
			}
		}
		return nil
	})
}

// bench runs body as a coroutine of a loop that checks nothing.
func bench(b *testing.B, body func(co *loop.Co)) {
	l := machineLoop(b, nil)
	b.ReportAllocs()
	onLoop(b, l, func(co *loop.Co) error {
		body(co)
		return nil
	})
}

func BenchmarkSemaphore(b *testing.B) {
	bench(b, func(co *loop.Co) {
		sem := loop.NewSemaphore(co.Loop(), 1)
		for b.Loop() {
			if _, err := loop.Await(co, sem.Acquire()); err != nil {
				b.Fatal(err)
			}
			sem.Release()
		}
	})
}

func BenchmarkMutexUncontended(b *testing.B) {
	bench(b, func(co *loop.Co) {
		mu := loop.NewMutex(co.Loop())
		for b.Loop() {
			if _, err := loop.Await(co, mu.Lock()); err != nil {
				b.Fatal(err)
			}
			mu.Unlock()
		}
	})
}

func BenchmarkMutexWith(b *testing.B) {
	bench(b, func(co *loop.Co) {
		mu := loop.NewMutex(co.Loop())
		nop := func() error { return nil }
		for b.Loop() {
			if err := mu.With(co, nop); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkSemaphoreHandOver passes one permit to and fro between two coroutines.
func BenchmarkSemaphoreHandOver(b *testing.B) {
	bench(b, func(co *loop.Co) {
		sem := loop.NewSemaphore(co.Loop(), 0)
		back := loop.NewSemaphore(co.Loop(), 0)
		other := loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for {
				if _, err := loop.Await(co, sem.Acquire()); err != nil {
					return struct{}{}, nil
				}
				back.Release()
			}
		})
		for b.Loop() {
			sem.Release()
			if _, err := loop.Await(co, back.Acquire()); err != nil {
				b.Fatal(err)
			}
		}
		if other.Done() {
			b.Error("the other coroutine has ended")
		}
	})
}
