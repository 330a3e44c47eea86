package loop_test

import (
	"cmp"
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Every kind of wait.
func eachWait(l *loop.Loop) map[string]func(co *loop.Co) error {
	return map[string]func(co *loop.Co) error{
		"Await": func(co *loop.Co) error {
			_, err := loop.Await(co, loop.NewPromise[int](l).Future())
			return err
		},
		"Sleep": func(co *loop.Co) error { return loop.Sleep(co, time.Hour) },
		"Yield": loop.Yield,
	}
}

// A coroutine that waits is resumed by its cancellation in the next iteration; the
// error matches both what the context says and its cause. Later waits fail at once.
func TestCancelEndsWaits(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for name, wait := range eachWait(l) {
			for _, cause := range []error{nil, context.Canceled, errTest} {
				scope, cancel := co.WithCancel()
				resumed := false
				f := loop.Go(scope, func(co *loop.Co) (int, error) {
					err := wait(co)
					resumed = true
					if co.Err() != context.Canceled || !errors.Is(err, co.Err()) || !errors.Is(err, context.Cause(co)) {
						t.Errorf("%s: %v; Err is %v, the cause %v", name, err, co.Err(), context.Cause(co))
					}
					if cause == errTest && err.Error() != "context canceled: test failure" {
						t.Errorf("%s: %q", name, err)
					}
					busy := false
					l.Call(func() { busy = true })
					for name, again := range eachWait(l) {
						if err := again(co); !errors.Is(err, context.Canceled) || busy {
							t.Errorf("again: %s: %v, gave way: %v", name, err, busy)
						}
					}
					// What is done is no wait.
					if v, err := loop.Await(co, loop.Resolved(l, 7)); v != 7 || err != nil {
						t.Errorf("a finished future: %v, %v", v, err)
					}
					return 0, err
				})
				cancel(cause)
				cancel(errors.New("a second cause"))
				if resumed {
					t.Errorf("%s: resumed inside cancel", name)
				}
				if _, err := loop.Await(co, f); !errors.Is(err, context.Canceled) {
					t.Errorf("%s: %v", name, err)
				}
				if want := cmp.Or(cause, context.Canceled); context.Cause(scope) != want {
					t.Errorf("%s: the cause is %v, want %v", name, context.Cause(scope), want)
				}
			}
		}
		return nil
	})
}

// G28 in both orders: a value that comes in the iteration of the cancellation wins.
func TestCancelValueWins(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for _, valueFirst := range []bool{true, false} {
			p := loop.NewPromise[int](l)
			scope, cancel := co.WithCancel()
			waiter := loop.Go(scope, func(co *loop.Co) (int, error) { return loop.Await(co, p.Future()) })
			sleeper := loop.Go(scope, func(co *loop.Co) (int, error) { return 8, loop.Sleep(co, time.Second) })
			l.After(time.Second, func() {
				if valueFirst {
					p.Set(7)
				}
				cancel(nil)
				if !valueFirst {
					p.Set(7)
				}
			})
			if v, err := loop.Await(co, waiter); v != 7 || err != nil {
				t.Errorf("value first: %v: %v, %v", valueFirst, v, err)
			}
			if v, err := loop.Await(co, sleeper); v != 8 || err != nil {
				t.Errorf("the sleep was over, but: %v, %v", v, err)
			}
		}
		return nil
	})
}

// A scope cancels only the waits under it, not those of the rest of the body.
func TestCancelScopes(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		inner, cancelInner := co.WithCancel()
		innermost := inner.WithValue(&errTest, 1)
		l.Call(func() { cancelInner(errTest) })
		start := l.Now()
		if err := loop.Sleep(co, time.Second); err != nil || l.Now().Sub(start) != time.Second {
			t.Errorf("a wait outside the scope: %v after %v", err, l.Now().Sub(start))
		}
		for _, c := range []*loop.Co{inner, innermost} {
			if err := loop.Sleep(c, time.Second); !errors.Is(err, errTest) {
				t.Errorf("a wait inside it: %v", err)
			}
		}
		if co.Err() != nil || inner.Err() == nil || innermost.Err() == nil {
			t.Errorf("Err: %v, %v, %v", co.Err(), inner.Err(), innermost.Err())
		}
		// A scope, or a coroutine, under a cancelled one begins cancelled.
		for _, c := range []*loop.Co{inner.WithValue("k", 1), first(inner.WithCancel()), first(inner.WithTimeout(time.Hour))} {
			if c.Err() != context.Canceled || context.Cause(c) != errTest {
				t.Errorf("%v, %v", c.Err(), context.Cause(c))
			}
		}
		ran := false
		_, err := loop.Await(co, loop.Go(inner, func(co *loop.Co) (int, error) {
			ran = true
			return 0, loop.Yield(co)
		}))
		if !ran || !errors.Is(err, errTest) {
			t.Errorf("a coroutine under it ran: %v, %v", ran, err)
		}
		return nil
	})
}

