package loop

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

// A countingPoller counts how a loop uses its backend, and can be made to fail.
type countingPoller struct {
	poll.Poller
	looks, sleeps, wakes int
	onWait               func(timeout time.Duration)
	fail                 error // of all but Remove
}

func (p *countingPoller) Add(int, poll.Events, poll.Token) error    { return p.fail }
func (p *countingPoller) Modify(int, poll.Events, poll.Token) error { return p.fail }
func (p *countingPoller) Remove(int) error                          { return nil }

func (p *countingPoller) Close() error {
	if err := p.Poller.Close(); err != nil {
		return err
	}
	return p.fail
}

func (p *countingPoller) Wait(dst []poll.Event, timeout time.Duration) (int, error) {
	if timeout == 0 {
		p.looks++
	} else {
		p.sleeps++
	}
	if p.onWait != nil {
		p.onWait(timeout)
	}
	if p.fail != nil {
		return 0, p.fail
	}
	return p.Poller.Wait(dst, timeout)
}

func (p *countingPoller) Wake() {
	p.wakes++
	p.Poller.Wake()
}

// counted makes a loop on a countingPoller, under a watchdog.
func counted(t *testing.T, o *Options) (*Loop, *countingPoller) {
	watchdog := time.AfterFunc(30*time.Second, func() {
		buf := make([]byte, 1<<20)
		panic(fmt.Sprintf("%s hangs:\n%s", t.Name(), buf[:runtime.Stack(buf, true)]))
	})
	t.Cleanup(func() { watchdog.Stop() })
	o.Poller = "chan"
	l := open(t, o)
	p := &countingPoller{Poller: l.poller}
	l.poller = p
	return l, p
}

func runLoop(t *testing.T, l *Loop) {
	t.Helper()
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
}

// A Post to a loop that is awake wakes nobody, and of many to one that sleeps only
// the first does (Tornado 1.10).
func TestWakesAreFew(t *testing.T) {
	l, p := counted(t, &Options{})
	l.Call(func() {
		for range 100 {
			l.Post(func() {})
		}
	})
	p.onWait = func(timeout time.Duration) {
		if timeout == 0 {
			return
		}
		if p.wakes != 0 {
			t.Errorf("%d wakes of a loop that is awake", p.wakes)
		}
		for range 100 { // it sleeps now
			l.Post(func() {})
		}
		l.Post(l.Stop)
	}
	runLoop(t, l)
	if p.wakes != 1 || p.sleeps != 1 {
		t.Errorf("%d wakes for %d sleeps", p.wakes, p.sleeps)
	}
}

// A post, or a Stop, that comes between the look and the sleep is found before it.
func TestPostJustBeforeSleep(t *testing.T) {
	l, p := counted(t, &Options{})
	p.onWait = func(timeout time.Duration) {
		if timeout == 0 && p.looks == 1 {
			l.Post(func() {})
		}
		if timeout == 0 && p.looks == 2 {
			l.Stop()
		}
	}
	runLoop(t, l)
	if p.wakes != 0 || p.sleeps != 0 {
		t.Errorf("%d wakes, %d sleeps", p.wakes, p.sleeps)
	}
}

// A wake that comes late, when the loop was woken by something else, costs one empty
// sleep and nothing more.
func TestLateWake(t *testing.T) {
	l, p := counted(t, &Options{})
	l.poller.Wake()
	p.onWait = func(timeout time.Duration) {
		if timeout != 0 && p.sleeps == 2 {
			l.Stop()
		}
	}
	runLoop(t, l)
	if p.sleeps != 2 {
		t.Errorf("%d sleeps", p.sleeps)
	}
}

