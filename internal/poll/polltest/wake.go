package polltest

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

var wakeTests = []test{
	{"WakeBefore", testWakeBefore},
	{"WakeBeforeTimeout", testWakeBeforeTimeout},
	{"WakeNotUsedUpByLook", testWakeLook},
	{"WakeWithin", testWakeWithin},
	{"WakesCoalesce", testWakesCoalesce},
	{"WakesCoalesceConcurrently", testWakesConcurrent},
	{"WakePingPong", testWakePingPong},
	{"WakeNoneLost", testWakeNoneLost},
	{"WakeNoneLostAmongTimeouts", testWakeAmongTimeouts},
	{"NoAllocWake", testNoAllocWake},
}

func testWakeBefore(f *fixture) {
	for range 100 {
		f.p.Wake()
		f.wait(-1)
	}
}

func testWakeBeforeTimeout(f *fixture) {
	for range 100 {
		f.p.Wake()
		f.wait(2 * patience)
	}
}

func testWakeLook(f *fixture) {
	for range 10 {
		f.p.Wake()
		f.quiet()
		f.wait(-1)
	}
}

func testWakeWithin(f *fixture) {
	for range 20 {
		time.AfterFunc(time.Millisecond, f.p.Wake)
		f.wait(-1)
	}
	for range 20 {
		time.AfterFunc(time.Millisecond, f.p.Wake)
		f.wait(2 * patience)
	}
}

// After a thousand Wakes one sleep ends early, and at most one more: where the
// level that a Wake leaves is found before the nudge that goes with it.
func testWakesCoalesce(f *fixture) {
	for range 1000 {
		f.p.Wake()
	}
	f.wait(-1)
	if early := f.sleep(2 * time.Millisecond); early > 1 {
		f.Errorf("after 1000 Wakes and the sleep they ended, %d more sleeps ended early", early)
	}
}

func testWakesConcurrent(f *fixture) {
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 10 {
				f.p.Wake()
			}
		})
	}
	f.wait(-1)
	wg.Wait()
	if early := f.sleep(2 * time.Millisecond); early > 2 {
		f.Errorf("after all Wakes had returned, %d sleeps ended early", early)
	}
}

// Each side waits for the other, so that most Wakes meet a sleeper that is just
// going to sleep.
func testWakePingPong(f *fixture) {
	const rounds = 5000
	var turn atomic.Int64
	back := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range rounds {
			turn.Add(1)
			f.p.Wake()
			<-back
		}
	})
	for n := int64(1); n <= rounds; n++ {
		for turn.Load() < n {
			f.wait(-1)
		}
		back <- struct{}{}
	}
	wg.Wait()
}

// wakers is how the next two tests wake: each of several goroutines publishes,
// wakes, and after every few Wakes waits until the sleeper has seen them all. A
// Wake that is lost leaves everyone waiting.
type wakers struct {
	posted [4]atomic.Int64
	seen   [4]int64
	ack    [4]chan struct{}
	wg     sync.WaitGroup
}

func startWakers(wake func(), each int64) *wakers {
	w := &wakers{}
	for i := range w.posted {
		w.ack[i] = make(chan struct{}, 1)
		rng := rand.New(rand.NewPCG(uint64(i), 1))
		w.wg.Go(func() {
			for n := int64(0); n < each; {
				// One message may complete several posts, but the last of a
				// burst always gets its own acknowledgement.
				burst := min(1+rng.Int64N(8), each-n)
				for range burst - 1 {
					w.posted[i].Add(2)
					wake()
				}
				w.posted[i].Add(1)
				wake()
				n += burst
				<-w.ack[i]
				w.posted[i].Add(1)
			}
		})
	}
	return w
}

// serve takes in what was posted and reports whether there was anything, and
// whether all have posted everything. Counts are doubled so that an odd one says
// that its waker waits.
func (w *wakers) serve(each int64) (some, all bool) {
	all = true
	for i := range w.posted {
		n := w.posted[i].Load()
		if n > w.seen[i] {
			w.seen[i] = n
			some = true
			if n%2 == 1 {
				w.ack[i] <- struct{}{}
			}
		}
		all = all && w.seen[i] >= 2*each-1
	}
	return some, all
}

func wakeCount(each int64) int64 {
	if testing.Short() {
		return each / 10
	}
	return each
}

func testWakeNoneLost(f *fixture) {
	each := wakeCount(100_000)
	w := startWakers(f.p.Wake, each)
	for {
		some, all := w.serve(each)
		if all {
			break
		}
		if !some {
			f.wait(-1)
		}
	}
	w.wg.Wait()
}

func testWakeAmongTimeouts(f *fixture) {
	each := wakeCount(10_000)
	w := startWakers(f.p.Wake, each)
	rng := rand.New(rand.NewPCG(2, 3))
	for {
		some, all := w.serve(each)
		if all {
			break
		}
		switch {
		case some:
			f.wait(0)
		case rng.IntN(4) == 0:
			f.wait(-1)
		default:
			// Some of these end by themselves, most do not.
			f.wait(time.Duration(1 + rng.Int64N(int64(time.Microsecond)<<rng.IntN(16))))
		}
	}
	w.wg.Wait()
	f.sleep(5 * time.Millisecond)
}

func testNoAllocWake(f *fixture) {
	f.noAlloc("Wake, Wait(-1)", func() {
		f.p.Wake()
		f.wait(-1)
	})
	f.noAlloc("Wake, Wait(1h)", func() {
		f.p.Wake()
		f.wait(time.Hour)
	})
}