func first[A, B any](a A, _ B) A { return a }

// A coroutine's Co is cancelled when its body returns, and with it what was started
// under it.
func TestCancelWhenBodyReturns(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var parent *loop.Co
		var child, unrelated *loop.Future[int]
		sleep := func(co *loop.Co) (int, error) { return 1, loop.Sleep(co, time.Hour) }
		if _, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) {
			parent = co
			child, unrelated = loop.Go(co, sleep), loop.Go(l, sleep)
			return 0, loop.Yield(co)
		})); err != nil {
			return err
		}
		if parent.Err() != context.Canceled || context.Cause(parent) != context.Canceled {
			t.Errorf("%v, %v", parent.Err(), context.Cause(parent))
		}
		start := l.Now()
		if _, err := loop.Await(co, child); err != context.Canceled || l.Now() != start {
			t.Errorf("the child: %v after %v", err, l.Now().Sub(start))
		}
		if v, err := loop.Await(co, unrelated); v != 1 || err != nil {
			t.Errorf("a coroutine of the loop's own: %v, %v", v, err)
		}
		return nil
	})
}

func TestCoWithTimeout(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		if _, ok := co.Deadline(); ok {
			t.Error("a deadline from nowhere")
		}
		outer, cancelOuter := co.WithTimeout(time.Minute)
		defer cancelOuter()
		longer, cancelLonger := outer.WithTimeout(time.Hour) // cannot outlast the outer one
		defer cancelLonger()
		shorter, cancelShorter := longer.WithTimeout(time.Second)
		defer cancelShorter()
		for c, want := range map[*loop.Co]time.Duration{
			outer: time.Minute, longer: time.Minute, shorter: time.Second,
			longer.WithValue("k", 1): time.Minute,
		} {
			if d, ok := c.Deadline(); !ok || d.Sub(start) != want {
				t.Errorf("a deadline after %v, want %v", d.Sub(start), want)
			}
		}
		f := loop.Go(shorter, func(co *loop.Co) (time.Time, error) { // inherited
			d, _ := co.Deadline()
			return d, loop.Sleep(co, time.Hour)
		})
		if d, err := loop.Await(co, f); !d.IsZero() && d.Sub(start) != time.Second || err != context.DeadlineExceeded {
			t.Errorf("%v, %v", d, err)
		}
		if got := l.Now().Sub(start); got != time.Second {
			t.Errorf("cancelled after %v", got)
		}
		if shorter.Err() != context.DeadlineExceeded || context.Cause(shorter) != context.DeadlineExceeded || longer.Err() != nil {
			t.Errorf("%v, %v, %v", shorter.Err(), context.Cause(shorter), longer.Err())
		}
		err := loop.Sleep(longer, time.Hour)
		var timeout net.Error
		if err != context.DeadlineExceeded || !errors.As(err, &timeout) || !timeout.Timeout() {
			t.Error(err)
		}
		if got := l.Now().Sub(start); got != time.Minute {
			t.Errorf("cancelled after %v", got)
		}
		// In time: no timer is left behind.
		done, cancel := co.WithTimeout(time.Hour)
		cancel()
		if err := loop.Yield(done); err != context.Canceled {
			t.Error(err)
		}
		return nil
	})
	looptest.Run(t, func(co *loop.Co) error {
		scope, cancel := co.WithTimeout(-time.Second)
		defer cancel()
		if err := loop.Sleep(scope, time.Hour); err != context.DeadlineExceeded {
			t.Errorf("a deadline in the past: %v", err)
		}
		return nil
	})
}

// A timeout under a cancelled Co makes no timer that no one would stop.
func TestCoWithTimeoutUnderCancelled(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		scope, cancel := co.WithCancel()
		cancel(errTest)
		late, done := scope.WithTimeout(time.Minute)
		defer done()
		if _, ok := late.Deadline(); ok || context.Cause(late) != errTest {
			t.Errorf("it has a deadline of its own: %v; the cause is %v", ok, context.Cause(late))
		}
		return nil
	})
}

