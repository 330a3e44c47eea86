package polltest

import (
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

// Readiness that has passed, and registrations that are gone.
var staleTests = []test{
	{"TakenBeforeLook", testTakenBeforeLook},
	{"TakenBeforeSleep", testTakenBeforeSleep},
	{"SpuriousSleeps", testSpurious},
	{"RemovedInTheSameBatch", testRemovedInBatch},
	{"ModifiedInTheSameBatch", testModifiedInBatch},
	{"ReusedInTheSameBatch", testReusedInBatch},
}

func testTakenBeforeLook(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	for range 10 {
		f.write(w)
		f.read(r)
		f.quiet()
	}
}

func testTakenBeforeSleep(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	for range 5 {
		f.write(w)
		f.want(1, poll.Readable)
		f.read(r)
		f.write(w)
		f.read(r)
		f.sleep(time.Millisecond)
	}
}

// Bytes that come and are taken by someone else while the sleeper sleeps may end
// sleeps, and may be reported; they must not break anything. What is reported
// belongs to the registration, and what comes at last is found.
func testSpurious(f *fixture) {
	const rounds = 500
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range rounds {
			f.write(w)
			f.readable(r)
		}
	}()
	for over := false; !over; {
		select {
		case <-done:
			over = true
		default:
		}
		for _, ev := range f.wait(100 * time.Microsecond) {
			if ev != (poll.Event{Token: 1, Events: poll.Readable}) {
				f.Errorf("Wait reports %v, want token 1 readable or nothing", ev)
			}
		}
	}
	f.quiet()
	f.write(w)
	f.want(1, poll.Readable)
}

// batch makes n pipes that are readable, with tokens from 1 on, and fetches some
// of their events: others may wait in the kernel or in the backend.
func (f *fixture) batch(n int) (r, w []int) {
	f.Helper()
	for i := range n {
		a, b := f.pipe()
		f.write(b)
		f.must(f.p.Add(a, poll.Readable, poll.Token(i+1)))
		r, w = append(r, a), append(w, b)
	}
	f.dst = f.dst[:n/4]
	f.next()
	return r, w
}

// only looks a few times, and there must be these tokens and no others.
func (f *fixture) only(tokens ...poll.Token) {
	f.Helper()
	seen := make(map[poll.Token]bool)
	for range 3 * (len(tokens) + 1) {
		for _, ev := range f.wait(0) {
			seen[ev.Token] = true
		}
	}
	for _, tok := range tokens {
		if !seen[tok] {
			f.Errorf("token %d is ready and not reported", tok)
		}
		delete(seen, tok)
	}
	if len(seen) > 0 {
		f.Errorf("tokens %v are reported and should not be", seen)
	}
}

func testRemovedInBatch(f *fixture) {
	r, _ := f.batch(12)
	for _, fd := range r[:11] {
		f.must(f.p.Remove(fd))
	}
	f.only(12)
	f.must(f.p.Remove(r[11]))
	f.quiet()
}

func testModifiedInBatch(f *fixture) {
	r, _ := f.batch(8)
	for i, fd := range r {
		want := poll.Readable
		if i >= 2 {
			want = poll.Writable // which a pipe's reading end is not
		}
		f.must(f.p.Modify(fd, want, poll.Token(100+i)))
	}
	f.only(100, 101)
}

// The numbers of a batch are closed and belong to others at once, some of which
// are ready. Nobody is told what the former owner was to hear.
func testReusedInBatch(f *fixture) {
	r, w := f.batch(8)
	for i, fd := range r {
		f.must(f.p.Remove(fd))
		f.close(fd)
		f.close(w[i])
		r2, w2 := f.pipeAt(fd)
		f.must(f.p.Add(r2, poll.Readable, poll.Token(100+i)))
		if i < 2 {
			f.write(w2)
		}
	}
	f.only(100, 101)
}
