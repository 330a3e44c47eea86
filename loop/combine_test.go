package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// after is a future of v after a time on the loop's clock.
func after[T any](l *loop.Loop, d time.Duration, v T, err error) *loop.Future[T] {
	p := loop.NewPromise[T](l)
	l.After(d, func() {
		if err != nil {
			p.TryFail(err)
		} else {
			p.TrySet(v)
		}
	})
	return p.Future()
}

// promises makes n promises and their futures.
func promises[T any](l *loop.Loop, n int) (ps []*loop.Promise[T], fs []*loop.Future[T]) {
	for range n {
		p := loop.NewPromise[T](l)
		ps, fs = append(ps, p), append(fs, p.Future())
	}
	return ps, fs
}

// However many combinators stand between, the code that waits runs in the iteration
// after the promise was fulfilled. P4 of the seeds: a resumed body never runs inside
// the callback that fulfils.
func TestCombineOneIterationToUserCode(t *testing.T) {
	for name, wrap := range map[string]func(l *loop.Loop, f *loop.Future[int]) *loop.Future[int]{
		"none": func(l *loop.Loop, f *loop.Future[int]) *loop.Future[int] { return f },
		"WithTimeout": func(l *loop.Loop, f *loop.Future[int]) *loop.Future[int] {
			return loop.WithTimeout(time.Hour, f)
		},
		"Chain": func(l *loop.Loop, f *loop.Future[int]) *loop.Future[int] {
			p := loop.NewPromise[int](l)
			loop.Chain(f, p)
			return p.Future()
		},
		"Any": func(l *loop.Loop, f *loop.Future[int]) *loop.Future[int] {
			return loop.Any(l, loop.NewPromise[int](l).Future(), f)
		},
	} {
		t.Run(name, func(t *testing.T) {
			wantNextIteration(t, func(co *loop.Co, f *loop.Future[int]) error {
				for range 10 {
					f = wrap(co.Loop(), f)
				}
				_, err := loop.Await(co, f)
				return err
			})
		})
	}
	t.Run("All", func(t *testing.T) {
		wantNextIteration(t, func(co *loop.Co, f *loop.Future[int]) error {
			l := co.Loop()
			_, err := loop.Await(co, loop.AllSettled(l, loop.All(l, loop.All(l, f, f), loop.All(l, f))))
			return err
		})
	})
	t.Run("AsCompleted", func(t *testing.T) {
		wantNextIteration(t, func(co *loop.Co, f *loop.Future[int]) error {
			for range loop.AsCompleted(co, loop.Any(co.Loop(), f)) {
			}
			return co.Err()
		})
	})
}

// wantNextIteration wants a body that waits for a promise with wait to go on in the
// iteration after the one in which it is fulfilled.
func wantNextIteration(t *testing.T, wait func(co *loop.Co, f *loop.Future[int]) error) {
	looptest.Run(t, func(co *loop.Co) error {
		now, stop := iterations(co.Loop())
		defer stop()
		p := loop.NewPromise[int](co.Loop())
		waiter := loop.Go(co, func(co *loop.Co) (int, error) {
			err := wait(co, p.Future())
			return now(), err
		})
		if err := loop.Yield(co); err != nil {
			return err
		}
		set := now()
		p.Set(1)
		at, err := loop.Await(co, waiter)
		if at != set+1 {
			t.Errorf("set in iteration %d, went on in %d", set, at)
		}
		return err
	})
}

// 1.49, G05, G06, G08-G10: values by position, whatever the order of completion.
func TestAllOrderAndShape(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for _, order := range [][]int{{0, 1, 2}, {2, 1, 0}, {1, 2, 0}} {
			ps, fs := promises[int](l, 3)
			all := loop.All(l, fs...)
			for n, i := range order {
				if all.Done() {
					t.Errorf("done after %d of 3", n)
				}
				ps[i].Set(10 * i)
			}
			if got, err := loop.Await(co, all); err != nil || !slices.Equal(got, []int{0, 10, 20}) {
				t.Errorf("order %v: %v, %v", order, got, err)
			}
		}
		for _, empty := range []*loop.Future[[]int]{loop.All[int](l), loop.All(l, []*loop.Future[int]{}...)} {
			if got, err := empty.Result(); got == nil || len(got) != 0 || err != nil {
				t.Errorf("of none: %v, %v", got, err)
			}
		}
		p := loop.NewPromise[string](l)
		twice := loop.All(l, p.Future(), loop.Resolved(l, "b"), p.Future())
		p.Set("a")
		if got, err := loop.Await(co, twice); err != nil || !slices.Equal(got, []string{"a", "b", "a"}) {
			t.Errorf("duplicates: %v, %v", got, err)
		}
		return nil
	})
}

