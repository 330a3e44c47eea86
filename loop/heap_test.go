package loop

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// checkHeap looks at what must hold between any two operations on the timers.
func checkHeap(t *rapid.T, ts *timers) {
	for i := range ts.heap {
		k := &ts.heap[i]
		if i > 0 && k.before(&ts.heap[(i-1)/4]) {
			t.Fatalf("node %d comes before its parent", i)
		}
		if s := &ts.slots[k.slot]; int(s.pos) != i || s.do == nil {
			t.Fatalf("node %d has slot %d, which thinks it is at %d", i, k.slot, s.pos)
		}
	}
	live := 0
	for i := range ts.slots {
		if ts.slots[i].do != nil {
			live++
		}
	}
	if live != len(ts.heap) || live+len(ts.free) != len(ts.slots) {
		t.Fatalf("%d nodes, %d slots in use, %d free of %d", len(ts.heap), live, len(ts.free), len(ts.slots))
	}
}

// Parents come before their children, and each slot knows its node, whatever is
// added, removed from the middle, or moved.
func TestHeapStaysInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		l := &Loop{}
		ts := &l.timers
		var all []Timer
		do := callback(func() {})
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			when := time.Duration(rapid.IntRange(0, 50).Draw(rt, "when"))
			switch op := rapid.IntRange(0, 5).Draw(rt, "op"); {
			case op <= 2 || len(all) == 0:
				all = append(all, l.addTimer(when, do))
			case op == 3:
				ts.remove(rapid.SampledFrom(all).Draw(rt, "remove"))
			case op == 4:
				ts.reset(rapid.SampledFrom(all).Draw(rt, "reset"), when)
			case len(ts.heap) > 0:
				slot := ts.heap[0].slot
				ts.remove(Timer{l, slot, ts.slots[slot].gen})
			}
			checkHeap(rt, ts)
		}
	})
}

// A timer that is cancelled gives its room back at once (Tornado I12 needs a
// compaction for that), and so does one that has run.
func TestTimersReuseTheirRoom(t *testing.T) {
	l, _ := counted(t, &Options{})
	for range 100 {
		var some []Timer
		for range 20 {
			some = append(some, l.After(time.Hour, func() {}))
			l.After(0, func() {})
		}
		for _, timer := range some {
			timer.Stop()
		}
		l.Call(l.Stop)
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
	}
	if ts := &l.timers; len(ts.heap) != 0 || len(ts.slots) > 40 || len(ts.due) != 0 {
		t.Errorf("%d nodes and %d slots are left of 40 timers at a time", len(ts.heap), len(ts.slots))
	}
}
