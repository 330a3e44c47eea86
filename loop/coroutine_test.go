package loop_test

import (
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// G01, G12, G14, G17, 1.43: results and errors, before the first wait and after it,
// are in the future and not raised at the call.
func TestCoroutineResults(t *testing.T) {
	for _, start := range []struct {
		name string
		fn   func(parent loop.Parent, body func(*loop.Co) (int, error)) *loop.Future[int]
	}{{"Go", loop.Go[int]}, {"Spawn", loop.Spawn[int]}} {
		t.Run(start.name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				l := co.Loop()
				for _, waits := range []int{0, 1, 3} {
					for _, want := range []error{nil, errTest} {
						f := start.fn(l, func(co *loop.Co) (int, error) {
							for range waits {
								if err := loop.Yield(co); err != nil {
									return 0, err
								}
							}
							return 42, want
						})
						v, err := loop.Await(co, f)
						if err != want || err == nil && v != 42 {
							t.Errorf("%d waits: %v, %v, want error %v", waits, v, err, want)
						}
					}
				}
				return nil
			})
		})
	}
}

// G03: a body can be run again. G04, G14: nothing to return is a result too.
func TestCoroutineBodyIsReusable(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := 0
		body := func(co *loop.Co) (struct{}, error) {
			n++
			return struct{}{}, loop.Yield(co)
		}
		for range 3 {
			if _, err := loop.Await(co, loop.Go(co, body)); err != nil {
				return err
			}
		}
		if n != 3 {
			t.Errorf("ran %d times", n)
		}
		return nil
	})
}

// G18, G19, G22: an error can be replaced or swallowed; later ones know nothing of it.
func TestCoroutineErrorsAreValues(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		fails := func(co *loop.Co) (int, error) { return 0, errors.Join(loop.Yield(co), errTest) }
		other := errors.New("other")
		replaced := loop.Go(co, func(co *loop.Co) (int, error) {
			if _, err := loop.Await(co, loop.Go(co, fails)); !errors.Is(err, errTest) {
				t.Error(err)
			}
			return 0, other
		})
		swallowed := loop.Go(co, func(co *loop.Co) (int, error) {
			if _, err := loop.Await(co, loop.Go(co, fails)); err != nil {
				return 7, nil
			}
			return 0, nil
		})
		if _, err := loop.Await(co, replaced); err != other || errors.Is(err, errTest) {
			t.Error(err)
		}
		if v, err := loop.Await(co, swallowed); v != 7 || err != nil {
			t.Error(v, err)
		}
		return nil
	})
}

// A panic becomes the future's error, also panic(nil); the loop and the worker's pool
// are sound after it.
func TestCoroutinePanics(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, start := range []func(loop.Parent, func(*loop.Co) (int, error)) *loop.Future[int]{loop.Go[int], loop.Spawn[int]} {
			for _, waits := range []int{0, 1} {
				for _, value := range []any{"oops", errTest, nil} {
					f := start(co, func(co *loop.Co) (int, error) {
						for range waits {
							_ = loop.Yield(co)
						}
						panic(value)
					})
					_, err := loop.Await(co, f)
					var p *loop.PanicError
					if !errors.As(err, &p) || p.Where != "coroutine" || !contains(p.Stack, "TestCoroutinePanics") {
						t.Errorf("panic(%v) after %d waits: %v", value, waits, err)
						continue
					}
					if value == nil {
						var std *runtime.PanicNilError
						if !errors.As(err, &std) {
							t.Errorf("panic(nil): %v", err)
						}
					} else if p.Value != value {
						t.Errorf("the value is %v, want %v", p.Value, value)
					}
				}
			}
		}
		return coroutinesWork(co)
	})
}

// coroutinesWork wants the loop to be able to go on.
func coroutinesWork(co *loop.Co) error {
	for i := range 20 {
		v, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) {
			w, err := loop.Await(co, loop.Spawn(co, func(co *loop.Co) (int, error) { return i, loop.Yield(co) }))
			return w + 1, err
		}))
		if v != i+1 || err != nil {
			return fmt.Errorf("afterwards: %v, %w", v, err)
		}
	}
	return nil
}

