package looptest

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// crossed locks two mutexes in both orders, and waits for both coroutines.
func crossed(co *loop.Co) error {
	a, b := loop.NewMutex(co.Loop()), loop.NewMutex(co.Loop())
	both := func(x, y *loop.Mutex) func(co *loop.Co) error {
		return func(co *loop.Co) error {
			return x.With(co, func() error {
				if err := loop.Yield(co); err != nil {
					return err
				}
				return y.With(co, func() error { return nil })
			})
		}
	}
	return loop.WithGroup(co, func(g *loop.Group) error {
		g.Go(both(a, b))
		g.Go(both(b, a))
		return nil
	})
}

// A deadlock is found, at once where the loop is alone and after the grace otherwise,
// and the report says who waits for whom.
func TestDeadlock(t *testing.T) {
	NoLeaks(t)
	for name, grace := range map[string]time.Duration{"alone": 0, "with grace": time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			r := runner{t: t, seed: 1, grace: grace}
			err := r.run(crossed)
			if !errors.Is(err, ErrDeadlock) {
				t.Fatalf("got %v", err)
			}
			for _, want := range []string{"Mutex.Lock, held by looptest.crossed", "they wait for each other", "started at looptest/deadlock_test.go:"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is not in the report:\n%v", want, err)
				}
			}
		})
	}
}

// A body that makes nothing of its cancellation has failed all the same, and one that
// shields itself from it is ended.
func TestDeadlockUnheeded(t *testing.T) {
	NoLeaks(t)
	never := func(co *loop.Co) error {
		_, err := loop.Await(co, loop.NewPromise[int](co.Loop()).Future())
		return err
	}
	for name, body := range map[string]func(co *loop.Co) error{
		"swallowed": func(co *loop.Co) error {
			_ = never(co)
			return nil
		},
		"shielded": func(co *loop.Co) error {
			_ = loop.Shield(co, 0, never)
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{TB: t}
			r := runner{t: s, seed: 1}
			if err := r.run(body); err == nil {
				t.Error("it passed")
			}
		})
	}
}

// Waiting for another goroutine is no deadlock, however often there is nothing to do.
func TestNoDeadlock(t *testing.T) {
	NoLeaks(t)
	Run(t, func(co *loop.Co) error {
		for range 100 {
			if _, err := loop.Await(co, loop.FromChan(co.Loop(), time.After(time.Microsecond))); err != nil {
				return err
			}
		}
		return nil
	})
}

// In a bubble of testing/synctest the grace costs no time, and neither do clocks of the
// machine.
func TestSynctest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := runner{t: t, seed: 1, patience: time.Hour, grace: time.Minute}
		if err := r.run(crossed); !errors.Is(err, ErrDeadlock) {
			t.Errorf("a deadlock gives %v", err)
		}
		Run(t, func(co *loop.Co) error {
			began, onLoop := time.Now(), co.Loop().Now()
			if err := loop.Sleep(co, time.Hour); err != nil {
				return err
			}
			if d := co.Loop().Now().Sub(onLoop); d != time.Hour || time.Now() != began {
				t.Errorf("%v have passed on the loop, %v in the bubble", d, time.Since(began))
			}
			_, err := loop.Await(co, loop.FromChan(co.Loop(), time.After(time.Second)))
			if d := time.Since(began); d != time.Second {
				t.Errorf("a second in the bubble took %v", d)
			}
			return err
		})
		l, err := loop.New(&loop.Options{Poller: "chan"})
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		began := time.Now()
		_, err = loop.RunSync(l, func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
		if d := time.Since(began); d != time.Hour || err != nil {
			t.Errorf("a loop on the bubble's clock slept %v: %v", d, err)
		}
	})
}

// What a body leaves behind must end when it is cancelled; a failure nobody looked at
// is told.
func TestLeftBehind(t *testing.T) {
	NoLeaks(t)
	s := &spy{TB: t}
	r := runner{t: s, seed: 1}
	err := r.run(func(co *loop.Co) error {
		loop.Go(co.Loop(), func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
		return nil
	})
	if err != nil || s.failed {
		t.Errorf("one that ends: %v, %s", err, s.log.String())
	}
	err = r.run(func(co *loop.Co) error {
		loop.Go(co.Loop(), func(co *loop.Co) (int, error) {
			return 0, loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
		})
		return nil
	})
	if err != nil || !strings.Contains(s.log.String(), "left behind, and did not end when it was cancelled: looptest.TestLeftBehind") {
		t.Errorf("one that does not: %v, %s", err, s.log.String())
	}
	err = r.run(func(co *loop.Co) error {
		loop.FailedFuture[int](co.Loop(), errors.New("oops"))
		return nil
	})
	if err != nil || !strings.Contains(s.log.String(), "nobody has looked at it: oops") {
		t.Errorf("a failure: %v, %s", err, s.log.String())
	}
}
