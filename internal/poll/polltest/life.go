package polltest

import (
	"io/fs"
	"slices"
	"sync"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

var lifeTests = []test{
	{"Name", testName},
	{"EmptyDst", testEmptyDst},
	{"UnknownDescriptor", testUnknown},
	{"AfterClose", testAfterClose},
	{"WakeDuringClose", testWakeDuringClose},
	{"CloseLeaksNothing", testLeaks},
}

func testName(f *fixture) {
	if listed := slices.Contains(poll.Names(), f.p.Name()); !listed && !f.caps.Unlisted {
		f.Errorf("Name() = %q, which is not among %q", f.p.Name(), poll.Names())
	}
}

func testEmptyDst(f *fixture) {
	for _, d := range []time.Duration{0, 1, -1} {
		if _, err := f.p.Wait(nil, d); err == nil {
			f.Errorf("Wait(nil, %v) gives no error", d)
		}
	}
}

func testUnknown(f *fixture) {
	const fd = 1 << 20 // beyond what this process opens
	f.wantErr(f.p.Remove(fd), fs.ErrNotExist)
	f.wantErr(f.p.Modify(fd, poll.Readable, 1), fs.ErrNotExist)
	if err := f.p.Add(fd, poll.Readable, 1); err == nil {
		f.Error("a descriptor that is not open can be added")
	}
	f.quiet()
}

func testAfterClose(f *fixture) {
	f.p.Wake()
	f.must(f.p.Close())
	f.p.Wake()
	_, err := f.p.Wait(f.dst, 0)
	f.wantErr(err, fs.ErrClosed)
	_, err = f.p.Wait(f.dst, -1)
	f.wantErr(err, fs.ErrClosed)
	f.wantErr(f.p.Add(0, poll.Readable, 1), fs.ErrClosed)
	f.wantErr(f.p.Modify(0, poll.Readable, 1), fs.ErrClosed)
	f.wantErr(f.p.Remove(0), fs.ErrClosed)
	f.wantErr(f.p.Close(), fs.ErrClosed)
	f.p.Wake()
}

func testWakeDuringClose(f *fixture) {
	for range 50 {
		p, err := f.open()
		f.must(err)
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				for range 20 {
					p.Wake()
				}
			})
		}
		_, err = p.Wait(f.dst, -1)
		f.must(err)
		f.must(p.Close())
		wg.Wait()
	}
}

func testLeaks(f *fixture) {
	// Not the lowest free number alone: what leaks may lie above others that were
	// closed and are free each time.
	const some = 50
	before := f.nthFree(some)
	for range 200 {
		p, err := f.open()
		f.must(err)
		p.Wake()
		_, err = p.Wait(f.dst, 1)
		f.must(err)
		f.must(p.Close())
	}
	// A leak of one descriptor in each round would leave 200 behind.
	if after := f.nthFree(some); after > before {
		f.Errorf("the %dth free descriptor was %d and is %d", some, before, after)
	}
}