// runtime.Goexit (a test's FailNow) in a body is its future's ErrGoexit. It ends
// neither the loop nor anyone else's coroutine.
func TestCoroutineGoexit(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		goexit := func(waits int) func(co *loop.Co) (int, error) {
			return func(co *loop.Co) (int, error) {
				for range waits {
					_ = loop.Yield(co)
				}
				runtime.Goexit()
				return 0, nil
			}
		}
		want := func(co *loop.Co, where string, f *loop.Future[int]) {
			if _, err := loop.Await(co, f); err != loop.ErrGoexit {
				t.Errorf("%s: %v", where, err)
			}
		}
		want(co, "before the first wait", loop.Go(co, goexit(0)))
		want(co, "after it", loop.Go(co, goexit(1)))
		want(co, "spawned", loop.Spawn(co, goexit(0)))
		want(co, "spawned, after a wait", loop.Spawn(co, goexit(2)))

		// Nested: the parent goes on where it started the child.
		v, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) {
			for range 3 {
				want(co, "nested", loop.Go(co, goexit(0)))
			}
			return 7, loop.Yield(co)
		}))
		if v != 7 || err != nil {
			t.Errorf("the parent: %v, %v", v, err)
		}

		// In the middle of a batch that one worker runs.
		var batch []*loop.Future[int]
		for i := range 9 {
			if i%3 == 1 {
				batch = append(batch, loop.Spawn(co, goexit(0)))
				continue
			}
			batch = append(batch, loop.Spawn(co, func(*loop.Co) (int, error) { return i, nil }))
		}
		called := false
		l.Call(func() { called = true })
		for i, f := range batch {
			if i%3 == 1 {
				want(co, "batch", f)
			} else if v, err := loop.Await(co, f); v != i || err != nil {
				t.Errorf("batch, %d: %v, %v", i, v, err)
			}
		}
		if !called {
			t.Error("the callback behind the batch did not run")
		}
		return coroutinesWork(co)
	})
}

// Started outside Run, a coroutine that exits leaves its starter alone.
func TestCoroutineGoexitOutsideRun(t *testing.T) {
	l := looptest.New(t)
	f := loop.Go(l, func(*loop.Co) (int, error) { runtime.Goexit(); return 0, nil })
	if _, err := f.Result(); err != loop.ErrGoexit {
		t.Error(err)
	}
	g := loop.Go(l, func(co *loop.Co) (int, error) { return 3, loop.Yield(co) })
	onLoop(t, l, coroutinesWork)
	if v, err := g.Result(); v != 3 || err != nil {
		t.Error(v, err)
	}
}

// Only the running coroutine can wait, and only with its own Co.
func TestAwaitWithForeignCo(t *testing.T) {
	l, _ := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		const want = "not the one running"
		var kept *loop.Co
		_, err := loop.Await(co, loop.Go(co, func(child *loop.Co) (int, error) {
			kept = child
			wantPanic(t, func() { _, _ = loop.Await(co, l.Void()) }, "Await", want)
			wantPanic(t, func() { _ = loop.Sleep(co, 0) }, "Sleep", want)
			wantPanic(t, func() { _ = loop.Yield(co) }, "Yield", want)
			wantPanic(t, func() { _ = loop.Shield(co, 0, func(*loop.Co) error { return nil }) }, "Shield", want)
			wantPanic(t, func() { _ = loop.WithGroup(co, func(*loop.Group) error { return nil }) }, "WithGroup", want)
			return 0, nil
		}))
		if err != nil {
			return err
		}
		// After its body's end.
		wantPanic(t, func() { _, _ = loop.Await(kept, l.Void()) }, want)
		// From a callback.
		text := ""
		l.Call(func() { text = panicText(func() { _ = loop.Yield(co) }) })
		if err := loop.Yield(co); err != nil {
			return err
		}
		if text != "loop: Yield with the Co of a coroutine that is not the one running; a Co belongs to its own body" {
			t.Errorf("from a callback: %q", text)
		}
		return nil
	})
}

