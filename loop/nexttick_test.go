package loop

import (
	"math"
	"testing"
	"time"
)

// ticks follows a schedule of ten seconds from the time 1000: the calls take so long
// each, in seconds.
func ticks(took ...float64) (at []float64) {
	const period = 10 * time.Second
	last, now := 1000*time.Second, 1000*time.Second
	for _, d := range took {
		last = nextTick(last, now, period)
		at = append(at, last.Seconds())
		now = last + time.Duration(d*float64(time.Second))
	}
	return at
}

func checkTicks(t *testing.T, got []float64, want ...float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i := range got {
		if math.Abs(got[i]-want[i]) > 1e-6 {
			t.Fatalf("%v, want %v", got, want)
		}
	}
}

// Tornado I41.
func TestNextTick(t *testing.T) {
	checkTicks(t, ticks(0, 0, 0, 0, 0), 1010, 1020, 1030, 1040, 1050)
}

// Tornado I42: a call that takes longer than the period makes ticks be left out.
func TestNextTickOverrun(t *testing.T) {
	checkTicks(t, ticks(9, 9, 10, 11, 20, 20, 35, 35, 0, 0, 0),
		1010, 1020, 1030, 1050, 1070, 1100, 1130, 1170, 1210, 1220, 1230)
}

// Tornado I43: a clock that goes back, by little or by much, causes no extra call.
func TestNextTickClockBackwards(t *testing.T) {
	checkTicks(t, ticks(-2, -1, -3, -2, 0), 1010, 1020, 1030, 1040, 1050)
	checkTicks(t, ticks(-100, 0, 0), 1010, 1020, 1030)
}

// Tornado I44: each period is made longer or shorter, and the next counts from there.
func TestTickerJitter(t *testing.T) {
	clock := &steppedClock{now: time.Unix(1000, 0)}
	l, _ := counted(t, &Options{Clock: clock})
	l.base = time.Unix(0, 0)
	random := []float64{.5, 1, 0, .75, .5}
	var got []float64
	ticker := l.EveryJittered(10*time.Second, .5, func() {
		got = append(got, l.now().Seconds())
		if len(got) == 4 {
			l.Stop()
		}
	})
	ticker.Stop()
	ticker.rand = func() float64 {
		r := random[0]
		random = random[1:]
		return r
	}
	ticker.Start()
	runLoop(t, l)
	checkTicks(t, got, 1010, 1022.5, 1030, 1041.25)
}

// A period so long that its end cannot be told is none that has passed.
func TestNextTickOverflow(t *testing.T) {
	if got := nextTick(5, 7, math.MaxInt64); got != math.MaxInt64 {
		t.Errorf("%v", got)
	}
	if got := nextTick(0, math.MaxInt64/2+10, math.MaxInt64/2+1); got != math.MaxInt64 {
		t.Errorf("%v", got)
	}
}

// steppedClock is a virtual clock for tests inside the package.
type steppedClock struct{ now time.Time }

func (c *steppedClock) Now() time.Time { return c.now }

func (c *steppedClock) Skip(d time.Duration) bool {
	c.now = c.now.Add(d)
	return true
}
