package loop_test

import (
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// goroutineOf is the goroutine that runs l.
func goroutineOf(t testing.TB, l *loop.Loop) uint64 {
	t.Helper()
	got := make(chan uint64, 1)
	if err := l.Post(func() { got <- owner.ID() }); err != nil {
		t.Fatal(err)
	}
	return within(t, got)
}

// Each loop of a pool runs on a goroutine of its own, and they take turns.
func TestPool(t *testing.T) {
	looptest.NoLeaks(t)
	eachPoller(t, func(t *testing.T, name string) {
		p := pooled(t, 3, &loop.Options{Poller: name})
		goroutines := map[uint64]bool{}
		for i := range 6 {
			l := p.Next()
			if want := p.Loops()[i%3]; l != want || l.PollerName() != name {
				t.Errorf("loop %d is not the next", i)
			}
			goroutines[goroutineOf(t, l)] = true
		}
		if len(goroutines) != 3 || p.Size() != 3 {
			t.Errorf("%d loops, on %d goroutines", p.Size(), len(goroutines))
		}
	})
}

// The default is one loop for each processor that Go uses.
func TestPoolSizeDefault(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(3))
	for _, n := range []int{0, -1} {
		if got := pooled(t, n, nil).Size(); got != 3 {
			t.Errorf("%d loops", got)
		}
	}
}

// What New refuses, NewPool refuses, and leaves nothing.
func TestPoolOfUnknownPoller(t *testing.T) {
	looptest.NoLeaks(t)
	if _, err := loop.NewPool(2, &loop.Options{Poller: "none such"}); err == nil {
		t.Error("no error")
	}
}

// A loop goes on after a Stop, and after a callback that calls runtime.Goexit, which is
// logged.
func TestPoolLoopGoesOn(t *testing.T) {
	looptest.NoLeaks(t)
	log := &record{grown: make(chan struct{}, 1)}
	p := pooled(t, 1, &loop.Options{Logger: slog.New(log)})
	l := p.Next()
	for range 100 {
		l.Stop()
		before := goroutineOf(t, l)
		if err := l.Post(runtime.Goexit); err != nil {
			t.Fatal(err)
		}
		if after := goroutineOf(t, l); after == before {
			t.Error("the goroutine that exited goes on")
		}
	}
	if err := p.Shutdown(context.Background()); err != nil || log.count("Goexit") != 100 {
		t.Errorf("%v, and the log has\n%s", err, log)
	}
}

// Goexit while the loop closes does not keep the pool from ending.
func TestPoolGoexitWhileClosing(t *testing.T) {
	looptest.NoLeaks(t)
	p := pooled(t, 2, &loop.Options{Logger: slog.New(slog.DiscardHandler)})
	for _, l := range p.Loops() {
		if err := l.Post(func() {
			l.Call(runtime.Goexit)
			l.Close()
		}); err != nil {
			t.Fatal(err)
		}
	}
}

// A loop that is closed alone is left out from then on; of a pool that is closed, Next
// gives loops that refuse.
func TestPoolNextLeavesOutClosed(t *testing.T) {
	p := pooled(t, 3, nil)
	p.Loops()[1].Close()
	for range 10 {
		if p.Next() == p.Loops()[1] {
			t.Error("Next gives a closed loop")
		}
	}
	p.Close()
	if err := p.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := p.Next().Post(func() {}); err != loop.ErrClosed {
		t.Error(err)
	}
}

