package loop_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// A modelTimer is what a timer ought to be: a line in a list.
type modelTimer struct {
	id   int
	when time.Duration
	made int
	real loop.Timer
	due  func() // looks whether it is its turn
	then func() // what its callback does to others
	gone bool   // ran or stopped
}

// timerModel does everything twice: to a loop and to a list.
type timerModel struct {
	t     *rapid.T
	l     *loop.Loop
	clock *looptest.Clock
	now   time.Duration
	made  int
	all   []*modelTimer
	ran   []int
}

func (m *timerModel) add(d time.Duration, then func()) {
	m.made++
	k := &modelTimer{id: len(m.all), when: m.now + d, made: m.made, then: then}
	k.real = m.l.After(d, func() {
		m.ran = append(m.ran, k.id)
		if k.due == nil {
			m.t.Fatalf("timer %d ran before any turn", k.id)
		}
		k.due()
		if k.then != nil {
			k.then()
		}
	})
	m.all = append(m.all, k)
}

func (m *timerModel) stop(i int) {
	k := m.all[i%len(m.all)]
	if got := k.real.Stop(); got == k.gone {
		m.t.Fatalf("Stop of timer %d: %v", k.id, got)
	}
	k.gone = true
}

func (m *timerModel) reset(i int, d time.Duration) {
	k := m.all[i%len(m.all)]
	if got := k.real.Reset(d); got == k.gone {
		m.t.Fatalf("Reset of timer %d: %v", k.id, got)
	}
	if !k.gone {
		m.made++
		k.when, k.made = m.now+d, m.made
	}
}

// turn runs one iteration d later. What a callback does to the model it does while
// the loop runs, so the list of what is due is made first, as the loop does.
func (m *timerModel) turn(d time.Duration) {
	m.clock.Skip(d)
	m.now += d
	type entry struct {
		k    *modelTimer
		made int
	}
	var due []entry
	for _, k := range m.all {
		if !k.gone && k.when <= m.now {
			due = append(due, entry{k, k.made})
		}
	}
	slices.SortFunc(due, func(a, b entry) int {
		if a.k.when != b.k.when {
			return int(a.k.when - b.k.when)
		}
		return a.made - b.made
	})
	m.ran = nil
	place := 0
	for _, e := range due {
		e.k.due = func() {
			// Those before it in the list must have been stopped or reset.
			for place < len(due) && due[place].k != e.k {
				if o := due[place]; !o.k.gone && o.k.made == o.made {
					m.t.Fatalf("timer %d ran before %d", e.k.id, o.k.id)
				}
				place++
			}
			if e.k.gone || e.k.made != e.made || place == len(due) {
				m.t.Fatalf("timer %d ran, but was not due", e.k.id)
			}
			place++
			e.k.gone = true
		}
	}
	m.l.Call(m.l.Stop)
	if err := m.l.Run(); err != nil {
		m.t.Fatal(err)
	}
	for ; place < len(due); place++ {
		if o := due[place]; !o.k.gone && o.k.made == o.made {
			m.t.Fatalf("timer %d was due and did not run; %v did", o.k.id, m.ran)
		}
	}
	for _, id := range m.ran {
		if !m.all[id].gone {
			m.t.Fatalf("timer %d ran too early", id)
		}
	}
	for _, k := range m.all {
		if k.real.Pending() == k.gone {
			m.t.Fatalf("Pending of timer %d: %v", k.id, k.real.Pending())
		}
	}
}

// Whatever is made, stopped and reset, from outside and by the timers themselves,
// the loop runs what a sorted list would.
func TestTimersAgainstList(t *testing.T) {
	watchdog(t)
	rapid.Check(t, func(rt *rapid.T) {
		clock := looptest.NewClock()
		l, err := loop.New(&loop.Options{Poller: "chan", Clock: clock,
			OnError: func(err error) { rt.Fatal(err) }})
		if err != nil {
			rt.Fatal(err)
		}
		defer l.Close()
		m := &timerModel{t: rt, l: l, clock: clock}
		// Few different durations make many equal deadlines.
		duration := rapid.Custom(func(t *rapid.T) time.Duration {
			return time.Duration(rapid.IntRange(-3, 12).Draw(t, "ticks"))
		})
		index := rapid.IntRange(0, 1<<20)
		// Drawn beforehand: a callback must not draw, its panic would be caught.
		var action func(depth int) func()
		action = func(depth int) func() {
			kind := rapid.IntRange(0, 5).Draw(rt, "then")
			i, d := index.Draw(rt, "whom"), duration.Draw(rt, "for")
			switch {
			case kind == 0:
				return func() { m.stop(i) }
			case kind == 1:
				return func() { m.reset(i, d) }
			case kind == 2 && depth < 2:
				then := action(depth + 1)
				return func() { m.add(d, then) }
			}
			return nil
		}
		m.add(0, nil)
		for range rapid.IntRange(1, 60).Draw(rt, "steps") {
			switch rapid.IntRange(0, 6).Draw(rt, "step") {
			case 0, 1, 2:
				m.add(duration.Draw(rt, "after"), action(0))
			case 3:
				m.stop(index.Draw(rt, "stop"))
			case 4:
				m.reset(index.Draw(rt, "reset"), duration.Draw(rt, "to"))
			default:
				m.turn(time.Duration(rapid.IntRange(0, 6).Draw(rt, "turn")))
			}
		}
		m.turn(1000)
	})
}
