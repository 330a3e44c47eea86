package polltest

import "github.com/zonda-go/zonda/internal/poll"

// What each backend tells when the other side has gone: at least what was asked
// for, as a call would return at once.
var hangUpTests = []test{
	{"HalfClose", testHalfClose},
	{"EndOfSocketIsReady", testEndOfSocket},
	{"EndOfPipeIsReady", testEndOfPipe},
	{"BrokenPipeIsReady", testBrokenPipe},
}

var failedTests = []test{
	{"FailedToWriter", testFailedToWriter},
	{"FailedToPipeWriter", testFailedToPipeWriter},
}

var unaskedTests = []test{
	{"FailedUnaskedSocket", testUnaskedSocket},
	{"FailedUnaskedPipe", testUnaskedPipe},
}

// has sleeps until the token is reported with at least these events, three times
// over: what they stand for does not go away by itself.
func (f *fixture) has(tok poll.Token, evs poll.Events) {
	f.Helper()
	f.told(tok, func(got poll.Events) bool { return got&evs == evs })
}

// hasAny is has with at least one of the events.
func (f *fixture) hasAny(tok poll.Token, evs poll.Events) {
	f.Helper()
	f.told(tok, func(got poll.Events) bool { return got&evs != 0 })
}

func (f *fixture) told(tok poll.Token, right func(poll.Events) bool) {
	f.Helper()
	for range 3 {
		got := f.next()
		if len(got) != 1 || got[0].Token != tok || !right(got[0].Events) {
			f.Fatalf("Wait reports %v, which is not what token %d should be told", got, tok)
		}
	}
}

func testHalfClose(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	f.shutdownWrite(b)
	for range 3 {
		f.want(1, poll.Readable) // the end of input, and no failure
	}
}

func testEndOfSocket(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	f.close(b)
	f.has(1, poll.Readable)
	f.must(f.p.Modify(a, poll.Writable, 2))
	f.hasAny(2, poll.Writable|poll.Failed)
	f.must(f.p.Remove(a))
	f.quiet()
}

func testEndOfPipe(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.close(w)
	f.hasAny(1, poll.Readable|poll.Failed)
}

func testBrokenPipe(f *fixture) {
	r, w := f.pipe()
	f.fill(w)
	f.must(f.p.Add(w, poll.Writable, 1))
	f.quiet()
	f.close(r)
	f.hasAny(1, poll.Writable|poll.Failed)
}

func testFailedToWriter(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Writable, 1))
	f.want(1, poll.Writable)
	f.close(b)
	f.has(1, poll.Failed)
}

func testFailedToPipeWriter(f *fixture) {
	r, w := f.pipe()
	f.fill(w)
	f.must(f.p.Add(w, poll.Writable, 1))
	f.close(r)
	f.has(1, poll.Failed)
}

func testUnaskedSocket(f *fixture) {
	a, b := f.pair()
	f.must(f.p.Add(a, poll.Readable, 1))
	f.close(b)
	f.has(1, poll.Readable|poll.Failed)
	f.must(f.p.Modify(a, 0, 2))
	f.has(2, poll.Failed)
	f.must(f.p.Remove(a))
	f.quiet()
}

func testUnaskedPipe(f *fixture) {
	r, w := f.pipe()
	f.must(f.p.Add(r, poll.Readable, 1))
	f.close(w)
	f.has(1, poll.Failed)
}
