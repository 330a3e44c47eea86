package loop_test

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Tornado 1.02, 1.03, 1.04: the snapshot, then the timers that were due when it was
// taken; what these queue or make comes in the next iteration.
func TestIterationOrder(t *testing.T) {
	l := guardedLoop(t)
	var s story
	l.Call(func() {
		s.add("callback 1")
		l.Call(s.note("callback 3"))
		l.After(-time.Second, s.note("timer 3"))
	})
	l.After(0, func() {
		s.add("timer 1")
		l.Call(func() {
			s.add("callback 4")
			l.Call(l.Stop)
		})
		l.After(-time.Second, s.note("timer 4"))
	})
	l.After(0, s.note("timer 2"))
	l.Call(s.note("callback 2"))
	run(t, l)
	s.check(t, "callback 1", "callback 2", "timer 1", "timer 2",
		"callback 3", "callback 4", "timer 3", "timer 4")
}

// What other goroutines have posted runs behind what the loop itself has queued.
func TestPostedRunsBehindCalled(t *testing.T) {
	l := guardedLoop(t)
	var s story
	onGoroutine(t, func() { l.Post(s.note("posted")) })
	l.Call(s.note("called"))
	turn(t, l)
	s.check(t, "called", "posted")
}

// Tornado I02: a callback that a timer queues runs at once, not at the next deadline.
func TestCallFromTimerDoesNotSleep(t *testing.T) {
	l := guardedLoop(t)
	l.After(time.Minute, func() {
		due := l.Now()
		l.Call(func() {
			if slept := l.Now().Sub(due); slept != 0 {
				t.Errorf("the callback ran %v later", slept)
			}
			l.Stop()
		})
	})
	l.After(time.Hour, func() { t.Error("an hour passed") })
	run(t, l)
}

// Tornado 1.04: the clock is read once, so that what falls due while timers run
// waits, with everything that was queued before it.
func TestTimersDueAreFixedAtOnce(t *testing.T) {
	clock := looptest.NewClock()
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: clock})
	var s story
	l.After(0, func() {
		s.add("first")
		clock.Skip(time.Hour)
		l.Call(s.note("callback"))
	})
	l.After(time.Minute, func() {
		s.add("second")
		l.Stop()
	})
	run(t, l)
	s.check(t, "first", "callback", "second")
}

// TestRecent: the time that costs nothing follows the clock from sleep to sleep.
func TestRecent(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		begin, at := l.Now(), l.Recent()
		for _, d := range []time.Duration{1, time.Second, 25 * time.Hour} {
			if err := loop.Sleep(co, d); err != nil {
				return err
			}
			if got, want := l.Recent()-at, l.Now().Sub(begin); got != want {
				t.Errorf("%v have passed, want %v", got, want)
			}
		}
		return nil
	})
}

// A sleep is cut at an hour, and goes on.
func TestLongSleep(t *testing.T) {
	l := guardedLoop(t)
	began := l.Now()
	l.After(30*time.Hour, l.Stop)
	run(t, l)
	if d := l.Now().Sub(began); d != 30*time.Hour {
		t.Errorf("slept %v", d)
	}
}

// Tornado 1.03: a callback that queues itself for ever does not keep timers away.
func TestEndlessCallsLetTimersRun(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		for _, strict := range []bool{false, true} {
			l := machineLoop(t, &loop.Options{Poller: name, Strict: strict})
			again := func() {}
			again = func() { l.Call(again) }
			again()
			l.After(time.Millisecond, func() {
				again = func() {}
				l.Stop()
			})
			run(t, l)
		}
	})
}

// The same, with Post, which is how another goroutine would do it.
func TestEndlessPostsLetTimersRun(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		again := func() {}
		again = func() { l.Post(again) }
		again()
		l.After(time.Millisecond, func() {
			again = func() {}
			l.Stop()
		})
		run(t, l)
	})
}

