package loop_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// loggingLoop is a virtual loop whose log can be read.
func loggingLoop(t testing.TB) (*loop.Loop, *bytes.Buffer) {
	var log bytes.Buffer
	return machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), Strict: true,
		Logger: slog.New(slog.NewTextHandler(&log, nil))}), &log
}

// closedNow reports whether l has done with closing.
func closedNow(l *loop.Loop) bool {
	select {
	case <-l.Closed():
		return true
	default:
		return false
	}
}

// After Close everything is refused with ErrClosed, and nothing panics.
func TestEverythingAfterClose(t *testing.T) {
	l := guardedLoop(t)
	pending := loop.NewPromise[int](l)
	if closedNow(l) {
		t.Error("a new loop is closed")
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	}
	if !closedNow(l) {
		t.Error("Closed is not closed")
	}
	ran := func() { t.Error("ran on a closed loop") }
	body := func(*loop.Co) (int, error) { ran(); return 0, nil }
	_, doErr := loop.Do(context.Background(), l, body)
	_, syncErr := loop.RunSync(l, body)
	_, timeoutErr := loop.RunSyncTimeout(l, time.Second, body)
	_, waitErr := pending.Future().Wait(context.Background())
	_, goErr := loop.Go(l, body).Result()
	_, spawnErr := loop.Spawn(l, body).Result()
	for what, err := range map[string]error{
		"Post": l.Post(ran), "Run": l.Run(), "Do": doErr, "RunSync": syncErr, "RunSyncTimeout": timeoutErr,
		"Future.Wait": waitErr, "Promise.Post": pending.Post(1, nil), "Go": goErr, "Spawn": spawnErr,
	} {
		if !errors.Is(err, loop.ErrClosed) {
			t.Errorf("%s: %v", what, err)
		}
	}
	l.Call(ran)
	l.After(0, ran)
	l.Every(time.Second, ran)
	l.Stop()
	if l.Logger() == nil || l.PollerName() != "chan" || l.Current() != nil || len(l.ReadBuffer()) == 0 {
		t.Error("a closed loop has forgotten what it is")
	}
}

// What was queued before Close runs, with what that queues, and what is not due is
// dropped. A panic is no hindrance.
func TestCloseRunsWhatWasQueued(t *testing.T) {
	var s story
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), OnError: func(error) { s.add("panic") }})
	l.Call(func() {
		s.add("called")
		l.Call(s.note("called by callback"))
	})
	l.Call(func() { panic("first") })
	l.Call(s.note("called after panic"))
	l.Call(func() { panic("last") })
	l.Post(s.note("posted"))
	l.After(time.Minute, s.note("timer"))
	l.Close()
	s.check(t, "called", "panic", "called after panic", "panic", "posted", "called by callback")
}

// The same for the last of them: a panic leaves nothing half done.
func TestCloseAfterPanic(t *testing.T) {
	var s story
	l := machineLoop(t, &loop.Options{Poller: "chan", OnError: func(error) {}})
	l.Call(func() { panic("first") })
	l.Call(s.note("second"))
	l.Close()
	s.check(t, "second")
}

// Close before Run, from a callback, from a timer, from a coroutine and from another
// goroutine: Run returns ErrClosed, and all is done then.
func TestCloseFromEverywhere(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		looptest.NoLeaks(t)
		for where, arrange := range map[string]func(l *loop.Loop){
			"before Run":        func(l *loop.Loop) { l.Close() },
			"from a callback":   func(l *loop.Loop) { l.Call(func() { l.Close() }) },
			"from a timer":      func(l *loop.Loop) { l.After(time.Millisecond, func() { l.Close() }) },
			"from a coroutine":  func(l *loop.Loop) { loop.Spawn(l, func(*loop.Co) (int, error) { return 0, l.Close() }) },
			"from a goroutine":  func(l *loop.Loop) { l.Call(func() { go l.Close() }) },
			"from several":      func(l *loop.Loop) { l.Call(func() { go l.Close(); go l.Close(); l.Close() }) },
			"and then Stop":     func(l *loop.Loop) { l.Call(func() { l.Close(); l.Stop() }) },
			"after a Stop":      func(l *loop.Loop) { l.Call(func() { l.Stop(); l.Close() }) },
			"and then panic":    func(l *loop.Loop) { l.Call(func() { l.Close(); panic("of the test") }) },
			"by its own caller": func(l *loop.Loop) { l.Post(func() { l.Close() }) },
		} {
			l := machineLoop(t, &loop.Options{Poller: name, Strict: true, OnError: func(error) {}})
			f := loop.Go(l, func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
			arrange(l)
			if err := l.Run(); !errors.Is(err, loop.ErrClosed) {
				t.Errorf("%s: Run: %v", where, err)
			}
			within(t, l.Closed())
			if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) || !errors.Is(err, context.Canceled) {
				t.Errorf("%s: the coroutine ended with %v", where, err)
			}
		}
	})
}

