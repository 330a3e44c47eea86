package looptest

import (
	"bytes"
	"runtime"
	"strings"
	"testing"
	"time"
)

// leakPatience is how long NoLeaks waits for goroutines that are about to end, in
// steps of leakStep.
const leakPatience, leakStep = 5 * time.Second, 5 * time.Millisecond

// NoLeaks fails the test if goroutines that were started during it are still there
// when it ends. Call it first, so that what the test cleans up is gone by then. It
// cannot tell the goroutines of tests that run at the same time apart: it is not
// for parallel tests.
//
// A coroutine is a goroutine too, and so is an idle worker of a loop: a loop that
// was not closed is found as well.
func NoLeaks(t testing.TB) {
	t.Helper()
	noLeaks(t, leakPatience)
}

func noLeaks(t testing.TB, patience time.Duration) {
	before := goroutines()
	t.Cleanup(func() {
		for _, stack := range started(before, patience) {
			t.Errorf("looptest: a goroutine was left behind:\n%s", stack)
		}
	})
}

// started is the stacks of the goroutines that are new and stay.
func started(before map[string]string, patience time.Duration) (left []string) {
	for waited := time.Duration(0); ; waited += leakStep {
		left = left[:0]
		for name, stack := range goroutines() {
			if _, old := before[name]; !old {
				left = append(left, stack)
			}
		}
		if len(left) == 0 || waited >= patience {
			return left
		}
		<-time.After(leakStep)
	}
}

// goroutines is the stacks of all goroutines by their names ("goroutine 7"), except
// for those that the runtime made for itself.
func goroutines() map[string]string {
	all := map[string]string{}
	for stack := range strings.SplitSeq(string(everyStack()), "\n\n") {
		name, _, ok := strings.Cut(stack, " [")
		if ok && !strings.Contains(stack, "\ncreated by runtime.") {
			all[name] = strings.TrimSpace(stack)
		}
	}
	return all
}

// everyStack is allStacks without a bound: a goroutine that is cut off would look
// new the next time.
func everyStack() []byte {
	for size := maxStacks; ; size *= 2 {
		buf := make([]byte, size)
		if n := runtime.Stack(buf, true); n < size {
			return bytes.Clone(buf[:n])
		}
	}
}
