package loop_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

var errMade = errors.New("made for the test")

// Tornado I35, I39: the body's result, after waits of any kind.
func TestRunSync(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		for range 3 {
			v, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
				if err := loop.Sleep(co, time.Millisecond); err != nil {
					return 0, err
				}
				return 42, loop.Yield(co)
			})
			if v != 42 || err != nil {
				t.Errorf("%d, %v", v, err)
			}
		}
	})
}

// Tornado I33: a body that waits for nothing is fine.
func TestRunSyncWithoutWait(t *testing.T) {
	l := guardedLoop(t)
	v, err := loop.RunSync(l, func(*loop.Co) (string, error) { return "at once", nil })
	if v != "at once" || err != nil {
		t.Errorf("%q, %v", v, err)
	}
}

// Tornado I34, I36: the body's error, before and after a wait; and its panic, with
// the stack.
func TestRunSyncError(t *testing.T) {
	l := guardedLoop(t)
	for _, waits := range []bool{false, true} {
		_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
			if waits {
				loop.Yield(co)
			}
			return 0, errMade
		})
		if !errors.Is(err, errMade) {
			t.Errorf("error: %v", err)
		}
		_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
			if waits {
				loop.Yield(co)
			}
			panic(errMade)
		})
		var p *loop.PanicError
		if !errors.Is(err, errMade) || !errors.As(err, &p) || p.Where != "coroutine" ||
			!strings.Contains(string(p.Stack), "TestRunSyncError") {
			t.Errorf("panic: %v", err)
		}
	}
}

// Tornado I37: inside, the coroutine's context leads to this loop.
func TestOf(t *testing.T) {
	l := guardedLoop(t)
	_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		if got, ok := loop.Of(context.WithoutCancel(co)); got != l || !ok || co.Loop() != l {
			t.Errorf("Of gives %p, %v, want %p", got, ok, l)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
	if got, ok := loop.Of(context.Background()); got != nil || ok {
		t.Errorf("Of gives %p, %v for another context", got, ok)
	}
}

// Tornado I38: the body is cancelled when its time is over, and the error says so.
func TestRunSyncTimeout(t *testing.T) {
	l := guardedLoop(t)
	began := l.Now()
	_, err := loop.RunSyncTimeout(l, 10*time.Second, func(co *loop.Co) (int, error) {
		return 0, loop.Sleep(co, time.Hour)
	})
	if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "timed out after 10s") {
		t.Errorf("%v", err)
	}
	if d := l.Now().Sub(began); d != 10*time.Second {
		t.Errorf("after %v", d)
	}
}

// A result that comes all the same, an error of another kind, and one in time, are
// as with RunSync.
func TestRunSyncTimeoutNot(t *testing.T) {
	l := guardedLoop(t)
	v, err := loop.RunSyncTimeout(l, time.Second, func(co *loop.Co) (int, error) {
		loop.Sleep(co, time.Hour)
		return 42, nil
	})
	if v != 42 || err != nil {
		t.Errorf("a result in spite of the timeout: %d, %v", v, err)
	}
	_, err = loop.RunSyncTimeout(l, time.Second, func(co *loop.Co) (int, error) { return 0, errMade })
	if err != errMade {
		t.Errorf("an error in time: %v", err)
	}
	l.After(time.Hour, l.Stop) // nothing is left of the timers
	run(t, l)
}

// Tornado I40: Stop ends RunSync without a result. The body goes on with the next Run,
// which it does not end.
func TestRunSyncStopped(t *testing.T) {
	l := guardedLoop(t)
	var s story
	_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		l.Stop()
		err := loop.Sleep(co, time.Second)
		s.add("left behind")
		return 0, err
	})
	if !errors.Is(err, loop.ErrStopped) {
		t.Errorf("%v", err)
	}
	v, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		if err := loop.Sleep(co, 2*time.Second); err != nil {
			return 0, err
		}
		s.add("second")
		return 42, nil
	})
	if v != 42 || err != nil {
		t.Errorf("the next RunSync: %d, %v", v, err)
	}
	s.check(t, "left behind", "second")
}

// Tornado 1.01: a Stop before RunSync is used up by it.
func TestRunSyncAfterStop(t *testing.T) {
	l := guardedLoop(t)
	l.Stop()
	ran := 0
	body := func(*loop.Co) (int, error) { ran++; return 42, nil }
	if _, err := loop.RunSync(l, body); !errors.Is(err, loop.ErrStopped) || ran != 0 {
		t.Errorf("%v, %d bodies ran", err, ran)
	}
	if v, err := loop.RunSync(l, body); v != 42 || err != nil || ran != 2 {
		t.Errorf("%d, %v, %d bodies ran", v, err, ran)
	}
}

// A Close while the body runs is why it ends; one before is why it does not begin.
func TestRunSyncAndClose(t *testing.T) {
	l := guardedLoop(t)
	_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		l.Close()
		return 0, loop.Sleep(co, time.Hour)
	})
	if !errors.Is(err, loop.ErrClosed) {
		t.Errorf("Close from within: %v", err)
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		t.Error("ran on a closed loop")
		return 0, nil
	})
	if !errors.Is(err, loop.ErrClosed) {
		t.Errorf("on a closed loop: %v", err)
	}
}

// served runs l on another goroutine, until the function it returns is called.
func served(t testing.TB, l *loop.Loop) (end func()) {
	var running sync.WaitGroup
	running.Go(func() {
		if err := l.Run(); err != nil && !errors.Is(err, loop.ErrClosed) {
			t.Errorf("Run: %v", err)
		}
	})
	return func() {
		l.Stop()
		running.Wait()
	}
}

