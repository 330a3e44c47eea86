package loop_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Every method that belongs to the loop refuses a goroutine that does not hold it,
// and says who it is, who holds the loop, and where.
func TestForeignGoroutineIsRefused(t *testing.T) {
	l := guardedLoop(t)
	nothing := func() {}
	body := func(*loop.Co) (int, error) { return 0, nil }
	timer := l.After(time.Hour, nothing)
	ticker := l.Every(time.Hour, nothing)
	stopSignal := l.OnSignal(func(os.Signal) {}, os.Interrupt)
	defer stopSignal()
	promise := loop.NewPromise[int](l)
	var co *loop.Co
	loop.Go(l, func(c *loop.Co) (int, error) {
		co = c
		return 0, loop.Sleep(c, time.Hour)
	})
	ops := map[string]func(){
		"Call":              func() { l.Call(nothing) },
		"At":                func() { l.At(time.Time{}, nothing) },
		"After":             func() { l.After(0, nothing) },
		"Timer.Stop":        func() { timer.Stop() },
		"Timer.Reset":       func() { timer.Reset(0) },
		"Timer.Pending":     func() { timer.Pending() },
		"Every":             func() { l.Every(1, nothing) },
		"EveryJittered":     func() { l.EveryJittered(1, 1, nothing) },
		"EveryGo":           func() { l.EveryGo(1, func(*loop.Co) error { return nil }) },
		"Ticker.Start":      ticker.Start,
		"Ticker.Stop":       ticker.Stop,
		"Ticker.Running":    func() { ticker.Running() },
		"Watch":             func() { l.Watch(0, 0, loop.HandlerFunc(nil)) },
		"OnSignal":          func() { l.OnSignal(func(os.Signal) {}, os.Interrupt) },
		"its stop function": stopSignal,
		"ReadBuffer":        func() { l.ReadBuffer() },
		"Current":           func() { l.Current() },
		"Go":                func() { loop.Go(l, body) },
		"Spawn":             func() { loop.Spawn(l, body) },
		"Offload":           func() { loop.Offload(l, func(context.Context) (int, error) { return 0, nil }) },
		"Submit":            func() { loop.Submit(l, l, body) },
		"NewPromise":        func() { loop.NewPromise[int](l) },
		"Promise.Set":       func() { promise.Set(1) },
		"Promise.TryFail":   func() { promise.TryFail(os.ErrClosed) },
		"Future.Done":       func() { promise.Future().Done() },
		"Future.Result":     func() { promise.Future().Result() },
		"Future.OnDone":     func() { promise.Future().OnDone(func(*loop.Future[int]) {}) },
		"Await":             func() { loop.Await(co, promise.Future()) },
		"Sleep":             func() { loop.Sleep(co, 0) },
		"Yield":             func() { loop.Yield(co) },
		"Co.Cancel":         func() { co.Cancel(nil) },
		"Co.WithCancel":     func() { co.WithCancel() },
		"Co.WithTimeout":    func() { co.WithTimeout(0) },
		"Co.WithValue":      func() { co.WithValue(1, 1) },
	}
	said := regexp.MustCompile(`^loop: [\w. ]+ called by goroutine (\d+), but goroutine (\d+) holds the loop`)
	l.Call(func() {
		defer l.Stop()
		holder := owner.ID()
		for name, op := range ops {
			var id uint64
			var v any
			onGoroutine(t, func() {
				id = owner.ID()
				v = recovered(op)
			})
			text, _ := v.(string)
			ids := said.FindStringSubmatch(text)
			if ids == nil || ids[1] != fmt.Sprint(id) || ids[2] != fmt.Sprint(holder) ||
				!strings.Contains(text, "TestForeignGoroutineIsRefused") {
				t.Errorf("%s from goroutine %d, while %d holds the loop: %v", name, id, holder, v)
			}
		}
	})
	run(t, l)
}

// These are for every goroutine.
func TestForeignGoroutineMay(t *testing.T) {
	l := guardedLoop(t)
	watchdog(t)
	promise := loop.NewPromise[int](l)
	asked := make(chan struct{})
	l.Call(func() {
		go func() {
			defer close(asked)
			l.Logger()
			l.Closed()
			l.OffloadQueue()
			if err := promise.Post(7, nil); err != nil {
				t.Error(err)
			}
			if v, err := promise.Future().Wait(context.Background()); v != 7 || err != nil {
				t.Error(v, err)
			}
			_, err := loop.Do(context.Background(), l, func(co *loop.Co) (int, error) {
				done := make(chan struct{})
				go func() {
					defer close(done)
					co.Err()
					co.Deadline()
					co.Value("key")
					co.Done()
					loop.Of(co)
					co.AfterFunc(func() {})()
				}()
				<-done
				return 0, nil
			})
			if err != nil {
				t.Error(err)
			}
			l.Stop()
		}()
	})
	run(t, l)
	within(t, asked)
}

// A coroutine holds the loop while it runs, and those beneath it do not.
func TestCoroutineHoldsLoop(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		outer := owner.ID()
		f := loop.Go(co, func(co *loop.Co) (int, error) {
			l.Call(func() {})
			if owner.ID() == outer {
				t.Error("a nested coroutine has its parent's goroutine")
			}
			if !foreignCallPanics(l) {
				t.Error("in a nested coroutine, others may call what only the loop may")
			}
			return 0, loop.Yield(co)
		})
		l.Call(func() {})
		if !foreignCallPanics(l) {
			t.Error("in a coroutine, others may call what only the loop may")
		}
		_, err := loop.Await(co, f)
		return err
	})
}

// A body may make a sequence of its own with iter.Pull, whose function waits: that is
// another goroutine, but the loop stands still for it.
func TestAwaitInNestedPull(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		next, stop := iter.Pull(func(yield func(int) bool) {
			for i := range 3 {
				if err := loop.Sleep(co, time.Second); err != nil {
					t.Error(err)
				}
				l.Call(func() {})
				if !yield(i) {
					return
				}
			}
		})
		defer stop()
		began := l.Now()
		for want := range 3 {
			if v, ok := next(); v != want || !ok {
				t.Errorf("got %d, %v, want %d", v, ok, want)
			}
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		if d := l.Now().Sub(began); d != 3*time.Second {
			t.Errorf("took %v", d)
		}
		return nil
	})
}

// A loop that does not run belongs to the goroutine that has it, which nothing knows.
func TestIdleLoopIsNotChecked(t *testing.T) {
	l := guardedLoop(t)
	onGoroutine(t, func() { l.Call(func() {}) })
	onGoroutine(t, func() { loop.Go(l, func(co *loop.Co) (int, error) { return 0, nil }) })
	turn(t, l)
}

// Whoever holds the loop cannot wait for it from outside.
func TestDoOnTheLoopIsRefused(t *testing.T) {
	l := guardedLoop(t)
	do := func() {
		loop.Do(context.Background(), l, func(*loop.Co) (int, error) { return 0, nil })
	}
	_, err := loop.RunSync(l, func(*loop.Co) (int, error) {
		if v := recovered(do); v == nil {
			t.Error("Do in a coroutine is accepted")
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
	l.Call(func() {
		if v := recovered(do); v == nil {
			t.Error("Do in a callback is accepted")
		}
	})
	turn(t, l)
}
