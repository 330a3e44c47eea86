package polltest

import (
	"math/rand/v2"
	"sync"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

var mixedTests = []test{
	{"WakeAfterEvent", testWakeAfterEvent},
	{"ExpiredTimerWithEvent", testExpiredTimerWithEvent},
	{"EventPingPong", testEventPingPong},
	{"NothingLostAmongAll", testAmongAll},
}

// A Wake that comes after an event has ended the sleep is not forgotten.
func testWakeAfterEvent(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	for range 20 {
		f.write(w)
		f.want(1, poll.Readable)
		f.p.Wake()
		f.read(r)
		f.wait(-1)
	}
	if early := f.sleep(time.Millisecond); early > 1 {
		f.Errorf("%d sleeps ended early", early)
	}
}

// As ExpiredTimerSeenByLook, with the sleep cut short by an event.
func testExpiredTimerWithEvent(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	for range 5 {
		const short = 2 * time.Millisecond
		f.write(w)
		for len(f.wait(short)) == 0 {
		}
		f.read(r)
		for end := time.Now().Add(2 * short); time.Now().Before(end); {
			f.quiet()
		}
		f.sleep(5 * time.Millisecond)
	}
}

func testEventPingPong(f *fixture) {
	const rounds = 3000
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	back := make(chan struct{}, 1)
	var wg sync.WaitGroup
	wg.Go(func() {
		for range rounds {
			f.write(b)
			<-back
		}
	})
	for range rounds {
		for len(f.wait(-1)) == 0 {
		}
		f.read(a)
		back <- struct{}{}
	}
	wg.Wait()
}

// Wakers, a writer and timeouts at once; each of the first two waits for its
// acknowledgements, so that whatever is lost stops the test.
func testAmongAll(f *fixture) {
	each := wakeCount(10_000)
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	w := startWakers(f.p.Wake, each)
	back := make(chan struct{}, 1)
	writes := int(each / 4)
	w.wg.Go(func() {
		for range writes {
			f.write(b)
			<-back
		}
	})
	rng := rand.New(rand.NewPCG(4, 5))
	for read := 0; ; {
		some, all := w.serve(each)
		if all && read == writes {
			break
		}
		timeout := time.Duration(-1)
		if some {
			timeout = 0
		} else if rng.IntN(3) > 0 {
			timeout = time.Duration(1 + rng.Int64N(int64(time.Microsecond)<<rng.IntN(16)))
		}
		for range f.wait(timeout) {
			f.read(a)
			read++
			back <- struct{}{}
		}
	}
	w.wg.Wait()
	f.must(f.p.Remove(a))
	f.sleep(5 * time.Millisecond)
}
