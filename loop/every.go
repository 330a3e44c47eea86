package loop

import (
	"errors"
	"math"
	"time"
)

// A Ticker calls a function again and again. It belongs to the loop. The zero Ticker
// is stopped.
type Ticker struct {
	l      *Loop
	period time.Duration
	jitter float64
	tick   func()
	next   time.Duration
	timer  Timer
	on     bool
	rand   func() float64
}

// Every calls fn each time a period has passed, first one period from now. The
// schedule is anchored: how long fn takes does not shift it, and a call that takes
// longer than a period makes the calls it ran over be left out, not made up for
// (Tornado's PeriodicCallback, 1.27). period must be positive.
func (l *Loop) Every(period time.Duration, fn func()) *Ticker {
	return l.EveryJittered(period, 0, fn)
}

// EveryJittered is Every with each period made longer or shorter at random, by up to
// jitter/2 of it: with 0.1, by up to 5%. It keeps many tickers from going together.
func (l *Loop) EveryJittered(period time.Duration, jitter float64, fn func()) *Ticker {
	l.check("Every")
	if period <= 0 {
		panic("loop: Every with a period that is not positive")
	}
	t := &Ticker{l: l, period: period, jitter: jitter, tick: fn}
	if jitter != 0 {
		t.rand = l.Rand().Float64
	}
	t.Start()
	return t
}

// EveryGo is Every for a coroutine: fn may wait, and the next call is not made before
// it is done. An error is logged, a panic reported as a callback's. The coroutine's parent
// is l.
func (l *Loop) EveryGo(period time.Duration, fn func(co *Co) error) *Ticker {
	busy := false
	return l.Every(period, func() {
		if busy {
			return
		}
		busy = true
		goAct(l, fn).finally(func(_ struct{}, err error) {
			busy = false
			if p, ok := errors.AsType[*PanicError](err); ok {
				l.report(p)
			} else if err != nil && !isCancellation(err) {
				l.log.Error("zonda: a periodic coroutine failed", "error", err)
			}
		})
	})
}

// Start begins a new schedule, one period from now, if the ticker is stopped.
func (t *Ticker) Start() {
	t.l.check("Ticker.Start")
	if !t.on {
		t.on = true
		t.next = t.l.now()
		t.schedule()
	}
}

// Stop ends the schedule. To stop twice does nothing.
func (t *Ticker) Stop() {
	if t.l != nil {
		t.l.check("Ticker.Stop")
		t.on = false
		t.timer.Stop()
	}
}

// Running reports whether the ticker is started.
func (t *Ticker) Running() bool {
	if t.l != nil {
		t.l.check("Ticker.Running")
	}
	return t.on
}

func (t *Ticker) schedule() {
	period := t.period
	if t.jitter != 0 {
		period = max(1, time.Duration(float64(period)*(1+t.jitter*(t.rand()-0.5))))
	}
	t.next = nextTick(t.next, t.l.now(), period)
	t.timer = t.l.addTimer(t.next, (*tick)(t))
}

// tick is a Ticker as a timer's task. It makes the next timer also when the function
// panics.
type tick Ticker

func (k *tick) run() {
	t := (*Ticker)(k)
	defer func() {
		if t.on && !t.timer.Pending() { // it is if the function stopped and started the ticker
			t.schedule()
		}
	}()
	t.tick()
}

// nextTick is when a ticker is due again that was due at last and is looked at now: the
// first instant after now on the grid of periods through last. If the clock has gone
// back behind last, it is one period after last, so that a small step backwards causes
// no extra call (Tornado I41-I43).
func nextTick(last, now, period time.Duration) time.Duration {
	passed := max(0, now-last)
	next := last + (passed/period+1)*period
	if next <= last { // an overflow
		return math.MaxInt64
	}
	return next
}