// A callback that calls Close and runtime.Goexit ends Run, and the loop is closed.
func TestCloseAndGoexit(t *testing.T) {
	looptest.NoLeaks(t)
	l := machineLoop(t, &loop.Options{Poller: "chan"})
	l.Call(func() {
		l.Close()
		runtime.Goexit()
	})
	onGoroutine(t, func() { l.Run() })
	within(t, l.Closed())
}

// A Goexit while Close runs what was queued does not leave the loop half closed.
func TestGoexitInClose(t *testing.T) {
	looptest.NoLeaks(t)
	l := machineLoop(t, &loop.Options{Poller: "chan"})
	f := loop.Go(l, func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
	l.Call(runtime.Goexit)
	onGoroutine(t, func() { l.Close() })
	within(t, l.Closed())
	if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("the coroutine ended with %v", err)
	}
	if err := l.Run(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("Run: %v", err)
	}
}

// A body that Go began outside Run may close the loop: that is done when Go returns.
func TestCloseInCoroutineOutsideRun(t *testing.T) {
	looptest.NoLeaks(t)
	l := guardedLoop(t)
	nested := func(co *loop.Co) (int, error) {
		l.Close()
		if closedNow(l) {
			t.Error("the loop was closed under a coroutine")
		}
		return 0, nil
	}
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		loop.Go(l, nested)
		if closedNow(l) {
			t.Error("the loop was closed under a coroutine")
		}
		return 0, loop.Sleep(co, time.Hour)
	})
	if !closedNow(l) {
		t.Error("the loop was not closed")
	}
	if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("the body ended with %v", err)
	}
}

// Coroutines have their time to clean up, with waits under Shield; ErrClosed is the
// cause of their cancellation, also for those below.
func TestCloseWaitsForCleanup(t *testing.T) {
	l := guardedLoop(t)
	var s story
	loop.Go(l, func(co *loop.Co) (int, error) {
		loop.Go(co, func(co *loop.Co) (int, error) {
			err := loop.Sleep(co, time.Hour)
			if !errors.Is(err, loop.ErrClosed) || context.Cause(co) != loop.ErrClosed || co.Err() != context.Canceled {
				t.Errorf("the child: %v, %v, %v", err, context.Cause(co), co.Err())
			}
			s.add("child")
			return 0, nil
		})
		loop.Sleep(co, time.Hour)
		err := loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, 900*time.Millisecond) })
		s.add("cleaned up")
		return 0, err
	})
	began := l.Now()
	l.Close()
	s.check(t, "child", "cleaned up")
	if d := l.Now().Sub(began); d != 900*time.Millisecond {
		t.Errorf("Close took %v", d)
	}
}

// One that takes longer than a second is unwound: its waits end at once with
// ErrClosed, also those in deferred calls. Nobody is blamed for that.
func TestCloseUnwinds(t *testing.T) {
	l, log := loggingLoop(t)
	var s story
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		defer func() {
			err := loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
			if !errors.Is(err, loop.ErrClosed) {
				t.Errorf("the deferred wait: %v", err)
			}
			s.add("deferred")
		}()
		return 0, loop.Shield(co, 0, func(co *loop.Co) error {
			err := loop.Sleep(co, time.Hour)
			s.add("unwound")
			return err
		})
	})
	began := l.Now()
	l.Close()
	s.check(t, "unwound", "deferred")
	if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("the result: %v", err)
	}
	if d := l.Now().Sub(began); d != time.Second {
		t.Errorf("Close took %v", d)
	}
	if log.Len() > 0 {
		t.Errorf("the log has\n%s", log)
	}
}

