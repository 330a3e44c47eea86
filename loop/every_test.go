package loop_test

import (
	"bytes"
	"errors"
	"log/slog"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// A stopwatch notes at which second something happens.
type stopwatch struct {
	l     *loop.Loop
	began time.Time
	at    []float64
}

func newStopwatch(l *loop.Loop) *stopwatch { return &stopwatch{l: l, began: l.Now()} }

func (s *stopwatch) press() int {
	s.at = append(s.at, s.l.Now().Sub(s.began).Seconds())
	return len(s.at)
}

func (s *stopwatch) check(t *testing.T, want ...float64) {
	t.Helper()
	if !slices.Equal(s.at, want) {
		t.Errorf("at %v, want %v", s.at, want)
	}
}

// Tornado I45, I46: ticks come at whole periods, until Stop.
func TestEvery(t *testing.T) {
	l := guardedLoop(t)
	s := newStopwatch(l)
	var ticker *loop.Ticker
	ticker = l.Every(83*time.Second, func() {
		if s.press() == 3 {
			ticker.Stop()
		}
	})
	if !ticker.Running() {
		t.Error("Every does not start")
	}
	l.After(time.Hour, l.Stop)
	run(t, l)
	s.check(t, 83, 166, 249)
	if ticker.Running() {
		t.Error("Stop does not stop")
	}
	ticker.Stop()
}

// Tornado 1.27, I42: how long a call takes does not shift the schedule, and what it
// runs over is left out.
func TestEveryOverrun(t *testing.T) {
	clock := looptest.NewClock()
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: clock})
	s := newStopwatch(l)
	took := []time.Duration{9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0}
	l.Every(10*time.Second, func() {
		n := s.press()
		clock.Skip(took[n-1] * time.Second)
		if n == len(took) {
			l.Stop()
		}
	})
	run(t, l)
	s.check(t, 10, 20, 30, 50, 70, 100, 130, 170, 210, 220, 230)
}

// Stop and Start begin a new schedule, also within a tick, and never two.
func TestTickerStartAgain(t *testing.T) {
	l := guardedLoop(t)
	s := newStopwatch(l)
	var ticker *loop.Ticker
	ticker = l.Every(10*time.Second, func() {
		switch s.press() {
		case 2:
			ticker.Stop()
			l.After(5*time.Second, func() {
				ticker.Start()
				ticker.Start()
			})
		case 3:
			ticker.Stop()
			ticker.Start()
			ticker.Start()
		case 4:
			l.After(time.Second, func() {
				ticker.Stop()
				l.After(time.Hour, l.Stop)
			})
		}
	})
	ticker.Start()
	run(t, l)
	s.check(t, 10, 20, 35, 45)
}

// The zero Ticker is stopped.
func TestZeroTicker(t *testing.T) {
	var ticker loop.Ticker
	ticker.Stop()
	if ticker.Running() {
		t.Error("the zero Ticker runs")
	}
}

// Tornado 1.27: a panic is reported, and the ticks go on.
func TestEveryAfterPanic(t *testing.T) {
	reported := 0
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), OnError: func(error) { reported++ }})
	s := newStopwatch(l)
	l.Every(time.Second, func() {
		s.press()
		panic("each time")
	})
	l.After(3*time.Second+1, l.Stop)
	run(t, l)
	s.check(t, 1, 2, 3)
	if reported != 3 {
		t.Errorf("%d panics of 3 were reported", reported)
	}
}

// A panic after Stop does not start the ticker again.
func TestEveryStopThenPanic(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), OnError: func(error) {}})
	s := newStopwatch(l)
	var ticker *loop.Ticker
	ticker = l.Every(time.Second, func() {
		s.press()
		ticker.Stop()
		panic("the last")
	})
	l.After(time.Minute, l.Stop)
	run(t, l)
	s.check(t, 1)
}

func TestEveryBadPeriod(t *testing.T) {
	l := guardedLoop(t)
	for _, period := range []time.Duration{0, -1} {
		if recovered(func() { l.Every(period, func() {}) }) == nil {
			t.Errorf("a period of %v is taken", period)
		}
	}
}

// recovered is what fn panics with, or nil.
func recovered(fn func()) (v any) {
	defer func() { v = recover() }()
	fn()
	return nil
}

// A period that rounds down to nothing, or never ends, is one all the same.
func TestEveryExtremePeriods(t *testing.T) {
	l := guardedLoop(t)
	n := 0
	short := l.EveryJittered(1, 1.9, func() {
		if n++; n == 100 {
			l.Stop()
		}
	})
	l.Every(math.MaxInt64, func() { t.Error("a tick after 292 years") })
	run(t, l)
	short.Stop()
	l.After(24*time.Hour, l.Stop)
	run(t, l)
}

// Jitter keeps each period within its bounds.
func TestEveryJittered(t *testing.T) {
	l := guardedLoop(t)
	s := newStopwatch(l)
	l.EveryJittered(10*time.Second, 0.5, func() {
		if s.press() == 200 {
			l.Stop()
		}
	})
	run(t, l)
	last, differ := 0.0, map[float64]bool{}
	for _, at := range s.at {
		if d := at - last; d < 7.5-1e-6 || d > 12.5+1e-6 {
			t.Fatalf("a period of %v s", d)
		}
		differ[at-last] = true
		last = at
	}
	if len(differ) < 100 {
		t.Errorf("%d different periods of 200", len(differ))
	}
}

// Tornado I47: ticks that come while the coroutine of one before still runs are left
// out, so that it never overlaps with itself; the grid stays.
func TestEveryGo(t *testing.T) {
	l := guardedLoop(t)
	s := newStopwatch(l)
	running, ended := 0, 0
	var ticker *loop.Ticker
	ticker = l.EveryGo(10*time.Second, func(co *loop.Co) error {
		if running++; running > 1 {
			t.Error("two at a time")
		}
		if s.press() == 3 {
			ticker.Stop()
		}
		err := loop.Sleep(co, 25*time.Second)
		running--
		ended++
		return err
	})
	l.After(time.Hour, l.Stop)
	run(t, l)
	s.check(t, 10, 40, 70)
	if ended != 3 {
		t.Errorf("%d of 3 ended", ended)
	}
}

// Tornado I21, I22: errors and panics of the coroutine are told; it goes on.
func TestEveryGoErrors(t *testing.T) {
	var log bytes.Buffer
	l := machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(),
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	n := 0
	l.EveryGo(time.Second, func(co *loop.Co) error {
		switch n++; n {
		case 1:
			return errors.New("first failure")
		case 2:
			panic("second failure")
		case 3:
			co.Cancel(nil)
			return loop.Sleep(co, time.Second) // whoever cancels knows
		}
		l.Stop()
		return nil
	})
	run(t, l)
	for _, want := range []string{"first failure", "second failure", "every_test.go"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("the log lacks %q:\n%s", want, &log)
		}
	}
	if lines := strings.Count(strings.TrimSpace(log.String()), "\n") + 1; lines != 2 || n != 4 {
		t.Errorf("%d records and %d calls:\n%s", lines, n, &log)
	}
}

// A Close ends tickers, and they can still be stopped.
func TestTickerAfterClose(t *testing.T) {
	l := guardedLoop(t)
	ticker := l.Every(time.Second, func() { t.Error("ticks on a closed loop") })
	l.Close()
	ticker.Stop()
	ticker.Start()
	ticker.Stop()
}