// Shutdown ends coroutines as Close of a loop does, and waits for all loops, but not
// longer than its context.
func TestPoolShutdown(t *testing.T) {
	looptest.NoLeaks(t)
	p := pooled(t, 2, nil)
	causes := make(chan error, 2)
	gate, blocks := make(chan int), make(chan int)
	for _, l := range p.Loops() {
		if err := l.Post(func() {
			loop.Go(l, func(co *loop.Co) (int, error) {
				_, err := untilCancelled(co)
				causes <- context.Cause(co)
				return 0, err
			})
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := p.Next().Post(func() { blocks <- 0; <-gate }); err != nil {
		t.Fatal(err)
	}
	<-blocks
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(errTest)
	if err := p.Shutdown(ctx); err != errTest {
		t.Error(err)
	}
	close(gate)
	var all sync.WaitGroup
	for range 3 { // any goroutine, and more than once
		all.Go(func() {
			if err := p.Shutdown(context.Background()); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for range 2 {
		if err := <-causes; err != loop.ErrClosed {
			t.Errorf("the cause is %v", err)
		}
	}
}

// Code on a loop may close the pool it belongs to; to wait for that is refused.
func TestPoolCloseOnItsLoop(t *testing.T) {
	looptest.NoLeaks(t)
	p := pooled(t, 2, &loop.Options{Strict: true})
	said := make(chan string, 1)
	err := p.Next().Post(func() {
		said <- panicText(func() { _ = p.Shutdown(context.Background()) })
		_ = p.Close()
	})
	if err != nil {
		t.Fatal(err)
	}
	if text := within(t, said); !contains([]byte(text), "Pool.Shutdown") {
		t.Errorf("Shutdown says %q", text)
	}
	for _, l := range p.Loops() {
		within(t, l.Closed())
	}
}

// Four loops submit to each other, also in a chain back to where it began, with waits
// cut short and parents cancelled at any moment, and in every other round loops close in
// the midst of it. Every submission has an end.
func TestSubmitStress(t *testing.T) {
	looptest.NoLeaks(t)
	eachPoller(t, func(t *testing.T, name string) {
		for round := range count(100, 10, 2) {
			p := pooled(t, 4, &loop.Options{Poller: name, Logger: slog.New(slog.DiscardHandler)})
			var began, ended atomic.Int32
			closeAt := int32(-1)
			if round%2 == 0 {
				closeAt = rand.Int32N(1000)
			}
			body := func(co *loop.Co) (int, error) {
				defer ended.Add(1)
				if began.Add(1) == closeAt {
					p.Next().Close()
				}
				return hop(co, p, rand.IntN(4))
			}
			var all sync.WaitGroup
			for _, l := range p.Loops() {
				all.Go(func() {
					_, err := loop.Do(context.Background(), l, func(co *loop.Co) (int, error) {
						return 0, submitMany(co, p, body)
					})
					if err != nil && !(closeAt >= 0 && errors.Is(err, loop.ErrClosed)) {
						t.Error(err)
					}
				})
			}
			all.Wait()
			if err := p.Shutdown(context.Background()); err != nil {
				t.Fatal(err)
			}
			if began.Load() != ended.Load() || closeAt < 0 && began.Load() < 100 {
				t.Fatalf("%d began and %d ended", began.Load(), ended.Load())
			}
		}
	})
}

// hop goes n loops further, and waits there a little.
func hop(co *loop.Co, p *loop.Pool, n int) (int, error) {
	if n == 0 {
		return 0, loop.Sleep(co, time.Duration(rand.IntN(200))*time.Microsecond)
	}
	l := co.Loop()
	v, err := loop.Await(co, loop.Submit(co, p.Next(), func(co *loop.Co) (int, error) { return hop(co, p, n-1) }))
	if l.Current() != co {
		panic("a coroutine has changed its loop")
	}
	return v + 1, err
}

// submitMany has 20 coroutines submit body 10 times each.
func submitMany(co *loop.Co, p *loop.Pool, body func(*loop.Co) (int, error)) error {
	return loop.WithGroup(co, func(g *loop.Group) error {
		for range 20 {
			g.Go(func(co *loop.Co) error {
				for range 10 {
					scope, cancel := co.WithTimeout(time.Duration(rand.IntN(500)) * time.Microsecond)
					parent, wait := loop.Parent(scope), scope
					switch rand.IntN(3) {
					case 0:
						parent = co.Loop() // only nobody's waiting ends it
					case 1:
						wait = co // only its parent's end does
					}
					_, err := loop.Await(wait, loop.Submit(parent, p.Next(), body))
					cancel()
					if err != nil && !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
						return err
					}
					if co.Err() != nil {
						return context.Cause(co)
					}
				}
				return nil
			})
		}
		return nil
	})
}