// With one P, a loop that never sleeps still lets other goroutines run: far more
// often than the runtime's preemption (10 ms and more) would.
func TestBusyLoopLetsGoroutinesRun(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	iterations := count(2_000_000, 1_000_000, 100_000)
	for _, c := range []struct {
		name  string
		again func(*loop.Loop, func())
		most  int // how many iterations at most go by for each reply
	}{
		// 200 µs are some 5,000 iterations of callbacks, or 600 of timers.
		{"Call", func(l *loop.Loop, fn func()) { l.Call(fn) }, 50_000},
		{"Post", func(l *loop.Loop, fn func()) { l.Post(fn) }, 50_000},
		{"After", func(l *loop.Loop, fn func()) { l.After(0, fn) }, 10_000},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := machineLoop(t, nil)
			questions, answers := make(chan int, 1), make(chan int, 1)
			go func() {
				for q := range questions {
					answers <- q
				}
			}()
			defer close(questions)
			questions <- 0
			rounds, replies := 0, 0
			var again func()
			again = func() {
				select {
				case <-answers:
					replies++
					questions <- replies
				default:
				}
				if rounds++; rounds == iterations {
					l.Stop()
					return
				}
				c.again(l, again)
			}
			again()
			run(t, l)
			if want := iterations / c.most; replies < want {
				t.Errorf("%d replies in %d iterations, want at least %d", replies, iterations, want)
			}
		})
	}
}

// Options.Poller names the backend; the environment does where the option does not.
func TestPollerNames(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		if l := machineLoop(t, &loop.Options{Poller: name}); l.PollerName() != name {
			t.Errorf("asked for %s, got %s", name, l.PollerName())
		}
		t.Setenv("ZONDA_POLLER", name)
		if l := machineLoop(t, nil); l.PollerName() != name {
			t.Errorf("the environment asked for %s, got %s", name, l.PollerName())
		}
		t.Setenv("ZONDA_POLLER", "none of these")
		if l := machineLoop(t, &loop.Options{Poller: name}); l.PollerName() != name {
			t.Errorf("asked for %s, got %s", name, l.PollerName())
		}
	})
	t.Setenv("ZONDA_POLLER", "")
	if l := machineLoop(t, nil); l.PollerName() != poll.Names()[0] {
		t.Errorf("the default is %s", l.PollerName())
	}
	_, err := loop.New(&loop.Options{Poller: "abacus"})
	if !errors.Is(err, errors.ErrUnsupported) || !strings.HasPrefix(err.Error(), "loop: ") {
		t.Errorf("an unknown backend gives %v", err)
	}
}

// Tornado 1.23: the clock can be replaced; Now is its time.
func TestNow(t *testing.T) {
	l := guardedLoop(t)
	if got := l.Now(); got.Year() != 2000 {
		t.Errorf("a virtual loop has it %v", got)
	}
	m := machineLoop(t, nil)
	before := time.Now()
	if got := m.Now(); got.Before(before) || got.After(time.Now()) {
		t.Errorf("a real loop has it %v, at %v", got, before)
	}
}

func TestLogger(t *testing.T) {
	if machineLoop(t, nil).Logger() != slog.Default() {
		t.Error("the default logger is another than slog's")
	}
	log := slog.New(slog.DiscardHandler)
	if machineLoop(t, &loop.Options{Logger: log}).Logger() != log {
		t.Error("the logger is another than was asked for")
	}
}

func TestReadBuffer(t *testing.T) {
	l := guardedLoop(t)
	b := l.ReadBuffer()
	if len(b) != 64<<10 || &b[0] != &l.ReadBuffer()[0] {
		t.Errorf("the read buffer has %d bytes, or is another each time", len(b))
	}
}

// A closed loop takes no callbacks and no timers, and says nothing.
func TestCallOnClosedLoop(t *testing.T) {
	l := guardedLoop(t)
	l.Close()
	ran := func() { t.Error("ran on a closed loop") }
	l.Call(ran)
	if l.After(0, ran).Pending() {
		t.Error("a timer is pending on a closed loop")
	}
	if err := l.Run(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
}

// panics makes callbacks, timers and a coroutine's resumption out of which every
// second one panics.
func panics(l *loop.Loop, s *story) {
	for i := range 3 {
		l.Call(func() { s.add(fmt.Sprint("callback ", i)); panic(i) })
		l.Call(s.note("between"))
		l.After(0, func() { s.add(fmt.Sprint("timer ", i)); panic(errors.New("of a timer")) })
		l.After(0, s.note("between"))
	}
	l.After(1, l.Stop)
}

// Tornado I48, 1.14: the hook gets the panic, and the rest of the batch goes on, in
// order.
func TestPanicReachesHook(t *testing.T) {
	var s story
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), OnError: func(err error) {
		var p *loop.PanicError
		if !errors.As(err, &p) {
			t.Errorf("the hook got %v", err)
			return
		}
		if p.Where != "callback" || !strings.Contains(string(p.Stack), "loop_test.panics") {
			t.Errorf("the panic was in %q, with the stack\n%s", p.Where, p.Stack)
		}
		s.add(fmt.Sprint("panic: ", p.Value))
	}})
	panics(l, &s)
	run(t, l)
	s.check(t,
		"callback 0", "panic: 0", "between", "callback 1", "panic: 1", "between", "callback 2", "panic: 2", "between",
		"timer 0", "panic: of a timer", "between", "timer 1", "panic: of a timer", "between",
		"timer 2", "panic: of a timer", "between")
}

