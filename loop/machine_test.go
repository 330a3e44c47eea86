package loop_test

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// What the tests of the loop of callbacks share.

// deep says that the full counts are wanted.
func deep() bool { return os.Getenv("ZONDA_DEEP") != "" }

// count chooses how often to do something: fewer times where the race detector
// makes it slow.
func count(full, usual, race int) int {
	switch {
	case deep():
		return full
	case owner.Enabled:
		return race
	}
	return usual
}

// watchdog ends the test binary, with the stacks of all goroutines, if the test
// still runs after half a minute.
func watchdog(t testing.TB) {
	t.Helper()
	after := 30 * time.Second
	if deep() {
		after = 20 * time.Minute
	}
	timer := time.AfterFunc(after, func() { hangs(t.Name()) })
	t.Cleanup(func() { timer.Stop() })
}

func hangs(name string) {
	buf := make([]byte, 1<<20)
	panic(fmt.Sprintf("%s hangs:\n%s", name, buf[:runtime.Stack(buf, true)]))
}

// within returns once c is closed or sends; the watchdog is for when it never does.
func within[T any](t testing.TB, c <-chan T) T {
	t.Helper()
	timer := time.AfterFunc(30*time.Second, func() { hangs(t.Name()) })
	defer timer.Stop()
	return <-c
}

// machineLoop makes a loop that is closed when the test ends, under a watchdog.
func machineLoop(t testing.TB, o *loop.Options) *loop.Loop {
	t.Helper()
	watchdog(t)
	l, err := loop.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// guardedLoop is looptest.New under a watchdog.
func guardedLoop(t testing.TB) *loop.Loop {
	t.Helper()
	watchdog(t)
	return looptest.New(t)
}

// eachPoller runs test for each backend of this platform.
func eachPoller(t *testing.T, test func(t *testing.T, name string)) {
	for _, name := range poll.Names() {
		t.Run(name, func(t *testing.T) { test(t, name) })
	}
}

// run runs l until it is stopped.
func run(t testing.TB, l *loop.Loop) {
	t.Helper()
	if err := l.Run(); err != nil {
		t.Fatalf("Run: %v", err)
	}
}

// turn runs one iteration of l up to its poll: callbacks and due timers.
func turn(t testing.TB, l *loop.Loop) {
	t.Helper()
	l.Call(l.Stop)
	run(t, l)
}

// A story is what happened, in order.
type story []string

func (s *story) add(what string) { *s = append(*s, what) }

// note is a function that adds to the story.
func (s *story) note(what string) func() { return func() { s.add(what) } }

func (s *story) check(t testing.TB, want ...string) {
	t.Helper()
	if !slices.Equal(*s, want) {
		t.Errorf("happened: %s\nwanted:   %s", strings.Join(*s, ", "), strings.Join(want, ", "))
	}
}

// onGoroutine runs fn on a goroutine of its own and returns when that has ended,
// also by runtime.Goexit.
func onGoroutine(t testing.TB, fn func()) {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	within(t, done)
}