// G36: a list of moments.
func TestAllOfYields(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		yield := func(co *loop.Co) (struct{}, error) { return struct{}{}, loop.Yield(co) }
		got, err := loop.Await(co, loop.All(co.Loop(), loop.Go(co, yield), loop.Go(co, yield)))
		if len(got) != 2 {
			t.Errorf("%d results", len(got))
		}
		return err
	})
}

// unequal is an error whose values cannot be compared.
type unequal []string

func (unequal) Error() string { return "unequal" }

// 1.49, G11: the first error in the order of the list, once all are done; the others
// are logged, unless they are quiet, cancellation, or the same future again.
func TestAllErrors(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		ps, fs := promises[int](l, 4)
		all := loop.All(l, fs...)
		third := errors.New("third")
		ps[2].Fail(third)
		ps[1].Fail(errTest)
		ps[3].Set(1)
		if all.Done() {
			t.Error("done although one future is not")
		}
		ps[0].Set(1)
		if got, err := loop.Await(co, all); got != nil || err != errTest {
			t.Errorf("%v, %v", got, err)
		}
		if n := log.count("third"); n != 1 || log.count("test failure") != 0 {
			t.Errorf("the log is\n%s", log)
		}

		one := loop.FailedFuture[int](l, unequal{"a"})
		quiet := loop.NewPromise[int](l)
		quiet.Quiet()
		quiet.Fail(errors.New("quiet"))
		_, err := loop.Await(co, loop.All(l, one, loop.Resolved(l, 1), one, quiet.Future(),
			loop.FailedFuture[int](l, context.Canceled)))
		if !errors.As(err, &unequal{}) {
			t.Error(err)
		}
		loop.FailedFuture[int](l, unequal{"b"}) // not one of them
		if log.count("") != 1 {
			t.Errorf("the log is\n%s", log)
		}
		_, err = loop.Await(co, loop.All(l, one, loop.FailedFuture[int](l, unequal{"b"})))
		if !errors.As(err, &unequal{}) || log.count("further error") != 2 {
			t.Errorf("%v; the log is\n%s", err, log)
		}
		return nil
	})
}

// When nobody waits for All any more, the operations behind it are withdrawn.
func TestCombinatorsWithdrawOperations(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for name, combine := range map[string]func(co *loop.Co, fs []*loop.Future[int]) error{
			"All": func(co *loop.Co, fs []*loop.Future[int]) error {
				_, err := loop.Await(co, loop.All(l, fs...))
				return err
			},
			"AllSettled": func(co *loop.Co, fs []*loop.Future[int]) error {
				_, err := loop.Await(co, loop.AllSettled(l, fs...))
				return err
			},
			"Any": func(co *loop.Co, fs []*loop.Future[int]) error {
				_, err := loop.Await(co, loop.Any(l, fs...))
				return err
			},
			"AsCompleted": func(co *loop.Co, fs []*loop.Future[int]) error {
				for range loop.AsCompleted(co, fs...) {
					t.Error("none is done")
				}
				return co.Err()
			},
			"Map": func(co *loop.Co, fs []*loop.Future[int]) error {
				var mapped []*loop.Future[int]
				for _, f := range fs {
					mapped = append(mapped, loop.Map(f, func(int) (int, error) { return 0, nil }))
				}
				_, err := loop.Await(co, loop.All(l, mapped...))
				return err
			},
			"WithTimeout": func(co *loop.Co, fs []*loop.Future[int]) error {
				_, err := loop.Await(co, loop.WithTimeout(time.Hour, loop.All(l, fs...)))
				return err
			},
		} {
			ps, fs := promises[int](l, 3)
			undone := 0
			for _, p := range ps {
				p.OnWithdraw(func() { undone++ })
			}
			scope, cancel := co.WithCancel()
			waiter := loop.Go(scope, func(co *loop.Co) (int, error) { return 0, combine(co, fs) })
			if err := loop.Yield(co); err != nil {
				return err
			}
			if undone != 0 {
				t.Errorf("%s: withdrawn while it is waited for", name)
			}
			cancel(nil)
			if _, err := loop.Await(co, waiter); !errors.Is(err, context.Canceled) {
				t.Errorf("%s: %v", name, err)
			}
			if undone != 3 {
				t.Errorf("%s: %d of 3 operations withdrawn", name, undone)
			}
		}
		return nil
	})
}

