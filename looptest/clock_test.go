package looptest_test

import (
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

func TestClock(t *testing.T) {
	c := looptest.NewClock()
	start := c.Now()
	if want := "2000-01-01T00:00:00Z"; start.Format(time.RFC3339) != want {
		t.Errorf("it begins at %v", start)
	}
	if !c.Skip(time.Minute) || c.Now().Sub(start) != time.Minute {
		t.Errorf("it is %v", c.Now())
	}
	var zero looptest.Clock
	if !zero.Now().IsZero() || !zero.Skip(time.Second) || zero.Now().IsZero() {
		t.Errorf("the zero clock is at %v", zero.Now())
	}
}

// A day passes in no time.
func TestClockJumps(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		start := co.Loop().Now()
		err := loop.Sleep(co, 24*time.Hour)
		if d := co.Loop().Now().Sub(start); d != 24*time.Hour {
			t.Errorf("%v passed", d)
		}
		return err
	})
}

// Time stands still while anything is ready, even with a deadline a nanosecond
// away.
func TestClockWaitsForWork(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		fired := false
		l.After(1, func() { fired = true })
		for range 1000 {
			if err := loop.Yield(co); err != nil {
				return err
			}
			if fired || l.Now() != start {
				t.Fatalf("%v passed while there was work", l.Now().Sub(start))
			}
		}
		if err := loop.Sleep(co, 1); err != nil {
			return err
		}
		if !fired || l.Now().Sub(start) != 1 {
			t.Errorf("fired %v, %v passed", fired, l.Now().Sub(start))
		}
		return nil
	})
}

// A test may let time pass while its code runs: the timers of that time are due in
// the next iteration, in their order.
func TestClockSkippedByTest(t *testing.T) {
	clock := looptest.NewClock()
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: clock, Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		var fired []int
		for i := range 5 {
			l.After(time.Duration(5-i)*time.Second, func() { fired = append(fired, 5-i) })
		}
		clock.Skip(3 * time.Second)
		if len(fired) != 0 {
			t.Error("timers ran in the middle of a coroutine")
		}
		for range 2 {
			if err := loop.Yield(co); err != nil {
				return 0, err
			}
		}
		if len(fired) != 3 || fired[0] != 1 || fired[1] != 2 || fired[2] != 3 {
			t.Errorf("fired %v", fired)
		}
		return 0, nil
	})
	if err != nil {
		t.Error(err)
	}
}
