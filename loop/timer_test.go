package loop_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// Tornado 1.04: by deadline; among equals, in the order they were made, whichever
// way the deadline was given.
func TestEqualDeadlinesInOrderOfMaking(t *testing.T) {
	l := guardedLoop(t)
	var got []int
	const n = 1000
	when := l.Now().Add(time.Second)
	for i := range n {
		add := func() { got = append(got, i) }
		if i%2 == 0 {
			l.At(when, add)
		} else {
			l.After(time.Second, add)
		}
		// Others around it, so that the heap has something to sift.
		l.After(rand.N(2*time.Second), func() {}).Stop()
		l.After(rand.N(time.Second), func() {})
	}
	l.At(when, l.Stop)
	run(t, l)
	if len(got) != n {
		t.Fatalf("%d timers of %d ran", len(got), n)
	}
	for i, v := range got {
		if i != v {
			t.Fatalf("place %d has timer %d", i, v)
		}
	}
}

// Tornado I04, 1.07: deadlines as times and as durations, past ones too, in order of
// deadline.
func TestDeadlinesInOrder(t *testing.T) {
	l := guardedLoop(t)
	var s story
	now := l.Now()
	l.After(2*time.Second, s.note("+2s"))
	l.At(now.Add(time.Second), s.note("+1s"))
	l.After(0, s.note("0"))
	l.After(-time.Second, s.note("-1s"))
	l.At(now.Add(-time.Hour), s.note("-1h"))
	l.At(time.Time{}, s.note("zero time"))
	l.After(time.Microsecond, s.note("+1µs"))
	l.After(2*time.Second, l.Stop)
	run(t, l)
	s.check(t, "zero time", "-1h", "-1s", "0", "+1µs", "+1s", "+2s")
}

// A timer runs at its deadline on the loop's clock, once.
func TestTimerRunsAtItsDeadline(t *testing.T) {
	l := guardedLoop(t)
	began, ran := l.Now(), 0
	l.After(90*time.Minute, func() {
		ran++
		if d := l.Now().Sub(began); d != 90*time.Minute {
			t.Errorf("ran after %v", d)
		}
	})
	l.After(5*time.Hour, l.Stop)
	run(t, l)
	if ran != 1 {
		t.Errorf("ran %d times", ran)
	}
}

// On the machine's clock a timer is never early.
func TestTimerIsNotEarly(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		left := 50
		for i := range left {
			d := time.Duration(i%10) * 700 * time.Microsecond
			began := l.Now()
			l.After(d, func() {
				if late := l.Now().Sub(began) - d; late < 0 {
					t.Errorf("%v early", -late)
				}
				if left--; left == 0 {
					l.Stop()
				}
			})
		}
		run(t, l)
	})
}

// Tornado I11, I15, 1.06: Stop says whether it kept the timer from running; after
// that, after the run, and on the zero Timer it does nothing, as do the others.
func TestTimerStop(t *testing.T) {
	l := guardedLoop(t)
	never := l.After(time.Second, func() { t.Error("a stopped timer ran") })
	if !never.Pending() || !never.Stop() || never.Pending() || never.Stop() || never.Reset(0) {
		t.Error("of a timer that is stopped before it runs")
	}
	var fired loop.Timer
	fired = l.After(time.Second, func() {
		if fired.Pending() || fired.Stop() || fired.Reset(time.Second) {
			t.Error("of a timer that runs just now")
		}
		l.Stop()
	})
	run(t, l)
	if fired.Pending() || fired.Stop() || fired.Reset(time.Second) {
		t.Error("of a timer that has run")
	}
	var zero loop.Timer
	if zero.Pending() || zero.Stop() || zero.Reset(time.Second) {
		t.Error("of the zero timer")
	}
}

// A value that outlived its timer means nothing to the timers that come after it.
func TestStaleTimerIsHarmless(t *testing.T) {
	l := guardedLoop(t)
	ran := 0
	old := l.After(time.Hour, func() {})
	old.Stop()
	for range 10 {
		l.After(time.Second, func() { ran++ })
	}
	if old.Stop() || old.Reset(time.Hour) || old.Pending() {
		t.Error("a stale timer found another one")
	}
	l.After(time.Second, l.Stop)
	run(t, l)
	if ran != 10 {
		t.Errorf("%d timers of 10 ran", ran)
	}
}