// From another goroutine a loop-only function says whose the loop is.
func TestAwaitFromAnotherGoroutine(t *testing.T) {
	l, _ := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		text := ""
		onGoroutine(t, func() {
			text = panicText(func() { _, _ = loop.Await(co, l.Void()) })
		})
		if !contains([]byte(text), "Await called by goroutine") || !contains([]byte(text), "TestAwaitFromAnotherGoroutine") {
			t.Errorf("%q", text)
		}
		return nil
	})
}

// A body may run an iter.Pull of its own, and wait inside that.
func TestAwaitInsidePull(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		next, stop := iter.Pull(func(yield func(int) bool) {
			for i := range 5 {
				v, err := loop.Await(co, after(l, time.Second, i, nil))
				if err != nil {
					t.Error(err)
				}
				if err := loop.Sleep(co, time.Second); err != nil {
					t.Error(err)
				}
				w, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) { return 10 * v, loop.Yield(co) }))
				if err != nil {
					t.Error(err)
				}
				if !yield(w) {
					return
				}
			}
		})
		defer stop()
		start := l.Now()
		for i := range 3 {
			if v, ok := next(); v != 10*i || !ok {
				t.Errorf("%v, %v, want %d", v, ok, 10*i)
			}
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		if got := l.Now().Sub(start); got != 6*time.Second {
			t.Errorf("took %v", got)
		}
		return nil
	})
}

// Go inside Go, each waiting for its child: the depth is bounded by memory alone.
func TestGoInsideGoDeep(t *testing.T) {
	if owner.Enabled {
		t.Log("reduced: the race detector takes no more than 8128 goroutines")
	}
	depth := count(100_000, 100_000, 2_000)
	l, err := loop.New(&loop.Options{Poller: "chan"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	onLoop(t, l, func(co *loop.Co) error {
		p := loop.NewPromise[int](l)
		var descend func(co *loop.Co, n int) (int, error)
		descend = func(co *loop.Co, n int) (int, error) {
			if n == 0 {
				return loop.Await(co, p.Future())
			}
			v, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) { return descend(co, n-1) }))
			return v + 1, err
		}
		f := loop.Go(co, func(co *loop.Co) (int, error) { return descend(co, depth) })
		p.Set(0)
		v, err := loop.Await(co, f)
		if v != depth {
			t.Errorf("came back from %d, want %d", v, depth)
		}
		return err
	})
}

// G34: a suspended coroutine that only its promise holds survives the collector.
// G33: so does an iteration.
func TestSuspendedCoroutineSurvivesGC(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		got := 0
		p := loop.NewPromise[int](l)
		func() {
			loop.Go(l, func(co *loop.Co) (int, error) {
				local := []int{1, 2, 3}
				for i, f := range loop.AsCompleted(co, p.Future()) {
					v, _ := f.Result()
					got = v + local[i+2]
				}
				return 0, nil
			})
		}()
		for range 3 {
			runtime.GC()
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		p.Set(4)
		if err := loop.Yield(co); err != nil {
			return err
		}
		if got != 7 {
			t.Errorf("got %d", got)
		}
		return nil
	})
}

// G23: what a finished body used is freed, also while its future is kept.
func TestFinishedCoroutineFreesItsLocals(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		freed := make(chan struct{})
		f := func() *loop.Future[int] {
			big := &struct{ data [1 << 16]byte }{}
			runtime.AddCleanup(big, func(c chan struct{}) { close(c) }, freed)
			return loop.Go(co, func(co *loop.Co) (int, error) {
				err := loop.Yield(co)
				return int(big.data[0]), err
			})
		}()
		if _, err := loop.Await(co, f); err != nil {
			return err
		}
		for range 100 {
			runtime.GC()
			select {
			case <-freed:
				runtime.KeepAlive(f)
				return nil
			case <-time.After(time.Millisecond):
			}
		}
		return errors.New("the body's variables are still held")
	})
}