// Do runs a body on the loop, and hands its result, error or panic to the goroutine
// that called.
func TestDo(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name, Strict: true})
		defer served(t, l)()
		type key struct{}
		ctx := context.WithValue(t.Context(), key{}, "a value")
		v, err := loop.Do(ctx, l, func(co *loop.Co) (any, error) {
			l.Call(func() {}) // this is the loop
			if err := loop.Sleep(co, time.Millisecond); err != nil {
				return nil, err
			}
			return co.Value(key{}), nil
		})
		if v != "a value" || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		due := time.Now().Add(time.Hour)
		late, cancel := context.WithDeadline(ctx, due)
		defer cancel()
		got, err := loop.Do(late, l, func(co *loop.Co) (time.Time, error) {
			scope, done := co.WithTimeout(2 * time.Hour)
			defer done()
			when, _ := scope.Deadline()
			return when, nil
		})
		if !got.Equal(due) || err != nil {
			t.Errorf("the context's deadline is %v, the coroutine's %v", due, got)
		}
		_, err = loop.Do(ctx, l, func(*loop.Co) (int, error) { return 0, errMade })
		if err != errMade {
			t.Errorf("error: %v", err)
		}
		_, err = loop.Do(ctx, l, func(*loop.Co) (int, error) { panic(errMade) })
		var p *loop.PanicError
		if !errors.As(err, &p) || !errors.Is(err, errMade) {
			t.Errorf("panic: %v", err)
		}
	})
}

// Many goroutines may be in Do at a time.
func TestDoAtOnce(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	sum := 0 // the loop's: needs no lock
	var all sync.WaitGroup
	const n = 100
	for i := range n {
		all.Go(func() {
			v, err := loop.Do(t.Context(), l, func(co *loop.Co) (int, error) {
				sum += i
				return i, loop.Yield(co)
			})
			if v != i || err != nil {
				t.Errorf("%d, %v, want %d", v, err, i)
			}
		})
	}
	all.Wait()
	got, err := loop.Do(t.Context(), l, func(*loop.Co) (int, error) { return sum, nil })
	if want := n * (n - 1) / 2; got != want || err != nil {
		t.Errorf("the sum is %d, %v, want %d", got, err, want)
	}
}

// When the caller's context is cancelled, so is the body, with the same cause; Do
// waits for it to end.
func TestDoCancelled(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	ctx, cancel := context.WithCancelCause(t.Context())
	ended := false
	_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
		cancel(errMade)
		err := loop.Sleep(co, time.Hour)
		if !errors.Is(err, errMade) || !errors.Is(err, context.Canceled) || context.Cause(co) != errMade {
			t.Errorf("the body's wait: %v, cause %v", err, context.Cause(co))
		}
		loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Millisecond) })
		ended = true
		return 0, err
	})
	if !errors.Is(err, errMade) || !ended {
		t.Errorf("%v, ended: %v", err, ended)
	}
}

// A deadline reaches the body as such.
func TestDoDeadline(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
		err := loop.Sleep(co, time.Hour)
		if co.Err() != context.DeadlineExceeded {
			t.Errorf("Err is %v", co.Err())
		}
		return 0, err
	})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("%v", err)
	}
}

// A context that is cancelled before is one from the body's first step on.
func TestDoCancelledBefore(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errMade)
	began := false
	_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
		began = co.Err() == nil
		return 0, loop.Yield(co)
	})
	if !errors.Is(err, errMade) || began {
		t.Errorf("%v; the body began uncancelled: %v", err, began)
	}
}

// What a body hears of its caller's cancellation after it has ended is nothing.
func TestDoCancelledAfterwards(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	ctx, cancel := context.WithCancel(t.Context())
	var inner *loop.Co
	_, err := loop.Do(ctx, l, func(co *loop.Co) (int, error) {
		inner = co
		return 0, nil
	})
	cancel()
	if err != nil || inner.Err() != context.Canceled { // as it has returned
		t.Errorf("%v, %v", err, inner.Err())
	}
}

// A loop that closes ends the body, and Do with it; a closed one takes none.
func TestDoAndClose(t *testing.T) {
	l := machineLoop(t, nil)
	end := served(t, l)
	_, err := loop.Do(t.Context(), l, func(co *loop.Co) (int, error) {
		l.Close()
		err := loop.Sleep(co, time.Hour)
		if context.Cause(co) != loop.ErrClosed {
			t.Errorf("the cause is %v", context.Cause(co))
		}
		return 0, err
	})
	if !errors.Is(err, loop.ErrClosed) {
		t.Errorf("Close from within: %v", err)
	}
	end()
	_, err = loop.Do(t.Context(), l, func(co *loop.Co) (int, error) {
		t.Error("ran on a closed loop")
		return 0, nil
	})
	if !errors.Is(err, loop.ErrClosed) {
		t.Errorf("on a closed loop: %v", err)
	}
}

// A result that comes while the loop is closing is the result.
func TestDoResultWhileClosing(t *testing.T) {
	l := machineLoop(t, nil)
	defer served(t, l)()
	v, err := loop.Do(t.Context(), l, func(co *loop.Co) (int, error) {
		l.Close()
		return 42, loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Millisecond) })
	})
	if v != 42 || err != nil {
		t.Errorf("%d, %v", v, err)
	}
}