// An idle loop sleeps until the next deadline, an hour at most (Tornado 1.08), and
// without timers until it is woken.
func TestLengthOfSleep(t *testing.T) {
	for _, c := range []struct {
		after    time.Duration
		min, max time.Duration
	}{
		{0, -1, -1}, // no timer
		{time.Minute, time.Minute - 30*time.Second, time.Minute},
		{25 * time.Hour, time.Hour, time.Hour},
		{1<<63 - 1, time.Hour, time.Hour},
	} {
		l, p := counted(t, &Options{})
		if c.after != 0 {
			l.After(c.after, func() {})
		}
		p.onWait = func(timeout time.Duration) {
			if timeout == 0 {
				return
			}
			if timeout < c.min || timeout > c.max {
				t.Errorf("with a timer in %v it sleeps for %v", c.after, timeout)
			}
			l.Stop()
		}
		runLoop(t, l)
	}
}

// While callbacks wait, one look in nine iterations is enough; Strict looks each
// time. An idle loop does not sleep then.
func TestLooksLeftOut(t *testing.T) {
	for strict, want := range map[bool]int{false: 10, true: 90} {
		l, p := counted(t, &Options{Strict: strict})
		n := 0
		var again func()
		again = func() {
			if n++; n > 90 {
				l.Stop()
			}
			l.Call(again)
		}
		l.Call(again)
		runLoop(t, l)
		again = func() {}
		if p.looks != want || p.sleeps != 0 {
			t.Errorf("strict %v: %d looks, %d sleeps in 90 iterations", strict, p.looks, p.sleeps)
		}
	}
}

// An error of the backend ends Run, named (Tornado 1.18); the loop can be run again,
// and be closed.
func TestPollerFails(t *testing.T) {
	var log bytes.Buffer
	l, p := counted(t, &Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	w, err := l.Watch(0, Readable, HandlerFunc(nil))
	if err != nil {
		t.Fatal(err)
	}
	p.fail = errors.New("the wires are cut")
	for range 2 {
		if _, err := l.Watch(1, Readable, HandlerFunc(nil)); !errors.Is(err, p.fail) || len(l.watches.slots) > 2 {
			t.Errorf("Watch: %v, %d slots", err, len(l.watches.slots))
		}
		if err := l.Run(); !errors.Is(err, p.fail) || err.Error() != "loop: chan: the wires are cut" {
			t.Errorf("Run: %v", err)
		}
	}
	if err := w.Set(Writable); !errors.Is(err, p.fail) {
		t.Errorf("Set: %v", err)
	}
	p.fail = nil
	l.Call(l.Stop)
	runLoop(t, l)
	f := Go(l, func(co *Co) (int, error) { return 0, Sleep(co, time.Hour) })
	Go(l, func(co *Co) (int, error) {
		return 0, Shield(co, 0, func(co *Co) error { return Sleep(co, time.Hour) })
	})
	p.fail = errors.New("the wires are cut")
	l.Close()
	if !f.done || l.youngest != nil {
		t.Error("Close left a coroutine behind")
	}
	if n := strings.Count(log.String(), "the wires are cut"); n != 2 { // of a look, and of closing the backend
		t.Errorf("the log has\n%s", &log)
	}
}

// The generations of a slot come round before they reach the tokens that belong to
// the backends.
func TestWatchGenerationsComeRound(t *testing.T) {
	l, _ := counted(t, &Options{})
	watch := func() Watch {
		w, err := l.Watch(0, Readable, HandlerFunc(nil))
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	watch().Stop()
	l.watches.slots[0].gen = 1<<31 - 1
	for _, gen := range []uint32{1<<31 - 1, 0, 1} {
		w := watch()
		if w.gen != gen || w.token() > poll.MaxToken {
			t.Errorf("generation %d, want %d", w.gen, gen)
		}
		w.Stop()
	}
}

// Do gives up when the loop is gone and its body never began: here because a callback
// before it left Close by a Goexit.
func TestDoIsDropped(t *testing.T) {
	l, _ := counted(t, &Options{})
	l.Call(runtime.Goexit)
	got := make(chan error)
	go func() {
		_, err := Do(t.Context(), l, func(*Co) (int, error) { return 0, errors.New("ran") })
		got <- err
	}()
	for !l.mail.Load() {
		runtime.Gosched()
	}
	go l.Close()
	if err := <-got; err != ErrClosed {
		t.Errorf("%v", err)
	}
}