// Cleanup that must wait runs under Shield.
func TestShield(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		scope, cancel := co.WithValue("k", "v").WithTimeout(time.Second)
		defer cancel()
		f := loop.Go(scope, func(co *loop.Co) (int, error) {
			err := loop.Sleep(co, time.Hour)
			for _, limit := range []time.Duration{0, time.Minute} {
				if err := loop.Shield(co, limit, func(co *loop.Co) error { return insideShield(t, co, limit) }); err != nil {
					t.Errorf("limit %v: %v", limit, err)
				}
			}
			over := loop.Shield(co, time.Minute, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
			if over != context.DeadlineExceeded {
				t.Error(over)
			}
			if got := loop.Shield(co, 0, func(*loop.Co) error { return errTest }); got != errTest {
				t.Error(got)
			}
			if err := loop.Yield(co); err != context.DeadlineExceeded {
				t.Errorf("after it: %v", err)
			}
			return 0, err
		})
		start := l.Now()
		g := loop.Go(scope, func(co *loop.Co) (int, error) { // cancelled while it is inside
			return 5, loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Minute) })
		})
		if v, err := loop.Await(co, g); v != 5 || err != nil || l.Now().Sub(start) != time.Minute {
			t.Errorf("%v, %v after %v", v, err, l.Now().Sub(start))
		}
		if _, err := loop.Await(co, f); err != context.DeadlineExceeded {
			t.Error(err)
		}
		return nil
	})
}

func insideShield(t *testing.T, co *loop.Co, limit time.Duration) error {
	if co.Err() != nil || context.Cause(co) != nil || co.Value("k") != "v" {
		t.Errorf("inside: %v, %v, %v", co.Err(), context.Cause(co), co.Value("k"))
	}
	if d, ok := co.Deadline(); ok != (limit > 0) || ok && d.Sub(co.Loop().Now()) != limit {
		t.Errorf("a deadline %v, %v", d, ok)
	}
	child := loop.Go(co, func(co *loop.Co) (int, error) { return 3, loop.Sleep(co, time.Second) })
	v, err := loop.Await(co, child)
	if v != 3 {
		t.Error("the child did not end")
	}
	return err
}

// G37: values travel with coroutines, each chain has its own, and a later WithValue
// is not seen above.
func TestCoValues(t *testing.T) {
	type key struct{}
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var depth func(co *loop.Co, n int) (int, error)
		depth = func(co *loop.Co, n int) (int, error) {
			if err := loop.Yield(co); err != nil || n == 0 {
				return co.Value(key{}).(int), err
			}
			return loop.Await(co, loop.Go(co, func(co *loop.Co) (int, error) { return depth(co, n-1) }))
		}
		var chains []*loop.Future[int]
		for i := range 4 {
			chains = append(chains, loop.Go(co.WithValue(key{}, i), func(co *loop.Co) (int, error) { return depth(co, 3) }))
		}
		got, err := loop.Await(co, loop.All(l, chains...))
		if want := []int{0, 1, 2, 3}; !slices.Equal(got, want) {
			t.Errorf("got %v", got)
		}
		if co.Value(key{}) != nil || co.WithValue(key{}, 1).WithValue(key{}, 2).Value(key{}) != 2 {
			t.Error("the nearest value is not the one")
		}
		wantPanic(t, func() { co.WithValue(nil, 1) }, "nil key")
		wantPanic(t, func() { co.WithValue([]int{}, 1) }, "cannot be compared")
		return err
	})
}

func TestCoCancel(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		f := loop.Go(co, func(co *loop.Co) (int, error) {
			co.Cancel(errTest)
			return 0, loop.Yield(co)
		})
		if _, err := loop.Await(co, f); !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		scope, cancel := co.WithTimeout(time.Hour)
		scope.Cancel(errTest)
		cancel()
		if err := loop.Yield(scope); !errors.Is(err, errTest) || os.IsTimeout(err) {
			t.Errorf("%v is not the cancellation", err)
		}
		return nil
	})
}

// Running tells whose Co may wait: the one's who runs, whichever scope of his it is.
func TestCoRunning(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		scope := co.WithValue("k", 1)
		loop.Go(co, func(inner *loop.Co) (struct{}, error) {
			if !inner.Running() || co.Running() || scope.Running() {
				t.Error("in a coroutine within, that one runs")
			}
			return struct{}{}, nil
		})
		if !co.Running() || !scope.Running() {
			t.Error("afterwards it runs")
		}
		return nil
	})
}
