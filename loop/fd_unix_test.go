//go:build unix

package loop_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// watch watches fd, or fails the test.
func watch(t testing.TB, l *loop.Loop, fd int, want loop.Events, fn func(loop.Events)) loop.Watch {
	t.Helper()
	w, err := l.Watch(fd, want, loop.HandlerFunc(fn))
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// looks lets l look at its descriptors n times.
func looks(t testing.TB, l *loop.Loop, n int) {
	t.Helper()
	var again func()
	again = func() {
		if n--; n < 0 {
			l.Stop()
		} else {
			l.Call(again)
		}
	}
	l.Call(again)
	run(t, l)
}

// Tornado 1.02: callbacks, timers, then the handlers of one look; a callback of a
// callback comes after that look, and never before it (1.03).
func TestHandlersComeLast(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		var s story
		var w loop.Watch
		w = watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
			s.add("handler")
			w.Stop()
			l.Call(s.note("callback of the handler"))
		})
		l.Call(func() {
			s.add("callback")
			l.Call(s.note("callback of a callback"))
		})
		l.After(0, func() {
			s.add("timer")
			l.Call(s.note("callback of a timer"))
			l.After(0, l.Stop)
		})
		run(t, l)
		s.check(t, "callback", "timer", "handler",
			"callback of a callback", "callback of a timer", "callback of the handler")
	})
}

// While callbacks wait, a look may be left out, but not nine in a row; with Strict
// none is.
func TestEndlessCallsLetHandlersRun(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		for _, c := range []struct {
			strict bool
			most   int
		}{{false, 9}, {true, 1}} {
			l := machineLoop(t, &loop.Options{Poller: name, Strict: c.strict})
			rounds := 0
			for range 3 { // wherever the count of left out looks stands
				rounds = 0
				var again func()
				done := false
				again = func() {
					if rounds++; !done {
						l.Call(again)
					}
				}
				again()
				var w loop.Watch
				w = watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
					done = true
					w.Stop()
					l.Stop()
				})
				rounds = 0
				run(t, l)
				if rounds-1 > c.most { // and the round in which it stops
					t.Errorf("strict %v: %d rounds of callbacks before the handler", c.strict, rounds-1)
				}
			}
		}
	})
}

// Tornado 1.09: Stop in a handler lets the other handlers of the batch run, then one
// more round of callbacks and timers.
func TestStopFromHandler(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		var s story
		for range 3 {
			var w loop.Watch
			w = watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
				s.add("handler")
				w.Stop()
				l.Stop()
				l.Call(func() {
					s.add("callback")
					l.Call(func() { s.add("too late") })
				})
				l.After(0, s.note("timer"))
			})
		}
		run(t, l)
		s.check(t, "handler", "handler", "handler", "callback", "callback", "callback", "timer", "timer", "timer")
	})
}

// Tornado I05, I18: a descriptor twice is an error, and the first watch stays.
func TestWatchTwice(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		fd := newPair(t).readable(t).a
		w := watch(t, l, fd, loop.Readable, func(loop.Events) { l.Stop() })
		if _, err := l.Watch(fd, loop.Writable, loop.HandlerFunc(nil)); !errors.Is(err, fs.ErrExist) {
			t.Errorf("the second Watch gives %v", err)
		}
		run(t, l)
		w.Stop()
		watch(t, l, fd, loop.Readable, func(loop.Events) { l.Stop() })
		run(t, l)
	})
}

// Tornado I06: to stop a watch twice, or one that never was, is silent; but nothing
// can be asked of it any more.
func TestWatchStopTwice(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t).readable(t)
		w := watch(t, l, p.a, loop.Readable, func(loop.Events) { t.Error("a stopped watch") })
		w.Stop()
		w.Stop()
		if err := w.Set(loop.Readable); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Set after Stop: %v", err)
		}
		// The slot's next tenant is another.
		ready := 0
		watch(t, l, p.b, loop.Writable, func(loop.Events) { ready++ })
		w.Stop()
		if err := w.Set(loop.Readable); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Set after Stop: %v", err)
		}
		looks(t, l, 3)
		if ready != 3 {
			t.Errorf("the next watch was told %d times in 3 looks", ready)
		}
		var zero loop.Watch
		zero.Stop()
		if err := zero.Set(loop.Readable); !errors.Is(err, fs.ErrClosed) {
			t.Errorf("Set of the zero Watch: %v", err)
		}
	})
}