// G35: closing the loop ends a coroutine that waits for ever, and runs its defers.
func TestCloseRunsDefersOfCoroutines(t *testing.T) {
	looptest.NoLeaks(t)
	l, _ := recorded(t)
	deferred, ended := false, false
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		defer func() { deferred = true }()
		for {
			if err := loop.Sleep(co, time.Hour); err != nil {
				return 0, err
			}
		}
	})
	g := loop.Spawn(l, func(co *loop.Co) (int, error) {
		_, err := loop.Await(co, loop.NewPromise[int](l).Future())
		ended = true
		return 1, err
	})
	l.Close()
	if !deferred || !ended {
		t.Errorf("deferred call ran: %v, spawned body ended: %v", deferred, ended)
	}
	for _, f := range []*loop.Future[int]{f, g} {
		if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
			t.Error(err)
		}
	}
}

// On a closed loop nothing starts.
func TestGoOnClosedLoop(t *testing.T) {
	l, _ := recorded(t)
	l.Close()
	body := func(*loop.Co) (int, error) {
		t.Error("the body runs")
		return 0, nil
	}
	for _, f := range []*loop.Future[int]{loop.Go(l, body), loop.Spawn(l, body)} {
		if _, err := f.Result(); err != loop.ErrClosed {
			t.Error(err)
		}
	}
	if loop.SpawnJob(l, &job{run: func(*loop.Co) error { t.Error("the job runs"); return nil }}) != nil {
		t.Error("a job has a Co")
	}
}

type job struct {
	run   func(co *loop.Co) error
	ended func(err error)
}

func (j *job) Run(co *loop.Co) error { return j.run(co) }
func (j *job) Ended(err error)       { j.ended(err) }

// A Job is told once how it ended, whichever way it did.
func TestSpawnJob(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		for _, tt := range []struct {
			name string
			run  func(co *loop.Co) error
			want func(err error) bool
		}{
			{"value", func(co *loop.Co) error { return nil }, func(err error) bool { return err == nil }},
			{"error", func(co *loop.Co) error { return errors.Join(loop.Yield(co), errTest) },
				func(err error) bool { return errors.Is(err, errTest) }},
			{"panic", func(co *loop.Co) error { panic(errTest) },
				func(err error) bool { return errors.Is(err, errTest) }},
			{"goexit", func(co *loop.Co) error { runtime.Goexit(); return nil },
				func(err error) bool { return err == loop.ErrGoexit }},
			{"cancelled", func(co *loop.Co) error { return loop.Sleep(co, time.Hour) },
				func(err error) bool { return errors.Is(err, errTest) }},
		} {
			var ends []error
			jco := loop.SpawnJob(co, &job{tt.run, func(err error) { ends = append(ends, err) }})
			if jco.Loop() != l || jco == co {
				t.Error("not a Co of its own")
			}
			if tt.name == "cancelled" {
				jco.Cancel(errTest)
			}
			for range 3 {
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			if len(ends) != 1 || !tt.want(ends[0]) {
				t.Errorf("%s: ended with %v", tt.name, ends)
			}
		}
		// Ended that panics is not told again.
		n := 0
		loop.SpawnJob(co, &job{func(*loop.Co) error { return nil }, func(error) { n++; panic("oops") }})
		if err := loop.Yield(co); err != nil {
			return err
		}
		if n != 1 || log.count("oops") != 1 {
			t.Errorf("told %d times; the log is\n%s", n, log)
		}
		return coroutinesWork(co)
	})
}

