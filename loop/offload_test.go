package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// offloading makes a loop on virtual time with the limit given.
func offloading(t testing.TB, limit int) *loop.Loop {
	t.Helper()
	return machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), Strict: true, OffloadLimit: limit})
}

// gated is a function for Offload that says when it begins, and returns i once the
// gate opens.
func gated(i int, began, gate chan int) func(context.Context) (int, error) {
	return func(context.Context) (int, error) {
		began <- i
		<-gate
		return i, nil
	}
}

func wantQueue(t testing.TB, l *loop.Loop, running, waiting int) {
	t.Helper()
	if r, w := l.OffloadQueue(); r != running || w != waiting {
		t.Errorf("%d run and %d wait, want %d and %d", r, w, running, waiting)
	}
}

// Never more than the limit run at once, as many as that do, and all of them in the
// end.
func TestOffloadBound(t *testing.T) {
	looptest.NoLeaks(t)
	l := offloading(t, 3)
	onLoop(t, l, func(co *loop.Co) error {
		const n = 50
		began, gate := make(chan int, n), make(chan int)
		var all []*loop.Future[int]
		for i := range n {
			all = append(all, loop.Offload(l, gated(i, began, gate)))
		}
		wantQueue(t, l, 3, n-3)
		for range 3 {
			<-began
		}
		for ended := range n {
			if len(began) > 0 {
				t.Fatal("more run than may")
			}
			gate <- 0
			if ended+3 < n {
				<-began // the next one has the place
			}
		}
		got, err := loop.Await(co, loop.All(l, all...))
		for i, v := range got {
			if v != i {
				t.Errorf("call %d gives %d", i, v)
			}
		}
		wantQueue(t, l, 0, 0)
		return err
	})
}

// I31, C04: two blocking functions run in parallel, as each waits for the other.
func TestOffloadInParallel(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		meet := make(chan int)
		give := loop.Offload(l, func(context.Context) (int, error) { meet <- 7; return 1, nil })
		take := loop.Offload(l, func(context.Context) (int, error) { return <-meet, nil })
		got, err := loop.Await(co, loop.All(l, give, take))
		if err == nil && (got[0] != 1 || got[1] != 7) {
			t.Errorf("got %v", got)
		}
		return err
	})
}

// I30, C02: what is called back, or chained, is on the loop.
func TestOffloadOnDone(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		f := loop.Offload(l, func(context.Context) (int, error) { return 7, nil })
		p, told := loop.NewPromise[int](l), loop.NewPromise[int](l)
		loop.Chain(f, p)
		f.OnDone(func(f *loop.Future[int]) {
			v, _ := f.Result()
			told.Set(v) // for the loop only, which is checked
		})
		got, err := loop.Await(co, loop.All(l, p.Future(), told.Future()))
		if err == nil && (got[0] != 7 || got[1] != 7) {
			t.Errorf("got %v", got)
		}
		return err
	})
}

// The default is four for each processor, sixteen at least.
func TestOffloadLimitDefault(t *testing.T) {
	for procs, want := range map[int]int{1: 16, 4: 16, 5: 20} {
		before := runtime.GOMAXPROCS(procs)
		l := offloading(t, 0)
		runtime.GOMAXPROCS(before)
		onLoop(t, l, func(co *loop.Co) error {
			gate := make(chan int)
			var all []*loop.Future[int]
			for i := range 100 {
				all = append(all, loop.Offload(l, gated(i, make(chan int, 1), gate)))
			}
			wantQueue(t, l, want, 100-want)
			close(gate)
			_, err := loop.Await(co, loop.All(l, all...))
			return err
		})
	}
}

