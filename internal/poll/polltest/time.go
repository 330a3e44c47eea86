package polltest

import (
	"testing"
	"time"
)

var timeTests = []test{
	{"LookReturns", testLook},
	{"TimeoutHonoured", testTimeout},
	{"ShorterAfterLonger", testShorterAfterLonger},
	{"LongerAfterShorter", testLongerAfterShorter},
	{"ExpiredTimerSeenByLook", testExpiredTimer},
	{"VeryLongTimeout", testVeryLong},
	{"NoAllocTime", testNoAllocTime},
}

func testLook(f *fixture) { f.quiet() }

func testTimeout(f *fixture) {
	for _, d := range []time.Duration{
		1, time.Microsecond, 50 * time.Microsecond, 300 * time.Microsecond, 999 * time.Microsecond,
		time.Millisecond, 1500 * time.Microsecond, 10 * time.Millisecond, 30 * time.Millisecond,
	} {
		for range 3 {
			f.sleep(d)
		}
	}
}

// A timeout that is cut short leaves the backend's timer standing at an instant
// that the next sleep must not wait for.
func testShorterAfterLonger(f *fixture) {
	for _, d := range []time.Duration{time.Hour, time.Minute, 20 * time.Second} {
		f.p.Wake()
		f.wait(d)
		f.sleep(3 * time.Millisecond)
	}
}

func testLongerAfterShorter(f *fixture) {
	for range 5 {
		f.p.Wake()
		f.wait(2 * time.Millisecond)
		f.sleep(12 * time.Millisecond)
	}
}

// The timer of a sleep that was cut short fires while nobody sleeps, and a Wait
// that only looks takes its event. If that leaves no mark, the next sleep does
// not set the timer anew and never ends.
func testExpiredTimer(f *fixture) {
	for range 5 {
		const short = 2 * time.Millisecond
		f.p.Wake()
		f.wait(short)
		for end := time.Now().Add(2 * short); time.Now().Before(end); {
			f.quiet()
		}
		f.sleep(5 * time.Millisecond)
	}
}

func testVeryLong(f *fixture) {
	for _, d := range []time.Duration{1<<63 - 1, 1<<63 - 2, 100 * 365 * 24 * time.Hour, 48 * time.Hour} {
		f.p.Wake()
		f.wait(d)
		time.AfterFunc(time.Millisecond, f.p.Wake)
		f.wait(d)
	}
	f.sleep(time.Millisecond)
}

func testNoAllocTime(f *fixture) {
	f.noAlloc("Wait(0)", func() { f.wait(0) })
	f.noAlloc("Wait(50µs)", func() { f.wait(50 * time.Microsecond) })
}

// noAlloc fails the test if fn allocates once it has run for a while.
func (f *fixture) noAlloc(what string, fn func()) {
	f.Helper()
	fn()
	if n := testing.AllocsPerRun(200, fn); n != 0 {
		f.Errorf("%s allocates %v times, want 0", what, n)
	}
}
