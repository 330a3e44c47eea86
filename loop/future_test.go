package loop_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

var errTest = errors.New("test failure")

// 1.31, 1.32, 1.35: a promise is fulfilled once, and its future says how.
func TestFuturePendingAndDone(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		p := loop.NewPromise[int](l)
		f := p.Future()
		if v, err := f.Result(); f.Done() || v != 0 || err != loop.ErrPending {
			t.Errorf("pending: %v, %v, %v", f.Done(), v, err)
		}
		if got := f.String(); got != "<Future pending>" {
			t.Errorf("pending: %s", got)
		}
		p.Set(7)
		if v, err := f.Result(); !f.Done() || v != 7 || err != nil {
			t.Errorf("set: %v, %v, %v", f.Done(), v, err)
		}
		if got := f.String(); got != "<Future done: 7>" {
			t.Errorf("done: %s", got)
		}
		failed := loop.FailedFuture[int](l, errTest)
		if v, err := failed.Result(); !failed.Done() || v != 0 || err != errTest {
			t.Errorf("failed: %v, %v, %v", failed.Done(), v, err)
		}
		if got := failed.String(); got != "<Future failed: test failure>" {
			t.Errorf("failed: %s", got)
		}
		if v, err := loop.Resolved(l, "x").Result(); v != "x" || err != nil {
			t.Errorf("resolved: %v, %v", v, err)
		}
		if void := l.Void(); l.Void() != void || !void.Done() {
			t.Error("Void is not one future that is done")
		}
		return nil
	})
}

// A promise among somebody's fields serves one wait after another, and is like new each
// time.
func TestPromiseRenew(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var p loop.Promise[int]
		for i := range 3 {
			p.Renew(l)
			if got := p.Future().String(); got != "<Future pending>" {
				t.Errorf("renewed: %s", got)
			}
			l.Call(func() { p.Set(i) })
			if v, err := loop.Await(co, p.Future()); v != i || err != nil {
				t.Errorf("wait %d: %v, %v", i, v, err)
			}
		}
		p.Renew(l)
		withdrawn := 0
		p.OnWithdraw(func() { withdrawn++ })
		scope, cancel := co.WithCancel()
		l.Call(func() {
			wantPanic(t, func() { p.Renew(l) }, "Promise.Renew", "somebody waits")
			cancel(nil)
		})
		if _, err := loop.Await(scope, p.Future()); !errors.Is(err, context.Canceled) || withdrawn != 1 {
			t.Errorf("cancelled: %v, withdrawn %d times", err, withdrawn)
		}
		p.Renew(l)
		p.Set(7)
		if v, err := loop.Await(co, p.Future()); v != 7 || err != nil {
			t.Errorf("after a wait that was cancelled: %v, %v", v, err)
		}
		return nil
	})
}

// 1.32: where Tornado 4 leaves a second fulfilment undefined, it panics here and says
// what came first. C01: TrySet and TryFail are for where that is luck.
func TestFutureFulfilledTwice(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		set := loop.NewPromise[int](co.Loop())
		set.Set(7)
		wantPanic(t, func() { set.Set(8) }, "Promise.Set", "fulfilled before", "the value: 7")
		wantPanic(t, func() { set.Fail(errTest) }, "Promise.Fail", "fulfilled before", "the value: 7")
		failed := loop.NewPromise[int](co.Loop())
		failed.Fail(errTest)
		wantPanic(t, func() { failed.Set(8) }, "fulfilled before", "the error: test failure")
		for _, p := range []*loop.Promise[int]{set, failed} {
			if p.TrySet(9) || p.TryFail(errors.New("other")) {
				t.Error("TrySet or TryFail fulfilled a promise again")
			}
		}
		if v, err := set.Future().Result(); v != 7 || err != nil {
			t.Errorf("set: %v, %v", v, err)
		}
		if v, err := failed.Future().Result(); v != 0 || err != errTest {
			t.Errorf("failed: %v, %v", v, err)
		}
		wantPanic(t, func() { loop.NewPromise[int](co.Loop()).Fail(nil) }, "nil error")
		if p := loop.NewPromise[int](co.Loop()); !p.TrySet(1) {
			t.Error("TrySet did not fulfil a promise")
		}
		return nil
	})
}

