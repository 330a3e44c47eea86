package loop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// What a library on another goroutine does with a context: all of it at once, while
// the loop cancels.
func TestCoAsContextFromGoroutines(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		for round := range count(200, 20, 10) {
			scope, cancel := co.WithValue("k", round).WithCancel()
			var all sync.WaitGroup
			called := make(chan struct{})
			for range 4 {
				all.Go(func() {
					if scope.Value("k") != round || scope.Value("other") != nil {
						t.Error("another value")
					}
					if _, ok := scope.Deadline(); ok {
						t.Error("a deadline")
					}
					if err := scope.Err(); err != nil && err != context.Canceled {
						t.Error(err)
					}
					if l, ok := loop.Of(scope); !ok || l != co.Loop() {
						t.Error("another loop")
					}
					var stopped atomic.Bool
					ran := make(chan struct{})
					stop := scope.AfterFunc(func() {
						if stopped.Load() {
							t.Error("called although it was stopped")
						}
						close(ran)
					})
					if stop() {
						stopped.Store(true)
					} else {
						<-ran
					}
				})
				all.Go(func() {
					<-scope.Done()
					if scope.Err() != context.Canceled || context.Cause(scope) != errTest {
						t.Error(scope.Err(), context.Cause(scope))
					}
				})
				all.Go(func() {
					child, cancel := context.WithTimeout(scope, time.Hour)
					defer cancel()
					<-child.Done()
					if child.Err() != context.Canceled || context.Cause(child) != errTest {
						t.Error(child.Err(), context.Cause(child))
					}
				})
			}
			scope.AfterFunc(func() { close(called) })
			context.AfterFunc(scope, func() { <-called })
			if round%2 == 0 {
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			cancel(errTest)
			all.Wait()
			<-called
		}
		return nil
	})
}

// The AfterFunc of a Co that lives runs once it is cancelled, that of one which does
// not at once; stop says whether it was in time.
func TestCoAfterFunc(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		scope, cancel := co.WithCancel()
		ran := make(chan string, 4)
		stop := scope.AfterFunc(func() { ran <- "stopped" })
		if !stop() || stop() {
			t.Error("stop")
		}
		late := scope.AfterFunc(func() { ran <- "lives" })
		cancel(nil)
		if got := within(t, ran); got != "lives" {
			t.Error(got)
		}
		if late() {
			t.Error("stopped what has run")
		}
		stop = scope.AfterFunc(func() { ran <- "cancelled" })
		if stop() {
			t.Error("stopped what runs at once")
		}
		if got := within(t, ran); got != "cancelled" {
			t.Error(got)
		}
		return nil
	})
}

// A context made from a Co costs no goroutine: std's context uses AfterFunc. What it
// takes is given back when the child is cancelled first.
func TestCoStdChildren(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		scope, done := co.WithTimeout(time.Minute)
		defer done()
		child, cancel := context.WithCancel(scope)
		early, cancelEarly := context.WithCancelCause(scope)
		defer cancel()
		cancelEarly(errTest)
		if context.Cause(early) != errTest || scope.Err() != nil {
			t.Error("a child cancels its parent")
		}
		want, _ := scope.Deadline()
		if d, ok := child.Deadline(); !ok || d != want {
			t.Errorf("deadline %v, %v", d, ok)
		}
		if err := loop.Sleep(scope, time.Hour); err != context.DeadlineExceeded {
			t.Error(err)
		}
		within(t, child.Done())
		if child.Err() != context.DeadlineExceeded || context.Cause(child) != context.DeadlineExceeded {
			t.Error(child.Err(), context.Cause(child))
		}
		within(t, scope.WithValue("k", 1).Done())     // which nobody has asked for before
		born, cancelBorn := context.WithCancel(scope) // of a cancelled one
		defer cancelBorn()
		if born.Err() != context.DeadlineExceeded {
			t.Error(born.Err())
		}
		return nil
	})
}

// context.Cause asks under a key of its own, of type *int. A user's keys of that type
// are not disturbed.
func TestCoPointerKeys(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		key := new(int)
		scope, cancel := co.WithValue(key, "v").WithCancel()
		if scope.Value(key) != "v" || scope.Value(new(int)) != nil {
			t.Error("before")
		}
		cancel(errTest)
		if scope.Value(key) != "v" || scope.Value(new(int)) != nil || context.Cause(scope) != errTest {
			t.Error("after cancellation with a cause")
		}
		return nil
	})
}

// A coroutine that Do starts has the values and the cancellation of the caller's
// context.
func TestCoOfDoIsItsContext(t *testing.T) {
	l := looptest.New(t)
	watchdog(t)
	type key struct{}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer l.Stop()
		ctx, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, 7))
		_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
			if co.Value(key{}) != 7 || co.WithValue("a", 1).Value(key{}) != 7 || co.Value("other") != nil {
				t.Error("the values")
			}
			if co.Err() != nil || context.Cause(co) != nil {
				t.Error(co.Err(), context.Cause(co))
			}
			cancel(errTest)
			_, err := loop.Await(co, loop.NewPromise[int](l).Future())
			if !errors.Is(err, context.Canceled) || context.Cause(co) != errTest {
				t.Error(err, context.Cause(co))
			}
			return 0, err
		})
		if !errors.Is(err, errTest) {
			t.Error(err)
		}
	}()
	run(t, l)
	<-ended
}