// What waits begins in the order of the calls, and on the goroutine that is there.
func TestOffloadInOrder(t *testing.T) {
	l := offloading(t, 1)
	onLoop(t, l, func(co *loop.Co) error {
		gate := make(chan int)
		first := loop.Offload(l, func(context.Context) (uint64, error) { <-gate; return owner.ID(), nil })
		var order []int
		all := []*loop.Future[uint64]{first}
		for i := range 20 {
			all = append(all, loop.Offload(l, func(context.Context) (uint64, error) {
				order = append(order, i)
				return owner.ID(), nil
			}))
		}
		close(gate)
		ids, err := loop.Await(co, loop.All(l, all...))
		if len(order) != 20 || !slices.IsSorted(order) {
			t.Errorf("the order was %v", order)
		}
		if len(slices.Compact(ids)) != 1 {
			t.Errorf("they ran on the goroutines %v", ids)
		}
		return err
	})
}

// The goroutines end when there is nothing to do, not only with the loop.
func TestOffloadIdleHasNoGoroutine(t *testing.T) {
	l := offloading(t, 4)
	onLoop(t, l, func(co *loop.Co) error {
		var all []*loop.Future[int]
		for i := range 40 {
			all = append(all, loop.Offload(l, func(context.Context) (int, error) { return i, nil }))
		}
		_, err := loop.Await(co, loop.All(l, all...))
		for buf := make([]byte, 1<<20); contains(buf[:runtime.Stack(buf, true)], "loop.(*calls).serve"); {
			runtime.Gosched()
		}
		return err
	})
}

// A call that has not begun when the last one who awaits it leaves never does.
func TestOffloadWithdrawnBefore(t *testing.T) {
	looptest.NoLeaks(t)
	l := offloading(t, 1)
	onLoop(t, l, func(co *loop.Co) error {
		began, gate := make(chan int, 3), make(chan int)
		first := loop.Offload(l, gated(1, began, gate))
		never := loop.Offload(l, gated(2, began, gate))
		last := loop.Offload(l, gated(3, began, gate))
		wantQueue(t, l, 1, 2)
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, never)); err != loop.ErrTimeout {
			t.Error(err)
		}
		wantQueue(t, l, 1, 1)
		if _, err := never.Result(); err != loop.ErrWithdrawn {
			t.Error(err)
		}
		close(gate)
		_, err := loop.Await(co, loop.All(l, first, last))
		if a, b := <-began, <-began; a != 1 || b != 3 || len(began) > 0 {
			t.Errorf("%d and %d began, and %d more", a, b, len(began))
		}
		return err
	})
}

// One that has begun is told by its context, and keeps its place until it returns.
func TestOffloadWithdrawnWhileRunning(t *testing.T) {
	looptest.NoLeaks(t)
	l := offloading(t, 1)
	onLoop(t, l, func(co *loop.Co) error {
		told, gate := make(chan struct{}), make(chan int)
		left := loop.Offload(l, func(ctx context.Context) (int, error) {
			<-ctx.Done()
			close(told)
			<-gate
			return 0, ctx.Err()
		})
		next := loop.Offload(l, func(ctx context.Context) (int, error) { return 7, ctx.Err() })
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, left)); err != loop.ErrTimeout {
			t.Error(err)
		}
		<-told
		wantQueue(t, l, 1, 1)
		close(gate)
		if v, err := loop.Await(co, next); v != 7 || err != nil {
			t.Error(v, err)
		}
		if _, err := loop.Await(co, left); err != context.Canceled {
			t.Error(err)
		}
		return nil
	})
}