// A combinator's future that is kept after its waiter has left says so, and does not
// leave the next one waiting for ever.
func TestCombinatorsAfterWithdrawal(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		p := loop.NewPromise[int](l)
		all := loop.All(l, p.Future())
		kept := map[string]func(co *loop.Co) error{
			"All": func(co *loop.Co) error { _, err := loop.Await(co, all); return err },
		}
		for name, f := range map[string]*loop.Future[int]{
			"Any":         loop.Any(l, p.Future()),
			"Map":         loop.Map(p.Future(), func(int) (int, error) { return 0, nil }),
			"WithTimeout": loop.WithTimeout(time.Hour, p.Future()),
			"FromChan":    loop.FromChan(l, make(chan int)),
		} {
			kept[name] = func(co *loop.Co) error { _, err := loop.Await(co, f); return err }
		}
		background := loop.FromContext(l, context.Background())
		kept["FromContext"] = func(co *loop.Co) error { _, err := loop.Await(co, background); return err }
		for name, wait := range kept {
			scope, cancel := co.WithTimeout(time.Second)
			if err := wait(scope); err != context.DeadlineExceeded {
				t.Errorf("%s: %v", name, err)
			}
			cancel()
			if err := wait(co); err != loop.ErrWithdrawn {
				t.Errorf("%s: %v", name, err)
			}
		}
		return nil
	})
}

func TestAllSettled(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		ps, fs := promises[int](l, 3)
		all := loop.AllSettled(l, fs...)
		ps[2].Set(3)
		ps[0].Fail(errTest)
		ps[1].Fail(errors.New("other"))
		got, err := loop.Await(co, all)
		if err != nil || !slices.Equal(got, fs) {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := got[0].Result(); err != errTest {
			t.Error(err)
		}
		if got, err := loop.Await(co, loop.AllSettled[int](l)); len(got) != 0 || err != nil {
			t.Errorf("of none: %v, %v", got, err)
		}
		return nil
	})
	l.Close()
	if log.String() != "" {
		t.Errorf("logged:\n%s", log)
	}
}

func TestAnyFirstValueWins(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		ps, fs := promises[int](l, 4)
		undone := 0
		ps[3].OnWithdraw(func() { undone++ })
		anyOf := loop.Any(l, fs...)
		ps[0].Fail(errTest)
		if anyOf.Done() {
			t.Error("done by a failure")
		}
		ps[1].Set(7)
		ps[2].Fail(errors.New("late")) // a loser's, which is no news
		if v, err := loop.Await(co, anyOf); v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if undone != 1 {
			t.Errorf("the loser's operation was withdrawn %d times, want once", undone)
		}
		// One that is done wins over those before it, which are not.
		p := loop.NewPromise[int](l)
		p.OnWithdraw(func() { undone++ })
		if v, err := loop.Any(l, p.Future(), loop.Resolved(l, 8), loop.Resolved(l, 9)).Result(); v != 8 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if undone != 2 {
			t.Error("the loser's operation was not withdrawn")
		}
		q := loop.NewPromise[int](l)
		twice := loop.Any(l, q.Future(), q.Future())
		q.Set(1)
		if v, err := loop.Await(co, twice); v != 1 || err != nil {
			t.Errorf("duplicates: %v, %v", v, err)
		}
		return nil
	})
	l.Close()
	if log.String() != "" {
		t.Errorf("logged:\n%s", log)
	}
}

func TestAnyAllFail(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		ps, fs := promises[int](l, 2)
		anyOf := loop.Any(l, fs...)
		other := errors.New("other")
		ps[1].Fail(other)
		ps[0].Fail(errTest)
		_, err := loop.Await(co, anyOf)
		if !errors.Is(err, errTest) || !errors.Is(err, other) || err.Error() != "test failure\nother" {
			t.Error(err)
		}
		if _, err := loop.Await(co, loop.Any[int](l)); err != loop.ErrNoFutures {
			t.Error(err)
		}
		return nil
	})
}