// TestWaiter: a job is told before each wait of its coroutine, also within what it calls,
// and not of waits that are over before they begin.
func TestWaiter(t *testing.T) {
	l, _ := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		var told []string
		note := func(what string) { told = append(told, what) }
		w := &waiter{note: note}
		w.run = func(co *loop.Co) error {
			_, _ = loop.Await(co, l.Void())
			loop.Go(co, func(co *loop.Co) (int, error) { return 0, loop.Yield(co) })
			note("first")
			err := loop.Yield(co)
			note("second")
			_ = loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, 1) })
			co.Cancel(errTest)
			return errors.Join(err, loop.Sleep(co, 1))
		}
		w.ended = func(error) { note("end") }
		loop.SpawnJob(co, w)
		if err := loop.Sleep(co, time.Millisecond); err != nil {
			return err
		}
		if want := []string{"first", "waits", "second", "waits", "end"}; !slices.Equal(told, want) {
			t.Errorf("told %q, want %q", told, want)
		}
		return nil
	})
}

type waiter struct {
	job
	note func(what string)
}

func (w *waiter) Waits() { w.note("waits") }

// A Job that will not end when the loop is closed is ended, and named.
func TestStubbornJobIsNamed(t *testing.T) {
	l, log := recorded(t)
	var ends []error
	loop.SpawnJob(l, &job{func(co *loop.Co) error {
		for {
			_ = loop.Yield(co)
		}
	}, func(err error) { ends = append(ends, err) }})
	l.Close()
	if len(ends) != 1 || ends[0] != loop.ErrClosed || log.count("body=*loop_test.job") != 1 {
		t.Errorf("ended with %v; the log is\n%s", ends, log)
	}
}

// Sleep gives way also when its time is nothing.
func TestSleep(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		for _, d := range []time.Duration{time.Hour, time.Nanosecond, 0, -time.Second} {
			other := false
			l.Call(func() { other = true })
			if err := loop.Sleep(co, d); err != nil {
				return err
			}
			if !other {
				t.Errorf("Sleep(%v) did not give way", d)
			}
		}
		if got := l.Now().Sub(start); got != time.Hour+1 {
			t.Errorf("slept %v", got)
		}
		return nil
	})
}

// Current is for code that must wait and was given no Co.
func TestCurrent(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		if co.Loop().Current() == nil {
			t.Error("none runs")
		}
		_, err := loop.Await(co, loop.Go(l, func(co *loop.Co) (int, error) {
			if l.Current() != co {
				t.Error("not the innermost")
			}
			return 0, loop.Yield(l.Current())
		}))
		ran := false
		l.Call(func() {
			ran = true
			if l.Current() != nil {
				t.Error("a coroutine runs in a callback")
			}
		})
		if err := loop.Yield(co); err != nil {
			return err
		}
		if !ran {
			t.Error("the callback did not run")
		}
		return err
	})
}

// What a coroutine and a timer cost at rest. The full count is a million of each.
func TestMillionCoroutinesAndTimers(t *testing.T) {
	n := count(1_000_000, 10_000, 4_000)
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	onLoop(t, l, func(co *loop.Co) error {
		before := inUse()
		p := loop.NewPromise[struct{}](l)
		ended, fired := 0, 0
		for range n {
			loop.Go(l, func(co *loop.Co) (struct{}, error) {
				defer func() { ended++ }()
				return loop.Await(co, p.Future())
			})
		}
		coroutines := inUse()
		for i := range n {
			l.After(time.Duration(i)*time.Millisecond, func() { fired++ })
		}
		timers := inUse()
		t.Logf("%d of each: a suspended coroutine takes %d bytes, a timer %d", n, (coroutines-before)/int64(n), (timers-coroutines)/int64(n))
		p.Set(struct{}{})
		err := loop.Sleep(co, time.Duration(n)*time.Millisecond)
		if ended != n || fired != n {
			t.Errorf("%d coroutines ended and %d timers fired, of %d", ended, fired, n)
		}
		return err
	})
}

// inUse is the memory that live objects and stacks take.
func inUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