// After Close a timer is nobody's.
func TestTimerAfterClose(t *testing.T) {
	l := guardedLoop(t)
	timer := l.After(time.Hour, func() { t.Error("ran on a closed loop") })
	l.Close()
	if timer.Pending() || timer.Stop() || timer.Reset(time.Second) {
		t.Error("a timer is left on a closed loop")
	}
	if again := l.After(time.Hour, func() {}); timer.Stop() || again.Pending() {
		t.Error("a closed loop took a timer")
	}
}

// Reset is Stop and After in one: the new deadline holds, and the place among
// equals is the last.
func TestTimerReset(t *testing.T) {
	l := guardedLoop(t)
	var s story
	a := l.After(time.Hour, s.note("a"))
	b := l.After(time.Second, s.note("b"))
	l.After(2*time.Second, s.note("c"))
	if !a.Reset(time.Second) || !b.Reset(2*time.Second) || !a.Pending() || !b.Pending() {
		t.Error("Reset of pending timers failed")
	}
	l.After(3*time.Second, l.Stop)
	run(t, l)
	s.check(t, "a", "c", "b")
}

// Tornado I13, 1.04: a timer that is due can still be stopped, or put off, by a
// callback of its iteration or a timer before it.
func TestTimerStoppedWhileDue(t *testing.T) {
	l := guardedLoop(t)
	var s story
	var t1, t2, t3, t4 loop.Timer
	l.Call(func() {
		if !t1.Pending() || !t1.Stop() {
			t.Error("a due timer could not be stopped by a callback")
		}
		if !t2.Reset(time.Second) {
			t.Error("a due timer could not be reset by a callback")
		}
	})
	t1 = l.After(0, s.note("t1"))
	t2 = l.After(0, s.note("t2"))
	l.After(0, func() {
		s.add("timer")
		if !t3.Stop() || t3.Stop() || !t4.Reset(time.Minute) || !t4.Reset(2*time.Second) {
			t.Error("a due timer could not be stopped or reset by another")
		}
	})
	t3 = l.After(0, s.note("t3"))
	t4 = l.After(0, s.note("t4"))
	l.After(time.Hour, l.Stop)
	run(t, l)
	s.check(t, "timer", "t2", "t4")
}

// A due timer that is put off to now runs in the next iteration, once.
func TestDueTimerResetToNow(t *testing.T) {
	l := guardedLoop(t)
	var s story
	var timer loop.Timer
	l.Call(func() {
		timer.Reset(0)
		l.Call(s.note("callback"))
	})
	timer = l.After(0, s.note("timer"))
	l.After(time.Second, l.Stop)
	run(t, l)
	s.check(t, "callback", "timer")
}

// The slot of a due timer that was stopped may be taken at once by a new one: that
// is not due.
func TestDueTimerReplaced(t *testing.T) {
	l := guardedLoop(t)
	var s story
	var timer loop.Timer
	l.Call(func() {
		timer.Stop()
		l.After(0, s.note("new"))
		l.Call(s.note("callback"))
	})
	timer = l.After(0, s.note("old"))
	l.After(time.Second, l.Stop)
	run(t, l)
	s.check(t, "callback", "new")
}

// Tornado I12: thousands of timers that are made and cancelled leave nothing.
func TestManyTimersCancelled(t *testing.T) {
	l := guardedLoop(t)
	var all []loop.Timer
	for range 2000 {
		all = append(all, l.After(time.Hour, func() { t.Error("ran") }))
	}
	for _, i := range rand.Perm(len(all)) {
		if !all[i].Stop() {
			t.Fatal("a timer was not there")
		}
	}
	l.After(2*time.Hour, l.Stop)
	run(t, l)
}

// A timer that makes itself again with no delay lets callbacks run.
func TestTimerAgainAtOnce(t *testing.T) {
	l := guardedLoop(t)
	n := 0
	var again func()
	again = func() {
		n++
		l.After(0, again)
	}
	again()
	var s story
	l.Call(func() { l.Call(func() { l.Call(func() { s.add(fmt.Sprint(n)); l.Stop() }) }) })
	run(t, l)
	s.check(t, "3")
}
