package loop

import (
	"math"
	"time"
)

// A Timer is a callback that is to run once at some time. It belongs to the loop.
// It is a value: copies mean the same timer, and the zero Timer never runs.
type Timer struct {
	l    *Loop
	slot uint32
	gen  uint32
}

// At calls fn in the first iteration in which the loop's clock has reached when,
// after the callbacks of that iteration. Timers with equal deadlines run in the
// order they were made. A deadline in the past means the next iteration. A time
// that did not come from the loop's clock (Now) is compared by the wall clock as
// it was when the loop was made. On a closed loop the timer is the zero Timer.
func (l *Loop) At(when time.Time, fn func()) Timer {
	l.check("At")
	return l.addTimer(when.Sub(l.base), callback(fn))
}

// After is At, d from now.
func (l *Loop) After(d time.Duration, fn func()) Timer {
	l.check("After")
	return l.addTimer(l.deadline(d), callback(fn))
}

// deadline is the instant d from now; one too far away to count is the last.
func (l *Loop) deadline(d time.Duration) time.Duration {
	now := l.now()
	if d > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + d
}

// Stop cancels the timer and reports whether that kept it from running. A timer
// that is due in this iteration but has not run yet can still be stopped
// (Tornado I13). To stop one that has run, or twice, does nothing.
func (t Timer) Stop() bool {
	if t.l == nil {
		return false
	}
	t.l.check("Timer.Stop")
	return t.l.timers.remove(t)
}

// Reset gives a timer that has not run yet a new deadline, d from now, as if it
// were made now, and reports whether it could.
func (t Timer) Reset(d time.Duration) bool {
	if t.l == nil {
		return false
	}
	t.l.check("Timer.Reset")
	return t.l.timers.reset(t, t.l.deadline(d))
}

// Pending reports whether the timer has yet to run.
func (t Timer) Pending() bool {
	if t.l == nil {
		return false
	}
	t.l.check("Timer.Pending")
	return t.l.timers.live(t)
}

// timers is a 4-ary heap ordered by deadline, then by order of making. Its keys
// are inline, so sifting touches no other memory, and each slot knows its place
// in the heap, so that a cancelled timer leaves at once instead of waiting, as
// Tornado's do, for its deadline or a compaction.
type timers struct {
	heap  []timerKey
	slots []timerSlot
	free  []uint32
	made  uint64
	due   []dueTimer // of this iteration; due[ran:] has yet to run
	ran   int
}

type timerKey struct {
	when time.Duration
	made uint64
	slot uint32
}

type timerSlot struct {
	do  task
	gen uint32
	pos int32 // in the heap; -1: due, or free
}

type dueTimer struct{ slot, gen uint32 }

func (a *timerKey) before(b *timerKey) bool {
	return a.when < b.when || a.when == b.when && a.made < b.made
}

func (l *Loop) addTimer(when time.Duration, do task) Timer {
	if l.closed {
		return Timer{}
	}
	ts := &l.timers
	var i uint32
	if n := len(ts.free); n > 0 {
		i, ts.free = ts.free[n-1], ts.free[:n-1]
	} else {
		i = uint32(len(ts.slots))
		ts.slots = append(ts.slots, timerSlot{})
	}
	ts.slots[i].do = do
	ts.push(when, i)
	return Timer{l, i, ts.slots[i].gen}
}

// first is the earliest deadline.
func (ts *timers) first() (when time.Duration, ok bool) {
	if len(ts.heap) == 0 {
		return 0, false
	}
	return ts.heap[0].when, true
}

func (ts *timers) live(t Timer) bool {
	if int(t.slot) >= len(ts.slots) {
		return false // the loop was closed
	}
	s := &ts.slots[t.slot]
	return s.gen == t.gen && s.do != nil
}

func (ts *timers) remove(t Timer) bool {
	if !ts.live(t) {
		return false
	}
	if pos := ts.slots[t.slot].pos; pos >= 0 {
		ts.cut(int(pos))
	}
	ts.release(t.slot)
	return true
}

func (ts *timers) reset(t Timer, when time.Duration) bool {
	if !ts.live(t) {
		return false
	}
	if pos := ts.slots[t.slot].pos; pos >= 0 {
		ts.cut(int(pos))
	}
	// A timer on this iteration's due list finds itself back in the heap, and is
	// passed over.
	ts.push(when, t.slot)
	return true
}

// release frees a slot; its new generation makes old Timer values mean nothing.
func (ts *timers) release(slot uint32) {
	s := &ts.slots[slot]
	s.do, s.pos = nil, -1
	s.gen++
	ts.free = append(ts.free, slot)
}

// collectDue moves the timers that are due to this iteration's list. The clock is
// read once: a timer made in this iteration waits for the next one, even if its
// deadline has passed.
func (l *Loop) collectDue() {
	ts := &l.timers
	if len(ts.heap) == 0 {
		return
	}
	now := l.now()
	for len(ts.heap) > 0 && ts.heap[0].when <= now {
		slot := ts.heap[0].slot
		ts.cut(0)
		s := &ts.slots[slot]
		s.pos = -1
		ts.due = append(ts.due, dueTimer{slot, s.gen})
	}
}

// runDue runs what collectDue found, each timer only if nobody stopped or reset
// it in the meantime.
func (l *Loop) runDue() {
	ts := &l.timers
	for ts.ran < len(ts.due) {
		d := ts.due[ts.ran]
		ts.ran++
		s := &ts.slots[d.slot]
		if s.gen != d.gen || s.pos >= 0 {
			continue
		}
		do := s.do
		ts.release(d.slot)
		l.count.Timers++
		if l.times {
			l.timed(StepTimer, do, do.run)
		} else {
			do.run()
		}
	}
	ts.due, ts.ran = ts.due[:0], 0
}
