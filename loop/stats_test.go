package loop_test

import (
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

func TestStatsCount(t *testing.T) {
	l := guardedLoop(t)
	before := l.Stats()
	l.After(time.Hour, func() {})
	loop.Go(l, func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
	loop.Spawn(l, func(co *loop.Co) (int, error) { return 0, nil })
	onGoroutine(t, func() { l.Post(func() {}) })
	l.After(time.Second, l.Stop)
	l.Call(func() {})
	run(t, l)
	l.Call(func() {}) // waits for the next Run
	turn(t, l)
	s := l.Stats()
	for _, c := range []struct {
		what      string
		got, want uint64
	}{
		{"iterations", min(s.Iterations-before.Iterations, 3), 3},
		{"callbacks", s.Callbacks - before.Callbacks, 5}, // Call, Post, Spawn's turn, Call, turn's Stop
		{"timers", s.Timers - before.Timers, 1},
		{"posts", s.Posts - before.Posts, 1},
		{"coroutines", s.Coroutines - before.Coroutines, 2},
		{"live", uint64(s.Live), 1},
		{"waiting", uint64(s.Waiting), 1},
		{"pending timers", uint64(s.PendingTimers), 2},
		{"descriptors", uint64(s.Descriptors), 0},
		{"queued", uint64(s.Queued), 0},
	} {
		if c.got != c.want {
			t.Errorf("%s: %d, want %d", c.what, c.got, c.want)
		}
	}
}

// A loop that has something queued when Run returns says so, and one that is closed has
// nothing left.
func TestStatsQueued(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan"})
	l.Call(func() {
		l.Stop()
		l.Call(func() {})
		l.Call(func() {})
	})
	run(t, l)
	if n := l.Stats().Queued; n != 2 {
		t.Errorf("%d are queued", n)
	}
	l.After(time.Hour, func() {})
	l.Close()
	if s := l.Stats(); s.Queued != 0 || s.PendingTimers != 0 {
		t.Errorf("a closed loop has %d queued and %d timers", s.Queued, s.PendingTimers)
	}
}

// Lag is the time between two looks at the poller, and no sleep is part of it.
func TestStatsLag(t *testing.T) {
	clock := looptest.NewClock()
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: clock, Strict: true})
	l.Call(func() { clock.Skip(time.Second) }) // a callback that takes a second
	for i := range 20 {
		l.After(time.Hour+time.Duration(i)*time.Minute, func() {})
	}
	l.After(2*time.Hour, l.Stop)
	run(t, l)
	s := l.Stats()
	if s.Lag.Max != time.Second || s.Lag.Sum != time.Second {
		t.Errorf("the longest lag is %v, all together %v", s.Lag.Max, s.Lag.Sum)
	}
	if q := s.Lag.Quantile(1); q != time.Second {
		t.Errorf("no lag was longer than %v", q)
	}
	if q := s.Lag.Quantile(0.1); q > time.Microsecond {
		t.Errorf("a tenth were within %v", q)
	}
}

func TestHistogram(t *testing.T) {
	var empty loop.Histogram
	if empty.Count() != 0 || empty.Mean() != 0 || empty.Quantile(0.5) != 0 {
		t.Error("an empty histogram is not empty")
	}
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), Strict: true})
	for i := range 10 {
		l.After(time.Duration(i)*time.Second, func() {})
	}
	l.After(time.Minute, l.Stop)
	run(t, l)
	lag := l.Stats().Lag
	if lag.Count() == 0 || lag.Mean() != 0 || lag.Quantile(0.99) != 0 {
		t.Errorf("time stood still: %d lags of %v, 99%% within %v", lag.Count(), lag.Mean(), lag.Quantile(0.99))
	}
}

// Any goroutine may ask, while the loop runs.
func TestStatsFromElsewhere(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Watchdog: time.Hour})
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 1000 {
			l.Stats()
		}
		l.Stop()
	}()
	loop.Go(l, func(co *loop.Co) (int, error) {
		for loop.Yield(co) == nil {
		}
		return 0, nil
	})
	run(t, l)
	<-done
}

// Steps are timed where somebody wants to know, also one that panics; and the observer
// hears of each, with its kind and the name of what ran.
func TestObserver(t *testing.T) {
	clock := looptest.NewClock()
	var steps []string
	sleeps := 0
	l := machineLoop(t, &loop.Options{
		Poller:  "chan",
		Clock:   clock,
		Logger:  slog.New(slog.DiscardHandler),
		OnError: func(error) {},
		Observer: &loop.Observer{
			Step: func(s loop.Step) {
				if s.Took < 0 {
					t.Errorf("%v took %v", s.Kind, s.Took)
				}
				steps = append(steps, s.Kind.String()+" "+s.Where())
			},
			Slept: func(time.Duration) { sleeps++ },
		},
	})
	l.Call(observedCallback)
	l.Call(observedPanic)
	l.After(0, observedCallback)
	loop.Spawn(l, observedBody)
	loop.Resolved(l, 7).OnDone(observedOnDone)
	loop.Map(loop.Resolved(l, 7), observedMap)
	turn(t, l)
	want := []string{
		"callback loop_test.observedCallback",
		"callback loop_test.observedPanic",
		"coroutine loop_test.observedBody",
		"callback loop_test.observedOnDone",
		"callback loop_test.observedMap",
		"timer loop_test.observedCallback",
	}
	for _, w := range want {
		if !strings.Contains("\n"+strings.Join(steps, "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("%q was not observed; there were\n%s", w, strings.Join(steps, "\n"))
		}
	}
	if longest := l.Stats().Longest; longest.Kind == loop.StepNone || longest.Where == "" || longest.Took <= 0 {
		t.Errorf("the longest step is %v", longest)
	}
	if sleeps != 0 {
		t.Errorf("it slept %d times, with something to do", sleeps)
	}
}

func observedCallback()                     {}
func observedPanic()                        { panic("oops") }
func observedBody(*loop.Co) (int, error)    { return 0, nil }
func observedOnDone(*loop.Future[int])      {}
func observedMap(n int) (int, error)        { return n, nil }
func observedAct(co *loop.Co) error         { return loop.Sleep(co, time.Hour) }
func observedWait(co *loop.Co) (int, error) { return 0, loop.Sleep(co, 2*time.Hour) }
func observedForever(co *loop.Co) (int, error) {
	return loop.Await(co, loop.NewPromise[int](co.Loop()).Future())
}

// Slept is told how long each sleep was.
func TestObserverSlept(t *testing.T) {
	slept := time.Duration(0)
	clock := &wakingClock{Clock: looptest.NewClock()}
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: clock,
		Observer: &loop.Observer{Slept: func(d time.Duration) { slept += d }}})
	clock.wake = func() {
		for l.Stats().Sleeps == 0 {
			runtime.Gosched()
		}
		clock.Clock.Skip(time.Minute)
		l.Stop()
	}
	run(t, l)
	if slept != time.Minute {
		t.Errorf("it slept %v", slept)
	}
	if s := l.Stats(); s.Sleeps != 1 {
		t.Errorf("it slept %d times", s.Sleeps)
	}
}

// wakingClock is a clock on which time passes while the loop goes to sleep.
type wakingClock struct {
	*looptest.Clock
	wake func()
}

func (c *wakingClock) Skip(d time.Duration) bool {
	if d < 0 {
		go c.wake()
	}
	return false
}
