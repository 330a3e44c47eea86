package loop_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// pooled makes a pool that is shut down when the test ends, under a watchdog.
func pooled(t testing.TB, n int, o *loop.Options) *loop.Pool {
	t.Helper()
	watchdog(t)
	p, err := loop.NewPool(n, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return p
}

// fromTo runs test as a coroutine of one loop, with another one to submit to, on each
// backend.
func fromTo(t *testing.T, test func(t *testing.T, co *loop.Co, to *loop.Loop) error) {
	eachPoller(t, func(t *testing.T, name string) {
		looptest.NoLeaks(t)
		p := pooled(t, 2, &loop.Options{Poller: name, Strict: true})
		_, err := loop.Do(t.Context(), p.Loops()[0], func(co *loop.Co) (int, error) {
			return 0, test(t, co, p.Loops()[1])
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func untilCancelled(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) }

// The body runs on the other loop, with the values of its parent; the coroutine that
// submitted it never leaves its own.
func TestSubmit(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		type key struct{}
		l := co.Loop()
		for i := range 3 {
			v, err := loop.Await(co, loop.Submit(co.WithValue(key{}, i), to, func(co *loop.Co) (any, error) {
				to.Call(func() {}) // this is the loop that it says
				if of, _ := loop.Of(co); of != to || co.Loop() != to || to.Current() != co {
					t.Error("the body is not a coroutine of the loop it was submitted to")
				}
				err := loop.Yield(co)
				return co.Value(key{}), err
			}))
			if v != i || err != nil {
				t.Error(v, err)
			}
			l.Call(func() {}) // and so is this
			if l.Current() != co || co.Loop() != l {
				t.Error("the caller has changed its loop")
			}
		}
		return nil
	})
}

// Errors, panics and Goexit pass over as well.
func TestSubmitFailures(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		l := co.Loop()
		if _, err := loop.Await(co, loop.Submit(l, to, func(*loop.Co) (int, error) { return 0, errTest })); err != errTest {
			t.Error(err)
		}
		var pe *loop.PanicError
		_, err := loop.Await(co, loop.Submit(l, to, func(*loop.Co) (int, error) { panicDeepDown("oops"); return 0, nil }))
		if !errors.As(err, &pe) || pe.Value != "oops" || !contains(pe.Stack, "panicDeepDown") {
			t.Error(err)
		}
		_, err = loop.Await(co, loop.Submit(l, to, func(*loop.Co) (int, error) { runtime.Goexit(); return 0, nil }))
		if err != loop.ErrGoexit {
			t.Error(err)
		}
		return nil
	})
}

// To one's own loop it works as well, and gives way.
func TestSubmitToOwnLoop(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		began := false
		f := loop.Submit(co, co.Loop(), func(co *loop.Co) (int, error) { began = true; return 7, nil })
		if began {
			t.Error("it began at once")
		}
		v, err := loop.Await(co, f)
		if v != 7 {
			t.Error(v)
		}
		return err
	})
}

// What cancels the parent cancels the body: with the cause, also before it begins.
func TestSubmitParentCancelled(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		for _, before := range []bool{false, true} {
			scope, cancel := co.WithCancel()
			if before {
				cancel(errTest)
			}
			causes := make(chan error, 1)
			f := loop.Submit(scope, to, func(co *loop.Co) (int, error) {
				if before && co.Err() == nil {
					t.Error("it began uncancelled")
				}
				if !before {
					_ = scope.Loop().Post(func() { cancel(errTest) })
				}
				v, err := untilCancelled(co)
				causes <- context.Cause(co)
				return v, err
			})
			if _, err := loop.Await(co, f); !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			if cause := <-causes; cause != errTest {
				t.Errorf("the cause is %v", cause)
			}
		}
		return nil
	})
}

// A deadline of the parent reaches the body as such.
func TestSubmitDeadline(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		scope, cancel := co.WithTimeout(time.Millisecond)
		defer cancel()
		_, err := loop.Await(co, loop.Submit(scope, to, func(co *loop.Co) (error, error) {
			_, err := untilCancelled(co)
			if co.Err() != context.DeadlineExceeded {
				t.Errorf("Err is %v", co.Err())
			}
			return nil, err
		}))
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Error(err)
		}
		return nil
	})
}

