package polltest

import (
	"sync"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

var readyTests = []test{
	{"Readable", testReadable},
	{"Writable", testWritable},
	{"OnlyWhatWasAsked", testOnlyAsked},
	{"LevelTriggered", testLevel},
	{"EndsSleep", testEndsSleep},
	{"ShortDst", testShortDst},
	{"ShortDstAfterTimer", testShortDstTimer},
	{"LongDst", testLongDst},
	{"NoAllocReady", testNoAllocReady},
}

func testReadable(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 7))
	f.quiet()
	f.write(w)
	f.want(7, poll.Readable)
	f.read(r)
	f.quiet()
	f.sleep(time.Millisecond)
}

func testWritable(f *fixture) {
	_, w := f.pipe()
	f.must(f.p.Add(w, poll.Writable, 8))
	f.want(8, poll.Writable)
	f.fill(w)
	f.quiet()
}

// Tornado, ioloop_test test_read_while_writeable: who asks for reading on a
// descriptor that is also writable hears of reading alone.
func testOnlyAsked(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	f.quiet()
	f.write(b)
	f.want(1, poll.Readable)
	f.must(f.p.Modify(a, poll.Writable, 1))
	f.want(1, poll.Writable)
	f.must(f.p.Modify(a, poll.Readable|poll.Writable, 1))
	f.want(1, poll.Readable|poll.Writable)
	f.must(f.p.Modify(a, 0, 1))
	f.quiet()
	f.sleep(time.Millisecond)
}

func testLevel(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.write(w)
	f.write(w)
	for range 3 {
		f.want(1, poll.Readable)
		if got := f.wait(0); len(got) != 1 {
			f.Fatalf("Wait(0) reports %v, want one event", got)
		}
	}
	f.read(r)
	f.want(1, poll.Readable) // a byte is left
	f.read(r)
	f.quiet()
	f.write(w)
	f.want(1, poll.Readable)
}

func testEndsSleep(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	for _, d := range []time.Duration{-1, time.Hour} {
		var wg sync.WaitGroup
		wg.Add(1)
		time.AfterFunc(time.Millisecond, func() { defer wg.Done(); f.write(w) })
		for len(f.wait(d)) == 0 {
		}
		wg.Wait()
		f.read(r)
	}
}

// A dst shorter than what is ready must reach everyone in turn, by sleeping as
// by looking.
func testShortDst(f *fixture) {
	const many = 40
	for tok := range poll.Token(many) {
		r, w := f.pipe()
		f.write(w)
		f.must(f.p.Add(r, poll.Readable, tok))
	}
	for _, size := range []int{1, 2, 7, many - 1} {
		for _, d := range []time.Duration{0, -1, time.Hour} {
			f.dst = make([]poll.Event, size)
			seen := make(map[poll.Token]bool)
			for round := 0; len(seen) < many; round++ {
				if round > 3*many {
					f.Fatalf("dst of %d, Wait(%v): %d rounds reached %d of %d", size, d, round, len(seen), many)
				}
				for _, ev := range f.wait(d) {
					seen[ev.Token] = true
				}
			}
		}
	}
}

// The event of the backend's own timer must not take the only place.
func testShortDstTimer(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.dst = f.dst[:1]
	for range 5 {
		f.p.Wake()
		f.wait(time.Millisecond)
		for end := time.Now().Add(2 * time.Millisecond); time.Now().Before(end); {
		}
		f.write(w)
		if got := f.wait(0); len(got) != 1 {
			f.Fatal("Wait(0) does not report what is ready, after a timer has expired")
		}
		f.read(r)
	}
}

func testLongDst(f *fixture) {
	const many = 200
	var ready []int
	for tok := range poll.Token(many) {
		r, w := f.pipe()
		f.must(f.p.Add(r, poll.Readable, tok))
		if tok%3 == 0 {
			f.write(w)
			ready = append(ready, r)
		}
	}
	f.dst = make([]poll.Event, 4*many)
	for range 2 {
		got := f.wait(0)
		if len(got) != len(ready) {
			f.Fatalf("%d events, want %d", len(got), len(ready))
		}
		seen := make(map[poll.Token]bool)
		for _, ev := range got {
			if ev.Token%3 != 0 || ev.Events != poll.Readable || seen[ev.Token] {
				f.Fatalf("event %v is wrong or comes twice", ev)
			}
			seen[ev.Token] = true
		}
	}
	for _, r := range ready {
		f.read(r)
	}
	f.quiet()
}

func testNoAllocReady(f *fixture) {
	a, b := f.pair()
	f.write(b)
	f.must(f.p.Add(a, poll.Readable, 1))
	f.noAlloc("Wait(0) with an event", func() { f.wait(0) })
	f.noAlloc("Wait(-1) with an event", func() { f.wait(-1) })
	f.noAlloc("Wait(1h) with an event", func() { f.wait(time.Hour) })
	f.noAlloc("Modify", func() { f.p.Modify(a, poll.Readable|poll.Writable, 2) })
}
