package looptest

import (
	"testing"

	"github.com/zonda-go/zonda/loop"
)

// Explore runs body n times, each time on a new loop with another seed, and stops at
// the first that fails: by an error, by what body tells t, or by a deadlock. It logs
// that seed. With ZONDA_SEED set, only that one is run.
//
// A body draws its own random choices from co.Loop().Rand(), which the seed decides
// too. The loop must be the only goroutine: Explore takes it for a deadlock at once
// when all coroutines wait and no time is due.
func Explore(t testing.TB, n int, body func(co *loop.Co) error) {
	t.Helper()
	first := pickSeed(t)
	if fixedSeed(t) != 0 {
		n = 1
	}
	if seed, err := FindSeed(t, first, n, body); t.Failed() || err != nil {
		if err != nil {
			t.Error(err)
		}
		tellSeed(t, seed)
		t.FailNow()
	}
}

// FindSeed is Explore for a test that wants a body to fail, because of a bug that was
// planted in it: it runs body with n seeds from first on, and returns the first seed
// under which it fails and its error, or else the last and nil. What body tells t
// fails the test.
func FindSeed(t testing.TB, first uint64, n int, body func(co *loop.Co) error) (seed uint64, err error) {
	t.Helper()
	for i := range n {
		seed = first + uint64(i)
		r := runner{t: t, seed: seed}
		if err = r.run(body); err != nil || t.Failed() {
			return seed, err
		}
	}
	return seed, nil
}