// A coroutine can be told apart, printed, and asked for its loop.
func TestCoString(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		if got := co.String(); got != "loop.Co" {
			t.Error(got)
		}
		child, cancel := context.WithCancel(co)
		defer cancel()
		if _, ok := loop.Of(context.Background()); ok {
			t.Error("Background has a loop")
		}
		if l, ok := loop.Of(child); !ok || l != co.Loop() {
			t.Error("a child has not its loop")
		}
		return nil
	})
}

// A wait that a deadline with a cause has ended is a timeout to others too.
func TestCoDeadlineWithCause(t *testing.T) {
	l := looptest.New(t)
	watchdog(t)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer l.Stop()
		ctx, cancel := context.WithTimeoutCause(context.Background(), 0, errTest)
		defer cancel()
		_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
			_, err := loop.Await(co, loop.NewPromise[int](l).Future())
			return 0, err
		})
		if !errors.Is(err, context.DeadlineExceeded) || !errors.Is(err, errTest) || !os.IsTimeout(err) {
			t.Error(err)
		}
	}()
	run(t, l)
	<-ended
}

// TestScope: a context that goroutines use and code on the loop ends.
func TestScope(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		why := errors.New("over")
		c := loop.Scope(co.WithValue("k", "v"))
		if c.Value("k") != "v" || c.Err() != nil {
			t.Error(c.Value("k"), c.Err())
		}
		seen := make(chan error)
		go func() { <-c.Done(); seen <- context.Cause(c) }()
		c.Cancel(why)
		if err := <-seen; err != why {
			t.Error(err)
		}
		under, cancel := co.WithCancel()
		c = loop.Scope(under)
		cancel(why)
		if context.Cause(c) != why {
			t.Error("not cancelled with its parent")
		}
		// A callback that would wait with it has no coroutine to wait.
		said := loop.NewPromise[any](l)
		l.Call(func() {
			defer func() { said.Set(recover()) }()
			_ = loop.Sleep(loop.Scope(l), 0)
		})
		v, err := loop.Await(co, said.Future())
		if !strings.Contains(fmt.Sprint(v), "Scope") {
			t.Error(v)
		}
		return err
	})
}

// TestLimit: its deadline shows, also below, and ends what waits with the cause; lifted, it
// is as if it had never been, and what was made meanwhile has its own deadline still.
func TestLimit(t *testing.T) {
	why := errors.New("why")
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		begin := l.Now()
		for _, lifted := range []bool{false, true} {
			limit, lift := loop.Limit(l, time.Minute, why)
			ended := loop.Go(limit, func(co *loop.Co) (none struct{}, err error) {
				scope, done := co.WithTimeout(time.Hour)
				defer done()
				before := l.Now()
				if at, ok := scope.Deadline(); !ok || at != before.Add(time.Minute) {
					t.Errorf("the deadline is %v after the beginning", at.Sub(begin))
				}
				if lifted {
					lift()
					if at, ok := scope.Deadline(); !ok || at != before.Add(time.Hour) {
						t.Errorf("lifted: the deadline is %v after the beginning", at.Sub(begin))
					}
					if _, ok := co.Deadline(); ok {
						t.Error("there still is a deadline")
					}
				}
				err = loop.Sleep(scope, 24*time.Hour)
				want := time.Minute
				if lifted {
					want = time.Hour
				}
				if took := l.Now().Sub(before); took != want || errors.Is(err, why) == lifted || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("lifted %v: after %v: %v", lifted, took, err)
				}
				return none, nil
			})
			if _, err := loop.Await(co, ended); err != nil {
				t.Error(err)
			}
			limit.Cancel(nil)
		}
		return nil
	})
}

// ScopeFunc: callbacks hear of the end of whoever has started them, once, an iteration
// later.
func TestScopeFunc(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		why := errors.New("over")
		var heard []error
		hear := func(err error) { heard = append(heard, err) }
		wait := func(what string, is error) {
			t.Helper()
			if len(heard) != 0 {
				t.Errorf("%s: heard at once", what)
			}
			_, _ = loop.Yield(co), loop.Yield(co)
			if len(heard) != 1 || !errors.Is(heard[0], context.Canceled) || !errors.Is(heard[0], is) {
				t.Errorf("%s: %v", what, heard)
			}
			heard = nil
		}
		under, cancel := co.WithCancel()
		c := loop.ScopeFunc(under, hear)
		cancel(why)
		wait("cancelled with its parent", why)
		c.Cancel(nil)
		if _ = loop.Yield(co); heard != nil {
			t.Errorf("heard again: %v", heard)
		}
		loop.ScopeFunc(under, hear)
		wait("under a parent that is cancelled already", why)
		loop.ScopeFunc(co, hear).Cancel(why)
		wait("by Cancel", why)
		loop.Go(co, func(co *loop.Co) (int, error) {
			loop.ScopeFunc(co, hear)
			return 0, nil
		})
		wait("when its parent's body has returned", context.Canceled)
		return nil
	})
}