// Tornado I10, 1.16: only what was asked for is told, again in each iteration
// (level-triggered), and Set changes it.
func TestWatchTellsWhatWasAskedFor(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t).readable(t)
		var told []loop.Events
		w := watch(t, l, p.a, loop.Readable, func(e loop.Events) { told = append(told, e) })
		for _, c := range []struct {
			want loop.Events
			told loop.Events
		}{
			{loop.Readable, loop.Readable},
			{loop.Writable, loop.Writable},
			{loop.Readable | loop.Writable, loop.Readable | loop.Writable},
			{0, 0},
			{loop.Readable, loop.Readable},
		} {
			if err := w.Set(c.want); err != nil {
				t.Fatal(err)
			}
			told = nil
			looks(t, l, 3)
			want := []loop.Events{c.told, c.told, c.told}
			if c.told == 0 {
				want = nil
			}
			if !slices.Equal(told, want) {
				t.Errorf("asked for %b, told %b in 3 looks", c.want, told)
			}
		}
		receive(t, p.a)
		told = nil
		looks(t, l, 3)
		if told != nil {
			t.Errorf("told %b when nothing was there to read", told)
		}
	})
}

// Failed comes unasked, again and again, where the backend knows of it; the end of
// input is readable everywhere (Tornado 1.28).
func TestWatchTellsFailure(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t)
		var told []loop.Events
		w := watch(t, l, p.a, 0, func(e loop.Events) { told = append(told, e) })
		p.closeB()
		looks(t, l, 3)
		want := []loop.Events{loop.Failed, loop.Failed, loop.Failed}
		if name == "select" || name == "kqueue" {
			want = nil
		}
		if !slices.Equal(told, want) {
			t.Errorf("told %b in 3 looks at a socket that is shut in both directions", told)
		}
		told = nil
		if err := w.Set(loop.Readable); err != nil {
			t.Fatal(err)
		}
		looks(t, l, 1)
		if len(told) != 1 || told[0]&loop.Readable == 0 {
			t.Errorf("told %b at the end of input", told)
		}
		told = nil
		w.Stop()
		looks(t, l, 3)
		if told != nil {
			t.Errorf("told %b after Stop", told)
		}
	})
}

// Tornado I24, 1.17: of two that are ready together and stop each other, one runs.
func TestHandlersStopEachOther(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		ran := 0
		var w [2]loop.Watch
		for i := range w {
			w[i] = watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
				ran++
				w[1-i].Stop()
			})
		}
		looks(t, l, 1)
		if ran != 1 {
			t.Errorf("%d handlers ran", ran)
		}
	})
}

// An event that was fetched for a descriptor does not reach the one that takes its
// number and its slot in the same batch.
func TestStaleEvent(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := [2]*pair{newPair(t).readable(t), newPair(t).readable(t)}
		var w [2]loop.Watch
		ran := 0
		for i := range w {
			w[i] = watch(t, l, p[i].a, loop.Readable, func(loop.Events) {
				ran++
				other := p[1-i].a
				w[i].Stop()
				w[1-i].Stop()
				idle := newPair(t)
				if err := dup2(idle.a, other); err != nil { // closes it, and takes its number
					t.Fatal(err)
				}
				watch(t, l, other, loop.Readable, func(loop.Events) { t.Error("an event for another file") })
				watch(t, l, idle.b, loop.Readable, func(loop.Events) { t.Error("an event for another slot") })
			})
		}
		looks(t, l, 3)
		if ran != 1 {
			t.Errorf("%d handlers ran", ran)
		}
	})
}

func dup2(old, fd int) error {
	if err := syscall.Close(fd); err != nil {
		return err
	}
	got, err := syscall.Dup(old)
	if err == nil && got != fd {
		err = fmt.Errorf("dup gives %d, not %d", got, fd)
	}
	return err
}

// A handler that watches others does not disturb the batch it is in.
func TestWatchFromHandler(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		ran := 0
		var tell func(loop.Events)
		tell = func(loop.Events) {
			if ran++; ran == 50 {
				l.Stop()
			}
			if ran < 50 {
				watch(t, l, newPair(t).readable(t).a, loop.Readable, tell)
			}
		}
		watch(t, l, newPair(t).readable(t).a, loop.Readable, tell)
		run(t, l)
	})
}

// More descriptors can be ready than one look fetches: each has its turn.
func TestMoreReadyThanFit(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t).readable(t)
		const n = 300
		told := make([]int, n)
		for i := range n {
			fd, err := syscall.Dup(p.a)
			if err != nil {
				t.Fatal(err)
			}
			w := watch(t, l, fd, loop.Readable, func(loop.Events) { told[i]++ })
			t.Cleanup(func() {
				w.Stop()
				syscall.Close(fd)
			})
		}
		looks(t, l, 4)
		for i, n := range told {
			if n == 0 {
				t.Errorf("number %d was never told", i)
			}
		}
	})
}

