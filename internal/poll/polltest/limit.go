package polltest

import "github.com/zonda-go/zonda/internal/poll"

var limitTests = []test{
	{"HighestDescriptor", testHighest},
	{"DescriptorTooHigh", testTooHigh},
}

var noLimitTests = []test{
	{"HighDescriptor", testHigh},
}

// works asks whether the descriptor, which is readable, can be watched.
func (f *fixture) works(fd int) {
	f.Helper()
	f.must(f.p.Add(fd, poll.Readable, 1))
	f.want(1, poll.Readable)
	f.must(f.p.Remove(fd))
	f.quiet()
}

func testHighest(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	f.works(f.dupAt(r, f.caps.MaxFD))
}

func testTooHigh(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	high := f.dupAt(r, f.caps.MaxFD+1)
	f.wantErr(f.p.Add(high, poll.Readable, 1), poll.ErrDescriptorTooHigh)
	f.wantErr(f.p.Add(1<<30, poll.Readable, 1), poll.ErrDescriptorTooHigh)
	f.quiet()
	f.works(r)
}

func testHigh(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	f.works(f.dupAt(r, 2500))
}