// G29-G32: those that are done come first, in the given order, then the others in
// the order of completion; a failed one does not end the iteration.
func TestAsCompletedOrder(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for range loop.AsCompleted[int](co) {
			t.Error("G29: something came of nothing")
		}
		var order []int
		for i, f := range loop.AsCompleted(co, loop.Resolved(l, 10), loop.Resolved(l, 11), loop.Resolved(l, 12)) {
			if v, err := f.Result(); v != 10+i || err != nil {
				t.Errorf("G30: %d: %v, %v", i, v, err)
			}
			order = append(order, i)
		}
		if !slices.Equal(order, []int{0, 1, 2}) {
			t.Errorf("G30: order %v", order)
		}

		// G31: 2, 0 (which fails), 1, 3.
		ps, fs := promises[int](l, 4)
		l.After(1*time.Second, func() { ps[2].Set(24); ps[0].Fail(errTest) })
		l.After(2*time.Second, func() { ps[1].Set(42) })
		l.After(3*time.Second, func() { ps[3].Set(84) })
		var story string
		for i, f := range loop.AsCompleted(co, fs...) {
			v, err := f.Result()
			story += fmt.Sprintln(i, v, err, f == fs[i])
		}
		want := "2 24 <nil> true\n0 0 test failure true\n1 42 <nil> true\n3 84 <nil> true\n"
		if story != want {
			t.Errorf("G31:\n%swant\n%s", story, want)
		}

		// The same future twice comes twice.
		p := loop.NewPromise[int](l)
		l.Call(func() { p.Set(1) })
		order = nil
		for i := range loop.AsCompleted(co, p.Future(), p.Future()) {
			order = append(order, i)
		}
		if !slices.Equal(order, []int{0, 1}) {
			t.Errorf("duplicates: %v", order)
		}
		return nil
	})
}

// An iteration that is left early waits for nothing more.
func TestAsCompletedBreak(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		ps, fs := promises[int](l, 2)
		undone := 0
		ps[1].OnWithdraw(func() { undone++ })
		l.Call(func() { ps[0].Set(1) })
		for range loop.AsCompleted(co, fs...) {
			break
		}
		if undone != 1 {
			t.Error("the operation that was left was not withdrawn")
		}
		ps[1].Fail(errTest)
		return nil
	})
	l.Close()
	if log.count(neverLookedAt) != 1 {
		t.Errorf("the failure of a future that was left is not logged:\n%s", log)
	}
}

func TestAsCompletedCancelled(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		scope, cancel := co.WithTimeout(time.Minute)
		defer cancel()
		n := 0
		for range loop.AsCompleted(scope, after(l, time.Second, 1, nil), after(l, time.Hour, 2, nil), loop.Resolved(l, 3)) {
			n++
		}
		if n != 2 || scope.Err() != context.DeadlineExceeded {
			t.Errorf("%d came, %v", n, scope.Err())
		}
		// What is done already comes also then.
		for _, f := range loop.AsCompleted(scope, loop.Resolved(l, 3)) {
			if v, _ := f.Result(); v != 3 {
				t.Error(v)
			}
			n++
		}
		if n != 3 {
			t.Error("a finished future did not come under a cancelled Co")
		}
		return nil
	})
}

func TestMap(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		double := func(n int) (string, error) { return fmt.Sprint(2 * n), nil }
		p := loop.NewPromise[int](l)
		mapped := loop.Map(p.Future(), double)
		p.Set(4)
		if mapped.Done() {
			t.Error("user code ran inside Set")
		}
		if v, err := loop.Await(co, mapped); v != "8" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if v, err := loop.Await(co, loop.Map(loop.Resolved(l, 5), double)); v != "10" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if _, err := loop.Await(co, loop.Map(loop.FailedFuture[int](l, errTest), double)); err != errTest {
			t.Error(err)
		}
		fails := func(int) (int, error) { return 3, errTest }
		if _, err := loop.Await(co, loop.Map(loop.Resolved(l, 5), fails)); err != errTest {
			t.Error(err)
		}
		var pe *loop.PanicError
		panics := func(int) (int, error) { panicDeepDown("oops"); return 0, nil }
		if _, err := loop.Await(co, loop.Map(loop.Resolved(l, 5), panics)); !errors.As(err, &pe) ||
			pe.Value != "oops" || !contains(pe.Stack, "panicDeepDown") {
			t.Error(err)
		}
		return nil
	})
}

// 1.40, C02: a future's outcome passes on, unless there is one already.
func TestChain(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		ps, fs := promises[int](l, 4)
		loop.Chain(fs[0], ps[1])
		loop.Chain(fs[1], ps[2])
		ps[0].Set(7)
		if v, err := fs[2].Result(); v != 7 || err != nil {
			t.Errorf("%v, %v: not passed on at once", v, err)
		}
		ps[3].Set(8)
		loop.Chain(loop.FailedFuture[int](l, errTest), ps[3])
		if v, err := fs[3].Result(); v != 8 || err != nil {
			t.Errorf("a fulfilled promise was overwritten: %v, %v", v, err)
		}
		failed := loop.NewPromise[int](l)
		loop.Chain(loop.FailedFuture[int](l, errTest), failed)
		if _, err := failed.Future().Result(); err != errTest {
			t.Error(err)
		}
		return nil
	})
}

