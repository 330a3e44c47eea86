package polltest

import (
	"errors"
	"io/fs"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

// A descriptor that was closed before it was removed: see the contract of Remove.
var closedTests = []test{
	{"ClosedHurtsNobodyElse", testClosedAmongOthers},
	{"ClosedLetsSleep", testClosedSleep},
	{"ClosedThenReused", testClosedReused},
}

var tellsClosedTests = []test{
	{"ClosedIsTold", testClosedTold},
}

// closed registers a pipe with token 1 and closes it without Remove, which is the
// caller's mistake.
func (f *fixture) closed() (fd int) {
	f.Helper()
	r, w := f.pipe()
	f.write(w)
	f.must(f.p.Add(r, poll.Readable, 1))
	f.want(1, poll.Readable)
	f.close(r)
	return r
}

// forget removes a descriptor that was closed.
func (f *fixture) forget(fd int) {
	f.Helper()
	if err := f.p.Remove(fd); err != nil && !errors.Is(err, fs.ErrNotExist) {
		f.Errorf("Remove of a descriptor that was closed: %v", err)
	}
}

// others waits until token 2 is reported, and returns whether token 1, which was
// closed, was too: it may be, as Failed.
func (f *fixture) others() (told bool) {
	f.Helper()
	for range maxEarly {
		two := false
		for _, ev := range f.next() {
			switch {
			case ev == poll.Event{Token: 1, Events: poll.Failed}:
				told = true
			case ev == poll.Event{Token: 2, Events: poll.Readable}:
				two = true
			default:
				f.Fatalf("Wait reports %v", ev)
			}
		}
		if two {
			return told
		}
	}
	f.Fatal("a registration is passed over beside one that was closed")
	return told
}

func testClosedAmongOthers(f *fixture) {
	fd := f.closed()
	r, w := f.pipeAbove(fd)
	f.must(f.p.Add(r, poll.Readable, 2))
	f.write(w)
	for range 3 {
		f.others()
	}
	f.read(r)
	for _, ev := range f.wait(0) {
		if ev != (poll.Event{Token: 1, Events: poll.Failed}) {
			f.Errorf("Wait reports %v", ev)
		}
	}
	f.forget(fd)
	f.quiet()
	f.write(w)
	f.want(2, poll.Readable)
}

func testClosedSleep(f *fixture) {
	fd := f.closed()
	for _, d := range []time.Duration{0, time.Millisecond, 2 * time.Millisecond} {
		for _, ev := range f.wait(d) {
			if ev != (poll.Event{Token: 1, Events: poll.Failed}) {
				f.Errorf("Wait(%v) reports %v", d, ev)
			}
		}
	}
	f.forget(fd)
	f.quiet()
	f.sleep(time.Millisecond)
}

func testClosedReused(f *fixture) {
	fd := f.closed()
	f.forget(fd)
	r, w := f.pipeAt(fd)
	f.must(f.p.Add(r, poll.Readable, 3))
	f.quiet()
	f.write(w)
	f.want(3, poll.Readable)
}

func testClosedTold(f *fixture) {
	fd := f.closed()
	f.has(1, poll.Failed)
	r, w := f.pipeAbove(fd)
	f.must(f.p.Add(r, poll.Readable, 2))
	f.write(w)
	for told := false; !told; {
		told = f.others()
	}
	f.must(f.p.Remove(fd))
	f.want(2, poll.Readable)
}
