package polltest

import (
	"io/fs"

	"github.com/zonda-go/zonda/internal/poll"
)

var registryTests = []test{
	{"AddTwice", testAddTwice},
	{"RemoveTwice", testRemoveTwice},
	{"ModifyUnknown", testModifyUnknown},
	{"AllTokenBits", testTokenBits},
	{"ReservedTokens", testReserved},
	{"RemoveSilences", testRemoveSilences},
	{"NumberReused", testNumberReused},
	{"RemoveInAnyOrder", testRemoveOrder},
	{"CloseLeavesDescriptors", testCloseLeaves},
	{"WakeAfterCloseWritesNowhere", testWakeAfterClose},
}

func testAddTwice(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.wantErr(f.p.Add(r, poll.Readable|poll.Writable, 2), fs.ErrExist)
	f.write(w)
	f.want(1, poll.Readable) // the first registration stands
}

func testRemoveTwice(f *fixture) {
	r, _ := f.pipe()
	f.wantErr(f.p.Remove(r), fs.ErrNotExist)
	f.must(f.p.Add(r, poll.Readable, 1))
	f.must(f.p.Remove(r))
	f.wantErr(f.p.Remove(r), fs.ErrNotExist)
	f.must(f.p.Add(r, poll.Readable, 1))
}

func testModifyUnknown(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	f.wantErr(f.p.Modify(r, poll.Readable, 1), fs.ErrNotExist)
	f.quiet()
}

func testTokenBits(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	f.must(f.p.Add(r, poll.Readable, 0))
	f.want(0, poll.Readable)
	for _, tok := range []poll.Token{1, 1 << 31, 1<<32 - 1, 1 << 32, 1<<63 | 1, 0x0123456789abcdef, poll.MaxToken} {
		f.must(f.p.Modify(r, poll.Readable, tok))
		f.want(tok, poll.Readable)
	}
}

func testReserved(f *fixture) {
	r, w := f.pipe()
	f.write(w)
	f.wantErr(f.p.Add(r, poll.Readable, poll.MaxToken+1), poll.ErrReservedToken)
	f.must(f.p.Add(r, poll.Readable, 1))
	f.wantErr(f.p.Modify(r, poll.Readable, poll.MaxToken+2), poll.ErrReservedToken)
	f.want(1, poll.Readable)
}

func testRemoveSilences(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.write(w)
	f.want(1, poll.Readable)
	f.must(f.p.Remove(r))
	f.quiet()
	f.must(f.p.Add(r, poll.Readable, 2))
	f.want(2, poll.Readable)
}

// Whoever gets the number of a closed descriptor next is reported under its own
// token, never under the old one.
func testNumberReused(f *fixture) {
	for tok := poll.Token(1); tok < 20; tok++ {
		r, w := f.pipe()
		f.write(w)
		f.must(f.p.Add(r, poll.Readable, tok))
		f.want(tok, poll.Readable)
		f.must(f.p.Remove(r))
		f.close(r)

		r2, w2 := f.pipeAt(r)
		f.must(f.p.Add(r2, poll.Readable, tok+1000))
		f.quiet()
		f.write(w2)
		f.want(tok+1000, poll.Readable)
		f.must(f.p.Remove(r2))
	}
}

func testRemoveOrder(f *fixture) {
	const many = 12
	for first := range many {
		var fds [many]int
		for tok := range poll.Token(many) {
			r, w := f.pipe()
			f.write(w)
			fds[tok] = r
			f.must(f.p.Add(r, poll.Readable, tok))
		}
		for k := range many {
			gone := (first + 5*k) % many // 5 and 12 have no common factor
			f.must(f.p.Remove(fds[gone]))
			fds[gone] = -1
			left := 0
			for _, ev := range f.wait(0) {
				left++
				if fds[ev.Token] < 0 {
					f.Fatalf("token %d is reported after its removal", ev.Token)
				}
			}
			if left != many-1-k {
				f.Fatalf("%d events after %d of %d removals", left, k+1, many)
			}
		}
	}
}

func testCloseLeaves(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable|poll.Writable, 1))
	f.must(f.p.Close())
	f.write(b)
	f.read(a)
	f.write(a)
	f.read(b)
}

// The numbers of a closed backend's own descriptors are reused at once. A late
// Wake must not write to whoever has them now.
func testWakeAfterClose(f *fixture) {
	f.must(f.p.Close())
	var fds []int
	for range 8 {
		a, b := f.pair()
		fds = append(fds, a, b)
	}
	f.p.Wake()
	for _, fd := range fds {
		if f.readable(fd) {
			f.Errorf("a Wake after Close has written to descriptor %d", fd)
		}
	}
}
