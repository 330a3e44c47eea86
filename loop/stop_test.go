package loop_test

import (
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// Tornado 1.09: the rest of the snapshot and the due timers run; what they queue
// stays for the next Run.
func TestStopFromCallback(t *testing.T) {
	l := guardedLoop(t)
	var s story
	l.Call(func() {
		s.add("stop")
		l.Stop()
		l.Call(s.note("next Run"))
	})
	l.Call(s.note("rest of the snapshot"))
	l.After(0, s.note("due timer"))
	l.After(time.Second, s.note("later timer"))
	run(t, l)
	s.check(t, "stop", "rest of the snapshot", "due timer")
	turn(t, l)
	s.check(t, "stop", "rest of the snapshot", "due timer", "next Run")
}

func TestStopFromTimer(t *testing.T) {
	l := guardedLoop(t)
	var s story
	l.After(0, l.Stop)
	l.After(0, s.note("due"))
	l.After(1, s.note("later"))
	run(t, l)
	s.check(t, "due")
}

// Tornado I03, I08: a Stop from another goroutine ends a sleep without end.
func TestStopFromGoroutine(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		for range count(2000, 200, 50) {
			onLoop := make(chan struct{})
			l.Call(func() { close(onLoop) })
			go func() {
				<-onLoop
				l.Stop()
			}()
			run(t, l)
		}
	})
}

// Tornado 1.01: a Stop before Run ends it at once, and is used up by that; two are
// like one.
func TestStopBeforeRun(t *testing.T) {
	l := guardedLoop(t)
	var s story
	l.Call(s.note("callback"))
	l.Stop()
	l.Stop()
	run(t, l)
	s.check(t)
	turn(t, l)
	s.check(t, "callback")
}

func TestStopTwice(t *testing.T) {
	l := guardedLoop(t)
	l.Call(l.Stop)
	l.Call(l.Stop)
	run(t, l)
	ran := false
	l.Call(func() { ran = true })
	turn(t, l)
	if !ran {
		t.Error("the second Stop ended the next Run as well")
	}
}

// Tornado 1.21: Run and Stop can be repeated.
func TestRunAndStopInPairs(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		ran := 0
		for range 100 {
			l.Call(func() { ran++ })
			turn(t, l)
		}
		if ran != 100 {
			t.Errorf("%d callbacks of 100 ran", ran)
		}
	})
}

// Tornado I19, 1.01: a loop that runs cannot be run, neither from itself nor from
// elsewhere, and goes on.
func TestRunWhileRunning(t *testing.T) {
	l := machineLoop(t, nil)
	nothing := func(*loop.Co) (int, error) { return 0, nil }
	try := func(where string) {
		if err := l.Run(); !errors.Is(err, loop.ErrRunning) {
			t.Errorf("Run %s: %v", where, err)
		}
		if _, err := loop.RunSync(l, nothing); !errors.Is(err, loop.ErrRunning) {
			t.Errorf("RunSync %s: %v", where, err)
		}
	}
	l.Call(func() { try("in a callback") })
	l.Call(func() { onGoroutine(t, func() { try("on another goroutine") }) })
	l.After(0, func() { try("in a timer") })
	_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		try("in a coroutine")
		return 0, loop.Sleep(co, time.Millisecond)
	})
	if err != nil {
		t.Errorf("the loop did not go on: %v", err)
	}
}

// A body that Go has begun outside Run cannot run the loop beneath itself.
func TestRunInCoroutineOutsideRun(t *testing.T) {
	l := machineLoop(t, nil)
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		if err := l.Run(); !errors.Is(err, loop.ErrRunning) {
			t.Errorf("Run: %v", err)
		}
		if _, err := loop.RunSync(l, func(*loop.Co) (int, error) { return 0, nil }); !errors.Is(err, loop.ErrRunning) {
			t.Errorf("RunSync: %v", err)
		}
		return 7, loop.Yield(co)
	})
	v, err := loop.RunSync(l, func(co *loop.Co) (int, error) { return loop.Await(co, f) })
	if v != 7 || err != nil {
		t.Errorf("the body went on to %d, %v", v, err)
	}
}

// A runtime.Goexit in user code ends Run, and the next Run goes on behind it: with
// the rest of the callbacks, then the timers that were due.
func TestGoexitEndsRun(t *testing.T) {
	l := guardedLoop(t)
	var s story
	l.Call(s.note("callback 1"))
	l.Call(runtime.Goexit)
	l.Call(s.note("callback 2"))
	l.After(0, runtime.Goexit)
	l.After(0, s.note("timer 1"))
	l.Post(s.note("posted"))
	returned := false
	unreached := func() {
		l.Run()
		returned = true
	}
	onGoroutine(t, unreached)
	s.check(t, "callback 1")
	l.Call(s.note("callback 3"))
	onGoroutine(t, unreached)
	s.check(t, "callback 1", "callback 2", "posted", "callback 3")
	turn(t, l)
	s.check(t, "callback 1", "callback 2", "posted", "callback 3", "timer 1")
	if returned {
		t.Error("Run returned from a Goexit")
	}
}

// A Stop is used up by the Run it ended, also if that ended by a Goexit.
func TestGoexitUsesStopUp(t *testing.T) {
	l := guardedLoop(t)
	l.Call(l.Stop)
	l.Call(runtime.Goexit)
	onGoroutine(t, func() { l.Run() })
	ran := false
	l.Call(func() { ran = true })
	turn(t, l)
	if !ran {
		t.Error("the next Run ran nothing")
	}
}

// Each panic interrupts the iteration, but no Stop is forgotten over it.
func TestStopThenPanic(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", OnError: func(error) {}})
	l.Call(func() {
		l.Stop()
		panic("after Stop")
	})
	run(t, l)
}
