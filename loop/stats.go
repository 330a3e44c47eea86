package loop

import (
	"math"
	"math/bits"
	"time"
)

// Stats is what a loop has done and has at hand. All counts begin with the loop.
type Stats struct {
	// Iterations is how many turns the loop has begun, Sleeps how often it slept.
	Iterations, Sleeps uint64
	// Callbacks is how many callbacks and turns of coroutines have run, Timers and
	// Events how many timers and handlers of descriptors.
	Callbacks, Timers, Events uint64
	// Posts is how many callbacks came from other goroutines, also through Do and the
	// like.
	Posts uint64
	// Coroutines is how many were begun. Of them Live have not ended, and Waiting of
	// those wait for something.
	Coroutines    uint64
	Live, Waiting int
	// Unwound names the bodies that Close had to end, because they did not when they were
	// cancelled.
	Unwound []string
	// Queued is how many callbacks wait for the next iteration, PendingTimers how many
	// timers have yet to run, Descriptors how many are watched.
	Queued, PendingTimers, Descriptors int
	// Offloaded is how many calls of Offload run now, and OffloadQueue how many wait to.
	Offloaded, OffloadQueue int
	// Lag is how long the loop stayed away from its poller, again and again: what
	// became ready meanwhile had to wait so long.
	Lag Histogram
	// Longest is the step that took longest, if steps are timed: see Options.Debug.
	Longest Slowest
	// Blocked is what the watchdog has seen, if there is one, the most frequent first.
	Blocked []BlockedSite
}

// Slowest says which step of a loop has taken longest.
type Slowest struct {
	// Kind says what kind of work it was; StepNone: no step was timed.
	Kind StepKind
	// Where is the function, or the type, that ran, and Took how long it held the loop.
	Where string
	Took  time.Duration
}

// A Histogram counts durations by their magnitude, in powers of two. The zero
// Histogram is empty.
type Histogram struct {
	// Counts[i] is how many took less than 2^i nanoseconds, and not less than half of
	// that; the last one has all that are longer.
	Counts [40]uint64
	// Sum is of all of them together, Max the longest.
	Sum, Max time.Duration
}

func (h *Histogram) add(d time.Duration) {
	d = max(0, d)
	h.Counts[min(bits.Len64(uint64(d)), len(h.Counts)-1)]++
	h.Sum += d
	h.Max = max(h.Max, d)
}

// Count is how many durations there are.
func (h *Histogram) Count() (n uint64) {
	for _, c := range h.Counts {
		n += c
	}
	return n
}

// Mean is the average; 0 if there are none.
func (h *Histogram) Mean() time.Duration {
	if n := h.Count(); n > 0 {
		return h.Sum / time.Duration(n)
	}
	return 0
}

// Quantile is a duration that the share q of them (0.99 for 99 of a hundred) did not
// exceed: at most twice the least such one, and never more than Max.
func (h *Histogram) Quantile(q float64) time.Duration {
	need := uint64(math.Ceil(min(max(q, 0), 1) * float64(h.Count())))
	for i, c := range h.Counts {
		if c >= need {
			return min(time.Duration(1)<<i, h.Max)
		}
		need -= c
	}
	return h.Max
}

// freshness is how old what Stats tells may be while the loop is busy.
const freshness = time.Millisecond

// Stats tells what the loop has done, as of a moment ago: when it last went to sleep,
// returned from Run, or, while it is busy, looked at its poller and had not told for a
// millisecond. A loop that is blocked has it from before that. Any goroutine may call
// it.
func (l *Loop) Stats() Stats {
	l.told.Lock()
	s := l.shown
	l.told.Unlock()
	s.Offloaded, s.OffloadQueue = l.OffloadQueue()
	s.Blocked = l.watchdog.sites()
	return s
}

// looked notes that the loop looks at its poller, now.
func (l *Loop) looked(now time.Duration) {
	l.count.Lag.add(now - l.awayFrom)
	l.awayFrom = now
	if now-l.toldAt > freshness || l.clock != nil {
		l.tell(now)
	}
}

// tell makes the counts known to other goroutines.
func (l *Loop) tell(now time.Duration) {
	l.toldAt = now
	c := &l.count
	c.Queued = len(l.ready) + len(l.batch) - l.next
	c.PendingTimers = len(l.timers.heap)
	c.Descriptors = len(l.watches.slots) - len(l.watches.free)
	l.told.Lock()
	l.shown = *c
	l.told.Unlock()
}