// G28, G16: the timeout, a value and an error before it, and a future that is done.
func TestWithTimeout(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		_, err := loop.Await(co, loop.WithTimeout(time.Second, loop.NewPromise[int](l).Future()))
		if err != loop.ErrTimeout || l.Now().Sub(start) != time.Second {
			t.Errorf("%v after %v", err, l.Now().Sub(start))
		}
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.Canceled) ||
			!os.IsTimeout(err) || err.Error() != "loop: timed out" {
			t.Errorf("%v is no timeout to others", err)
		}
		var temporary interface{ Temporary() bool }
		if !errors.As(err, &temporary) || !temporary.Temporary() {
			t.Error("a timeout may pass")
		}
		start = l.Now()
		if v, err := loop.Await(co, loop.WithTimeout(time.Minute, after(l, time.Second, 7, nil))); v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		if _, err := loop.Await(co, loop.WithTimeout(time.Minute, after(l, time.Second, 0, errTest))); err != errTest {
			t.Error(err)
		}
		if got := l.Now().Sub(start); got != 2*time.Second {
			t.Errorf("took %v: the timer was waited for", got)
		}
		// A result that is there wins against any deadline.
		if v, err := loop.Await(co, loop.WithTimeout(-time.Second, loop.Resolved(l, 8))); v != 8 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		// And one that comes in the very iteration of the timeout, before its timer.
		p := loop.NewPromise[int](l)
		l.After(time.Second, func() { p.Set(9) })
		if v, err := loop.Await(co, loop.WithTimeout(time.Second, p.Future())); v != 9 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		// G16: of a coroutine, which is not stopped by it.
		ended := false
		f := loop.Go(co, func(co *loop.Co) (int, error) {
			err := loop.Sleep(co, time.Minute)
			ended = true
			return 5, err
		})
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, f)); err != loop.ErrTimeout || ended {
			t.Errorf("%v, %v", err, ended)
		}
		if v, err := loop.Await(co, f); v != 5 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		return nil
	})
}

// 1.54: a failure after the timeout is logged, unless it is quiet or cancellation.
func TestWithTimeoutLateFailure(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		ps, fs := promises[int](l, 4)
		ps[1].Quiet()
		for i, f := range fs {
			if _, err := loop.Await(co, loop.WithTimeout(time.Second, f)); err != loop.ErrTimeout {
				t.Errorf("%d: %v", i, err)
			}
		}
		ps[0].Fail(errTest)
		ps[1].Fail(errors.New("quiet"))
		ps[2].Set(1)
		ps[3].Fail(context.Canceled)
		return nil
	})
	l.Close()
	if log.count("after its timeout error=test failure") != 1 || log.count("") != 1 {
		t.Errorf("the log is\n%s", log)
	}
}

// A timeout takes the operation back, but not from under someone else who waits.
func TestWithTimeoutWithdraws(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		p := loop.NewPromise[int](l)
		undone := 0
		p.OnWithdraw(func() { undone++ })
		other := loop.Go(co, func(co *loop.Co) (int, error) {
			co, cancel := co.WithTimeout(time.Minute)
			defer cancel()
			return loop.Await(co, p.Future())
		})
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, p.Future())); err != loop.ErrTimeout {
			t.Error(err)
		}
		if undone != 0 {
			t.Error("withdrawn under another waiter")
		}
		if _, err := loop.Await(co, other); err != context.DeadlineExceeded || undone != 1 {
			t.Errorf("%v, withdrawn %d times", err, undone)
		}
		return nil
	})
}

// Futures of two loops cannot be combined: each loop may run on its own goroutine.
func TestCombineOfTwoLoops(t *testing.T) {
	other := looptest.New(t)
	foreign := loop.NewPromise[int](other).Future()
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		const want = "belongs to another loop"
		wantPanic(t, func() { loop.All(l, foreign) }, want)
		wantPanic(t, func() { loop.AllSettled(l, foreign) }, want)
		wantPanic(t, func() { loop.Any(l, foreign) }, want)
		wantPanic(t, func() { _, _ = loop.Await(co, foreign) }, want)
		wantPanic(t, func() {
			for range loop.AsCompleted(co, foreign) {
				t.Error("yielded")
			}
		}, want)
		return nil
	})
}