// 1.26, 1.34: OnDone is never called inside Set, always in the next iteration, once,
// in the order of registration; also when the future is done already.
func TestFutureOnDoneIsLater(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		now, stop := iterations(l)
		defer stop()
		p := loop.NewPromise[int](l)
		var got []string
		var at []int
		note := func(name string) func(*loop.Future[int]) {
			return func(f *loop.Future[int]) {
				if v, err := f.Result(); v != 7 || err != nil {
					t.Errorf("%s: %v, %v", name, v, err)
				}
				got = append(got, name)
				at = append(at, now())
			}
		}
		p.Future().OnDone(note("a"))
		p.Future().OnDone(note("b"))
		p.Future().OnDone(note("c"))
		if err := loop.Yield(co); err != nil {
			return err
		}
		start := now()
		p.Set(7)
		p.Future().OnDone(note("d"))
		l.Call(func() { got = append(got, "call") })
		if len(got) != 0 {
			t.Errorf("called inside Set or OnDone: %v", got)
		}
		for range 3 {
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		if want := []string{"a", "b", "c", "d", "call"}; !slices.Equal(got, want) {
			t.Errorf("called %v, want %v", got, want)
		}
		for _, n := range at {
			if n != start+1 {
				t.Errorf("called in the iterations %v, Set was in %d", at, start)
				break
			}
		}
		return nil
	})
}

// 1.33: an OnDone callback that panics does not keep the others from running.
func TestFutureOnDonePanics(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		p := loop.NewPromise[int](l)
		ran := false
		p.Future().OnDone(func(*loop.Future[int]) { panic("oops") })
		p.Future().OnDone(func(*loop.Future[int]) { ran = true })
		p.Set(1)
		if err := loop.Yield(co); err != nil {
			return err
		}
		if !ran {
			t.Error("the second callback did not run")
		}
		return nil
	})
	if log.count("oops") != 1 {
		t.Errorf("the log is %q", log)
	}
}

// Coroutines that wait for one future are resumed in the order in which they came.
func TestFutureResumesInOrder(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p := loop.NewPromise[int](co.Loop())
		var got []int
		var all []*loop.Future[struct{}]
		for i := range 5 {
			all = append(all, loop.Go(co, func(co *loop.Co) (struct{}, error) {
				_, err := loop.Await(co, p.Future())
				got = append(got, i)
				return struct{}{}, err
			}))
		}
		p.Set(1)
		if len(got) != 0 {
			t.Error("resumed inside Set")
		}
		_, err := loop.Await(co, loop.All(co.Loop(), all...))
		if want := []int{0, 1, 2, 3, 4}; !slices.Equal(got, want) {
			t.Errorf("resumed %v, want %v", got, want)
		}
		return err
	})
}

// I30, C02: a promise is fulfilled from other goroutines with Post; the first wins.
func TestPromisePost(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p := loop.NewPromise[int](co.Loop())
		q := loop.NewPromise[int](co.Loop())
		var posted sync.WaitGroup
		for range 8 {
			posted.Go(func() {
				if err := p.Post(7, nil); err != nil {
					t.Error(err)
				}
				if err := q.Post(0, errTest); err != nil {
					t.Error(err)
				}
			})
		}
		if v, err := loop.Await(co, p.Future()); v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if _, err := loop.Await(co, q.Future()); err != errTest {
			t.Error(err)
		}
		posted.Wait()
		return loop.Yield(co) // the late ones are dropped
	})
}

func TestPromisePostAfterClose(t *testing.T) {
	l := looptest.New(t)
	p := loop.NewPromise[int](l)
	l.Close()
	if err := p.Post(1, nil); err != loop.ErrClosed {
		t.Error(err)
	}
	if _, err := p.Future().Wait(context.Background()); err != loop.ErrClosed {
		t.Error(err)
	}
}