// Errors, panics and Goexit are the future's, and cost those behind them nothing.
func TestOffloadFailures(t *testing.T) {
	looptest.NoLeaks(t)
	l := offloading(t, 1)
	onLoop(t, l, func(co *loop.Co) error {
		fails := loop.Offload(l, func(context.Context) (int, error) { return 3, errTest })
		panics := loop.Offload(l, func(context.Context) (int, error) { panicDeepDown("oops"); return 0, nil })
		exits := loop.Offload(l, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		again := loop.Offload(l, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
		works := loop.Offload(l, func(context.Context) (int, error) { return 7, nil })
		if v, err := loop.Await(co, works); v != 7 || err != nil {
			t.Error(v, err)
		}
		if _, err := fails.Result(); err != errTest {
			t.Error(err)
		}
		var pe *loop.PanicError
		if _, err := panics.Result(); !errors.As(err, &pe) || pe.Value != "oops" || !contains(pe.Stack, "panicDeepDown") {
			t.Error(err)
		}
		for _, f := range []*loop.Future[int]{exits, again} {
			if _, err := f.Result(); err != loop.ErrGoexit {
				t.Error(err)
			}
		}
		wantQueue(t, l, 0, 0)
		return nil
	})
}

// Close refuses what waits and tells what runs, for which it does not wait.
func TestOffloadAndClose(t *testing.T) {
	looptest.NoLeaks(t)
	l := offloading(t, 1)
	began, gate, told := make(chan int, 2), make(chan int), make(chan error, 1)
	running := loop.Offload(l, func(ctx context.Context) (int, error) {
		began <- 1
		<-gate
		<-ctx.Done()
		told <- context.Cause(ctx)
		return 0, nil
	})
	waiting := loop.Offload(l, gated(2, began, gate))
	<-began
	l.Close()
	if _, err := waiting.Result(); err != loop.ErrClosed {
		t.Error(err)
	}
	if running.Done() {
		t.Error("it has a result, and still runs")
	}
	wantQueue(t, l, 1, 0)
	close(gate)
	if err := <-told; err != loop.ErrClosed {
		t.Errorf("the cause is %v", err)
	}
	if _, err := loop.Offload(l, gated(3, began, gate)).Result(); err != loop.ErrClosed {
		t.Error(err)
	}
	if len(began) > 0 {
		t.Error("began after Close")
	}
}

// A coroutine that is cleaning up while its loop closes is refused at once.
func TestOffloadWhileClosing(t *testing.T) {
	l := offloading(t, 1)
	began := l.Now()
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		_ = loop.Sleep(co, time.Hour)
		return 0, loop.Shield(co, 0, func(co *loop.Co) error {
			_, err := loop.Await(co, loop.Offload(l, func(context.Context) (int, error) { return 0, errTest }))
			return err
		})
	})
	l.Close()
	if _, err := f.Result(); err != loop.ErrClosed || !l.Now().Equal(began) {
		t.Errorf("%v, after %v", err, l.Now().Sub(began))
	}
}

// Many coroutines, with waits cut short at any moment, and a Close in the midst of it:
// every call ends, the bound holds, nothing is left.
func TestOffloadStress(t *testing.T) {
	looptest.NoLeaks(t)
	eachPoller(t, func(t *testing.T, name string) {
		for round := range count(200, 20, 5) {
			l := machineLoop(t, &loop.Options{Poller: name, OffloadLimit: 4, Logger: slog.New(slog.DiscardHandler)}) // failures come when nobody waits
			var running, ran atomic.Int32
			closeAt := int32(rand.IntN(2000))
			work := func(ctx context.Context) (int, error) {
				defer running.Add(-1)
				if n := running.Add(1); n > 4 {
					t.Errorf("%d run at once", n)
				}
				if ran.Add(1) == closeAt && round%2 == 0 {
					l.Close()
				}
				if rand.IntN(8) == 0 {
					runtime.Goexit()
				}
				return 1, nil
			}
			_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
				return struct{}{}, loop.WithGroup(co, func(g *loop.Group) error {
					for range 50 {
						g.Go(func(co *loop.Co) error { return offloadInTurn(co, work) })
					}
					return nil
				})
			})
			if err != nil && !errors.Is(err, loop.ErrClosed) {
				t.Fatal(err)
			}
			l.Close()
			if _, waiting := l.OffloadQueue(); waiting != 0 {
				t.Fatalf("%d wait on a closed loop", waiting)
			}
		}
	})
}

// offloadInTurn offloads work 20 times and waits a random time for each.
func offloadInTurn(co *loop.Co, work func(context.Context) (int, error)) error {
	for range 20 {
		scope, cancel := co.WithTimeout(time.Duration(rand.IntN(100)) * time.Microsecond)
		_, err := loop.Await(scope, loop.Offload(co.Loop(), work))
		cancel()
		if co.Err() != nil {
			return context.Cause(co)
		}
		if err != nil && err != loop.ErrGoexit && err != context.DeadlineExceeded {
			return err
		}
	}
	return nil
}