// A handler that panics is reported; the others of the batch run, each once.
func TestPanicInHandler(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		reported, ran := 0, 0
		l := machineLoop(t, &loop.Options{Poller: name, Strict: true, OnError: func(err error) { reported++ }})
		for range 4 {
			watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
				ran++
				panic(ran)
			})
		}
		looks(t, l, 1)
		if ran != 4 || reported != 4 {
			t.Errorf("%d handlers of 4 ran, %d panics were reported", ran, reported)
		}
	})
}

// A descriptor that does not exist cannot be watched, and that leaves nothing behind.
func TestWatchBadDescriptor(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t)
		p.closeA()
		for range 3 {
			if _, err := l.Watch(p.a, loop.Readable, loop.HandlerFunc(nil)); !errors.Is(err, syscall.EBADF) {
				t.Errorf("Watch of a closed descriptor: %v", err)
			}
		}
		watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) { l.Stop() })
		run(t, l)
	})
}

// After Close nothing is watched, but the descriptor is its owner's still.
func TestWatchAndClose(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t).readable(t)
		w := watch(t, l, p.a, loop.Readable, func(loop.Events) {})
		l.Close()
		if err := w.Set(loop.Writable); !errors.Is(err, loop.ErrClosed) {
			t.Errorf("Set: %v", err)
		}
		w.Stop()
		if _, err := l.Watch(p.b, loop.Readable, loop.HandlerFunc(nil)); !errors.Is(err, loop.ErrClosed) {
			t.Errorf("Watch: %v", err)
		}
		if n := receive(t, p.a); n != 1 {
			t.Errorf("%d bytes read", n)
		}
	})
}

// The backend without descriptors says so.
func TestWatchWithoutDescriptors(t *testing.T) {
	l := virtualLoop(t, "chan")
	if _, err := l.Watch(newPair(t).a, loop.Readable, loop.HandlerFunc(nil)); err == nil {
		t.Error("chan watches a descriptor")
	}
}

// An event ends a sleep, with and without a deadline ahead.
func TestEventEndsSleep(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		p := newPair(t)
		watch(t, l, p.a, loop.Readable, func(loop.Events) {
			receive(t, p.a)
			l.Stop()
		})
		for i := range 100 {
			if i == 50 {
				l.After(time.Hour, func() { t.Error("an hour passed") })
			}
			l.Call(func() { go syscall.Write(p.b, []byte{'x'}) })
			run(t, l)
		}
	})
}

// Tornado 1.17: to write to a socket or a pipe that nobody reads any more is an error,
// not a signal that ends the process; the loop goes on.
func TestBrokenPipe(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		p := newPair(t)
		p.closeB()
		var pipe [2]int
		if err := syscall.Pipe(pipe[:]); err != nil {
			t.Fatal(err)
		}
		syscall.Close(pipe[0])
		defer syscall.Close(pipe[1])
		told := 0
		for _, fd := range []int{p.a, pipe[1]} {
			var w loop.Watch
			w = watch(t, l, fd, loop.Writable, func(loop.Events) {
				told++
				if _, err := syscall.Write(fd, []byte{'x'}); err != syscall.EPIPE {
					t.Errorf("Write: %v", err)
				}
				w.Stop()
			})
		}
		looks(t, l, 2)
		if told != 2 {
			t.Errorf("%d handlers were told of 2", told)
		}
	})
}

// A Goexit in a handler ends Run; the other events are told in the next.
func TestGoexitInHandler(t *testing.T) {
	eachWatcher(t, func(t *testing.T, name string) {
		l := virtualLoop(t, name)
		ran := 0
		for range 3 {
			var w loop.Watch
			w = watch(t, l, newPair(t).readable(t).a, loop.Readable, func(loop.Events) {
				ran++
				w.Stop()
				runtime.Goexit()
			})
		}
		for want := 1; want <= 3; want++ {
			onGoroutine(t, func() { l.Run() })
			if ran != want {
				t.Errorf("after %d Runs, %d handlers ran", want, ran)
			}
		}
	})
}

// eachWatcher is eachPoller without the backend that watches no descriptors.
func eachWatcher(t *testing.T, test func(t *testing.T, name string)) {
	for _, name := range poll.Names() {
		if name != "chan" {
			t.Run(name, func(t *testing.T) { test(t, name) })
		}
	}
}

// virtualLoop is a loop with descriptors, but on virtual time.
func virtualLoop(t testing.TB, poller string) *loop.Loop {
	return machineLoop(t, &loop.Options{Poller: poller, Clock: looptest.NewClock(), Strict: true})
}