// Bodies that were started in vain: one that never got to begin fails with ErrClosed.
func TestCloseBeforeSpawnBegins(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	var f *loop.Future[int]
	loop.Go(l, func(co *loop.Co) (int, error) {
		defer func() {
			f = loop.Spawn(l, func(co *loop.Co) (int, error) {
				t.Error("began after the loop had been closed")
				return 0, nil
			})
		}()
		return 0, loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
	})
	l.Close()
	if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
		t.Errorf("the result: %v", err)
	}
}

// stubborn waits again and again, whatever it is told.
func stubborn(co *loop.Co) (int, error) {
	for {
		loop.Sleep(co, time.Second)
	}
}

// stubbornShield does the same where cancellation does not reach it.
func stubbornShield(co *loop.Co) (int, error) {
	return 0, loop.Shield(co, 0, func(co *loop.Co) error {
		_, err := stubborn(co)
		return err
	})
}

// A body that goes on waiting is ended after a thousand refusals, and named in the
// log.
func TestCloseEndsStubbornBodies(t *testing.T) {
	for name, body := range map[string]func(*loop.Co) (int, error){"loop_test.stubborn": stubborn, "loop_test.stubbornShield": stubbornShield} {
		l, log := loggingLoop(t)
		watchdog(t)
		f := loop.Go(l, body)
		l.Close()
		if _, err := f.Result(); !errors.Is(err, loop.ErrClosed) {
			t.Errorf("%s: the result: %v", name, err)
		}
		if text := log.String(); !strings.Contains(text, "did not end") || strings.Count(text, name+"\n") != 1 {
			t.Errorf("%s: the log has\n%s", name, text)
		}
	}
}

// A chain of callbacks without end is cut, also in virtual time, which stands still
// meanwhile.
func TestCloseCutsEndlessCallbacks(t *testing.T) {
	for _, withCoroutine := range []bool{false, true} {
		l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock()})
		var again func()
		again = func() { l.Call(again) }
		again()
		if withCoroutine {
			loop.Go(l, func(co *loop.Co) (int, error) {
				return 0, loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
			})
		}
		l.Close()
		if !closedNow(l) {
			t.Error("the loop is not closed")
		}
	}
}

// Nothing is left of a loop that was used and closed: no goroutine, no descriptor.
func TestCloseLeavesNothing(t *testing.T) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt) // package signal keeps a goroutine from now on
	signal.Stop(signals)
	eachPoller(t, func(t *testing.T, name string) {
		looptest.NoLeaks(t)
		before := openDescriptors(t)
		for range 10 {
			l := machineLoop(t, &loop.Options{Poller: name})
			for range 20 {
				loop.Go(l, func(co *loop.Co) (int, error) { return 0, loop.Sleep(co, time.Hour) })
				loop.Spawn(l, func(co *loop.Co) (int, error) { return 0, loop.Yield(co) })
			}
			l.OnSignal(func(os.Signal) {}, os.Interrupt)
			l.Every(time.Second, func() {})
			turn(t, l)
			l.Close()
		}
		if after := openDescriptors(t); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	})
}

// openDescriptors counts them where the system tells (Linux); elsewhere it is 0.
func openDescriptors(t testing.TB) int {
	all, err := os.ReadDir("/proc/self/fd")
	if runtime.GOOS == "linux" && err != nil {
		t.Fatal(err)
	}
	return len(all)
}

// Several goroutines may close at a time, while it runs and before; one does the
// work.
func TestCloseAtOnce(t *testing.T) {
	for range count(1000, 100, 50) {
		l := machineLoop(t, &loop.Options{Poller: "chan"})
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				if err := l.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		if err := l.Run(); !errors.Is(err, loop.ErrClosed) {
			t.Errorf("Run: %v", err)
		}
		all.Wait()
		within(t, l.Closed())
	}
}

// TestClosedIsFree: whoever has seen Closed may use what is left, as nobody holds the loop
// any more.
func TestClosedIsFree(t *testing.T) {
	for range 200 {
		l, err := loop.New(&loop.Options{Strict: true})
		if err != nil {
			t.Fatal(err)
		}
		free := make(chan any)
		go func() {
			defer func() { free <- recover() }()
			<-l.Closed()
			l.Current()
		}()
		l.Close()
		if v := <-free; v != nil {
			t.Fatal(v)
		}
	}
}
