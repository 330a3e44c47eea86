package looptest

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
)

// seedVariable names the environment variable that fixes the seed of a test.
const seedVariable = "ZONDA_SEED"

// fixedSeed is what ZONDA_SEED asks for; 0 if it does not.
func fixedSeed(t testing.TB) uint64 {
	text := os.Getenv(seedVariable)
	if text == "" {
		return 0
	}
	seed, err := strconv.ParseUint(text, 0, 64)
	if err != nil || seed == 0 {
		t.Fatalf("looptest: %s is %q, want a number that is not 0", seedVariable, text)
	}
	return seed
}

// pickSeed is the seed of one loop: the one asked for, or any.
func pickSeed(t testing.TB) uint64 {
	if seed := fixedSeed(t); seed != 0 {
		return seed
	}
	return 1 + rand.Uint64N(1<<32) // short enough to be typed
}

// tellSeed says how a failure is repeated.
func tellSeed(t testing.TB, seed uint64) {
	t.Helper()
	t.Logf("looptest: the seed was %d; to repeat it: %s=%d go test -run '^%s$'", seed, seedVariable, seed, t.Name())
}