// Wait is for other goroutines: it blocks until the future, its context or the loop
// is done.
func TestFutureWait(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		p := loop.NewPromise[int](l)
		failed := loop.FailedFuture[int](l, errTest)
		pending := loop.NewPromise[int](l)
		left := loop.NewPromise[struct{}](l)
		pending.OnWithdraw(func() { left.Set(struct{}{}) })
		ctx, cancel := context.WithCancelCause(context.Background())
		done := loop.FromFunc(l, func(context.Context) (struct{}, error) {
			if v, err := p.Future().Wait(context.Background()); v != 7 || err != nil {
				t.Errorf("%v, %v", v, err)
			}
			if _, err := failed.Wait(context.Background()); err != errTest {
				t.Error(err)
			}
			cancel(errTest)
			if _, err := pending.Future().Wait(ctx); err != errTest {
				t.Error(err)
			}
			return struct{}{}, nil
		})
		if err := loop.Yield(co); err != nil {
			return err
		}
		p.Set(7)
		if _, err := loop.Await(co, done); err != nil {
			return err
		}
		// A goroutine that stops waiting is a waiter that leaves.
		_, err := loop.Await(co, left.Future())
		return err
	})
}

func TestFutureWaitEndsAtClose(t *testing.T) {
	watchdog(t)
	l := looptest.New(t)
	p := loop.NewPromise[int](l)
	got := make(chan error, 1)
	waits := make(chan struct{})
	go func() {
		go func() {
			_, err := p.Future().Wait(context.Background())
			got <- err
		}()
		_ = l.Post(func() { close(waits) })
		<-waits
		l.Close()
	}()
	if err := l.Run(); err != loop.ErrClosed {
		t.Error(err)
	}
	if err := <-got; err != loop.ErrClosed {
		t.Error(err)
	}
}

// The operation behind a promise is withdrawn once, when the last one who waited has
// left; not before, and not once there is a result.
func TestPromiseOnWithdraw(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p := loop.NewPromise[int](co.Loop())
		undone := 0
		p.OnWithdraw(func() {
			undone++
			p.Fail(loop.ErrWithdrawn)
		})
		var cancels []func(error)
		wait := func() *loop.Future[int] {
			co, cancel := co.WithCancel()
			cancels = append(cancels, cancel)
			return loop.Go(co, func(co *loop.Co) (int, error) { return loop.Await(co, p.Future()) })
		}
		first, second := wait(), wait()
		cancels[0](errTest)
		if _, err := loop.Await(co, first); !errors.Is(err, errTest) {
			t.Error(err)
		}
		if undone != 0 {
			t.Error("withdrawn while someone waits")
		}
		cancels[1](nil)
		if _, err := loop.Await(co, second); err != context.Canceled {
			t.Error(err)
		}
		if undone != 1 {
			t.Errorf("withdrawn %d times, want once", undone)
		}
		if _, err := loop.Await(co, p.Future()); err != loop.ErrWithdrawn || !errors.Is(err, context.Canceled) {
			t.Errorf("whoever comes later gets %v", err)
		}

		done := loop.NewPromise[int](co.Loop())
		done.OnWithdraw(func() { t.Error("withdrawn although it is done") })
		scope, cancel := co.WithCancel()
		waiter := loop.Go(scope, func(co *loop.Co) (int, error) { return loop.Await(co, done.Future()) })
		cancel(nil)
		done.Set(7) // in the same iteration
		done.OnWithdraw(func() { t.Error("withdrawn although it was done before") })
		if v, err := loop.Await(co, waiter); v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		return nil
	})
}

// A waiter in the middle of many leaves without disturbing the others.
func TestPromiseWaiterLeavesTheMiddle(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p := loop.NewPromise[int](co.Loop())
		var got []string
		p.Future().OnDone(func(*loop.Future[int]) { got = append(got, "first") })
		scope, cancel := co.WithCancel()
		out := loop.Go(scope, func(co *loop.Co) (int, error) { return loop.Await(co, p.Future()) })
		p.Future().OnDone(func(*loop.Future[int]) { got = append(got, "last") })
		cancel(nil)
		if _, err := loop.Await(co, out); err != context.Canceled {
			t.Error(err)
		}
		p.Set(1)
		if err := loop.Yield(co); err != nil {
			return err
		}
		if strings.Join(got, " ") != "first last" {
			t.Errorf("got %v", got)
		}
		return nil
	})
}