// Tornado I20, I23, 1.15: without a hook it is logged, with the stack.
func TestPanicIsLogged(t *testing.T) {
	var log bytes.Buffer
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(),
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	var s story
	panics(l, &s)
	run(t, l)
	if n := strings.Count(log.String(), "exception in callback"); n != 6 || strings.Count(log.String(), "loop_test.panics") < 6 {
		t.Errorf("%d records of 6:\n%s", n, &log)
	}
	if len(s) != 12 {
		t.Errorf("happened: %v", s)
	}
}

func TestPanicError(t *testing.T) {
	cause := os.ErrDeadlineExceeded
	err := error(&loop.PanicError{Where: "callback", Value: cause})
	if !errors.Is(err, cause) || err.Error() != "loop: panic in callback: "+cause.Error() {
		t.Errorf("%v", err)
	}
	if err := errors.Unwrap(&loop.PanicError{Value: "text"}); err != nil {
		t.Errorf("a panic with a text unwraps to %v", err)
	}
}

// A panic leaves the loop with its holder.
func TestPanicKeepsOwnership(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Strict: true, OnError: func(error) {}})
	l.Call(func() { panic("first") })
	l.Call(func() {
		if !foreignCallPanics(l) {
			t.Error("after a panic, others may call what only the loop may")
		}
		l.Stop()
	})
	run(t, l)
}

// So does a runtime.Goexit of a coroutine that the loop has resumed.
func TestGoexitInCoroutineKeepsOwnership(t *testing.T) {
	l := guardedLoop(t)
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		loop.Yield(co)
		l.Call(func() {
			l.Call(func() {}) // would panic, and never stop
			l.Stop()
		})
		runtime.Goexit()
		return 0, nil
	})
	run(t, l)
	if _, err := f.Result(); !errors.Is(err, loop.ErrGoexit) {
		t.Errorf("the result: %v", err)
	}
}

// foreignCallPanics reports whether another goroutine is kept from the loop.
func foreignCallPanics(l *loop.Loop) bool {
	got := make(chan any)
	go func() {
		defer func() { got <- recover() }()
		l.Call(func() {})
	}()
	return <-got != nil
}

// A loop that runs is not held by whoever had it before, and is free afterwards.
func TestRunMoves(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Strict: true})
	onGoroutine(t, func() { turn(t, l) })
	turn(t, l)
	if foreignCallPanics(l) {
		t.Error("a loop that does not run is checked")
	}
	turn(t, l)
}

// The rule is in force in builds with -race even if Strict is not asked for.
func TestRaceBuildsCheck(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan"})
	l.Call(func() {
		if owner.Enabled && !foreignCallPanics(l) {
			t.Error("a build with -race does not check")
		}
		l.Stop()
	})
	run(t, l)
}

// A deadline that cannot be reached is one, not an overflow.
func TestDeadlinesFarAway(t *testing.T) {
	l := guardedLoop(t)
	began := l.Now()
	never := func() { t.Error("the end of time has come") }
	l.After(time.Minute, func() {
		l.After(math.MaxInt64, never)
		l.After(time.Second, never).Reset(math.MaxInt64)
		l.At(began.AddDate(500, 0, 0), never)
	})
	l.After(2*time.Minute, func() { // in a callback, the next poll comes first
		l.At(time.Time{}, func() {
			if d := l.Now().Sub(began); d != 2*time.Minute {
				t.Errorf("a deadline long past waited for %v", d)
			}
		})
		l.After(math.MinInt64, func() {
			if d := l.Now().Sub(began); d != 2*time.Minute {
				t.Errorf("a deadline long past waited for %v", d)
			}
		})
		l.After(3*time.Hour, l.Stop)
	})
	run(t, l)
}