// A coroutine that returns takes what it has submitted with it.
func TestSubmitParentReturns(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		f, err := loop.Await(co, loop.Go(co, func(co *loop.Co) (*loop.Future[int], error) {
			return loop.Submit(co, to, untilCancelled), nil
		}))
		if err != nil {
			return err
		}
		if _, err := loop.Await(co, f); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		return nil
	})
}

// When nobody awaits the future any more, the body is cancelled.
func TestSubmitNotAwaited(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		causes := make(chan error, 1)
		f := loop.Submit(co, to, func(co *loop.Co) (int, error) {
			v, err := untilCancelled(co)
			causes <- context.Cause(co)
			return v, err
		})
		if _, err := loop.Await(co, loop.WithTimeout(time.Millisecond, f)); err != loop.ErrTimeout {
			t.Error(err)
		}
		if cause := <-causes; cause != loop.ErrWithdrawn {
			t.Errorf("the cause is %v", cause)
		}
		if _, err := loop.Await(co, f); !errors.Is(err, context.Canceled) { // whoever kept it sees how it ended
			t.Error(err)
		}
		return nil
	})
}

// A loop that is closed takes nothing, and one that closes ends what it has.
func TestSubmitAndClose(t *testing.T) {
	fromTo(t, func(t *testing.T, co *loop.Co, to *loop.Loop) error {
		f := loop.Submit(co, to, func(co *loop.Co) (int, error) {
			to.Close()
			return untilCancelled(co)
		})
		if _, err := loop.Await(co, f); !errors.Is(err, loop.ErrClosed) {
			t.Error(err)
		}
		<-to.Closed()
		f = loop.Submit(co, to, func(co *loop.Co) (int, error) {
			t.Error("ran on a closed loop")
			return 0, nil
		})
		if _, err := loop.Await(co, f); err != loop.ErrClosed {
			t.Error(err)
		}
		return nil
	})
}

// What a loop had no chance to begin before it was closed fails all the same, and so
// does a Do that waits for it.
func TestSubmitNeverBegun(t *testing.T) {
	looptest.NoLeaks(t)
	from := pooled(t, 1, nil).Next()
	to := machineLoop(t, &loop.Options{Poller: "chan"})
	body := func(*loop.Co) (int, error) {
		t.Error("it began")
		return 0, nil
	}
	to.Call(runtime.Goexit) // ends the goroutine that closes the loop
	submitted, done := make(chan struct{}), make(chan error, 2)
	go func() {
		_, err := loop.Do(context.Background(), from, func(co *loop.Co) (int, error) {
			f := loop.Submit(co, to, body)
			close(submitted)
			return loop.Await(co, f)
		})
		done <- err
	}()
	<-submitted
	onGoroutine(t, func() { to.Close() })
	if err := within(t, done); err != loop.ErrClosed {
		t.Error(err)
	}
}

// When the loop of the caller closes, the body over there is cancelled, and its result
// is dropped; what is submitted while it closes never begins.
func TestSubmitFromClosedLoop(t *testing.T) {
	looptest.NoLeaks(t)
	p := pooled(t, 2, nil)
	from, to := p.Loops()[0], p.Loops()[1]
	causes := make(chan error, 1)
	_, err := loop.Do(t.Context(), from, func(co *loop.Co) (int, error) {
		f := loop.Submit(from, to, func(co *loop.Co) (int, error) {
			from.Close()
			v, err := untilCancelled(co)
			causes <- context.Cause(co)
			return v, err
		})
		_, err := loop.Await(co, f)
		return 0, loop.Shield(co, 0, func(co *loop.Co) error {
			f := loop.Submit(co, to, func(co *loop.Co) (int, error) { t.Error("it began"); return 0, nil })
			if _, err := loop.Await(co, f); err != loop.ErrClosed {
				t.Error(err)
			}
			return err
		})
	})
	if !errors.Is(err, loop.ErrClosed) {
		t.Error(err)
	}
	if cause := within(t, causes); cause != loop.ErrClosed {
		t.Errorf("the cause is %v", cause)
	}
	if _, err := loop.Do(t.Context(), to, func(*loop.Co) (int, error) { return 7, nil }); err != nil {
		t.Errorf("the other loop: %v", err)
	}
}
