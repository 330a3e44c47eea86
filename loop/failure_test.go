package loop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

const neverLookedAt = "never looked at"

// collect runs the collector until the log has n lines with part, for a bounded
// number of times.
func collect(log *record, part string, n int) {
	for range 200 {
		if log.count(part) >= n {
			return
		}
		runtime.GC()
		select {
		case <-log.grown:
		case <-time.After(5 * time.Millisecond):
		}
	}
}

//go:noinline
func failAndForget(l *loop.Loop, err error) {
	loop.FailedFuture[int](l, err)
	loop.Go(l, func(*loop.Co) (int, error) { return 0, err })
	loop.Go(l, func(co *loop.Co) (int, error) {
		if e := loop.Yield(co); e != nil {
			return 0, e
		}
		return 0, err
	})
}

// 1.37, C05 test_uncaught_exception_log: a failure nobody looks at is logged, once,
// when its future is collected.
func TestFailureLoggedAtCollection(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		failAndForget(l, errTest)
		for range 2 {
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		collect(log, neverLookedAt, 3)
		return nil
	})
	if n := log.count(neverLookedAt); n != 3 || log.count("test failure") != 3 {
		t.Errorf("%d lines, want 3:\n%s", n, log)
	}
	l.Close()
	if n := log.count(neverLookedAt); n != 3 {
		t.Errorf("%d lines after Close, want 3:\n%s", n, log)
	}
}

// 1.37: what has not been collected is logged at Close.
func TestFailureLoggedAtClose(t *testing.T) {
	l, log := recorded(t)
	var kept []*loop.Future[int]
	onLoop(t, l, func(co *loop.Co) error {
		kept = append(kept, loop.FailedFuture[int](l, errTest))
		return nil
	})
	if log.count(neverLookedAt) != 0 {
		t.Errorf("logged before Close:\n%s", log)
	}
	l.Close()
	if n := log.count(neverLookedAt); n != 1 {
		t.Errorf("%d lines, want 1:\n%s", n, log)
	}
	runtime.KeepAlive(kept)
}

// 1.35: each way to look at a result clears the mark; Quiet and cancellation never
// set it.
func TestFailureLookedAtIsNotLogged(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		looks := map[string]func(f *loop.Future[int]){
			"Result": func(f *loop.Future[int]) { _, _ = f.Result() },
			"Await":  func(f *loop.Future[int]) { _, _ = loop.Await(co, f) },
			"OnDone": func(f *loop.Future[int]) { f.OnDone(func(*loop.Future[int]) {}) },
			"Map": func(f *loop.Future[int]) {
				_, _ = loop.Await(co, loop.Map(f, func(int) (int, error) { return 0, nil }))
			},
			"All": func(f *loop.Future[int]) { _, _ = loop.Await(co, loop.All(l, f)) },
			"Any": func(f *loop.Future[int]) { _, _ = loop.Await(co, loop.Any(l, f)) },
			"AllSettled": func(f *loop.Future[int]) {
				_, _ = loop.Await(co, loop.AllSettled(l, f))
			},
			"AsCompleted": func(f *loop.Future[int]) {
				for _, f := range loop.AsCompleted(co, f) {
					_, _ = f.Result()
				}
			},
			"WithTimeout": func(f *loop.Future[int]) {
				_, _ = loop.Await(co, loop.WithTimeout(time.Second, f))
			},
			"Chain": func(f *loop.Future[int]) {
				p := loop.NewPromise[int](l)
				loop.Chain(f, p)
				_, _ = loop.Await(co, p.Future())
			},
		}
		for name, look := range looks {
			look(loop.FailedFuture[int](l, fmt.Errorf("%s after", name)))
			p := loop.NewPromise[int](l)
			l.Call(func() { p.Fail(fmt.Errorf("%s before", name)) })
			look(p.Future())
			if err := loop.Yield(co); err != nil {
				return err
			}
			look(p.Future()) // Result came too early
		}
		quiet := loop.NewPromise[int](l)
		quiet.Quiet()
		quiet.Fail(errTest)
		loop.FailedFuture[int](l, context.Canceled)
		loop.FailedFuture[int](l, loop.ErrWithdrawn)
		loop.FailedFuture[int](l, fmt.Errorf("closing: %w", loop.ErrClosed))
		loop.Go(l, func(co *loop.Co) (int, error) {
			co.Cancel(nil)
			return 0, loop.Sleep(co, time.Second)
		})
		// Let all of them be collected: when these are, they had their chance too.
		for range 2 {
			failAndForget(l, errTest)
			if err := loop.Yield(co); err != nil {
				return err
			}
			collect(log, "test failure", 3)
		}
		return nil
	})
	l.Close()
	if n := log.count("test failure"); n != 6 || log.count("") != n {
		t.Errorf("logged:\n%s", log)
	}
}

// A combinator that nobody looks at passes the duty on: its own failure is logged.
func TestFailureOfCombinatorIsLogged(t *testing.T) {
	l, log := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		loop.All(l, loop.FailedFuture[int](l, errTest))
		loop.Any[int](l)
		return nil
	})
	l.Close()
	if n := log.count(neverLookedAt); n != 2 || log.count(loop.ErrNoFutures.Error()) != 1 {
		t.Errorf("%d lines, want 2:\n%s", n, log)
	}
}

// C05 test_future_traceback, 1.36: a panic keeps the stack of the code that panicked.
func TestFailurePanicKeepsItsStack(t *testing.T) {
	l, _ := recorded(t)
	onLoop(t, l, func(co *loop.Co) error {
		_, err := loop.Await(co, loop.Go(co, func(*loop.Co) (int, error) {
			panicDeepDown(errTest)
			return 0, nil
		}))
		var p *loop.PanicError
		if !errors.As(err, &p) || !errors.Is(err, errTest) {
			t.Fatalf("%T: %v", err, err)
		}
		if p.Where != "coroutine" || p.Value != errTest || !contains(p.Stack, "panicDeepDown") {
			t.Errorf("%q, %v, %s", p.Where, p.Value, p.Stack)
		}
		if got, want := err.Error(), "loop: panic in coroutine: test failure"; got != want {
			t.Errorf("%q, want %q", got, want)
		}
		return nil
	})
}

//go:noinline
func panicDeepDown(v any) { panic(v) }
