package looptest

import (
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// New makes a loop on virtual time that watches no descriptors and checks every
// call for ownership. It logs to t, and is closed when the test ends.
func New(t testing.TB) *loop.Loop {
	t.Helper()
	l, err := loop.New(&loop.Options{
		Poller: "chan",
		Clock:  NewClock(),
		Strict: true,
		Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// patience is how long Run lets a body take, in real time: much more than any
// should need, and less than go test's own limit of ten minutes.
const patience = 2 * time.Minute

// ErrStuck is the cause with which Run cancels a body that does not end.
var ErrStuck = errors.New("looptest: the body does not end")

// Run runs body as a coroutine of a loop as New makes it, until it is done, and
// fails the test if it returns an error.
//
// A body that waits for what never comes would wait for ever. After two minutes of
// real time Run logs the stacks of all goroutines and cancels it with ErrStuck.
func Run(t testing.TB, body func(co *loop.Co) error) {
	t.Helper()
	if err := run(t, patience, body); err != nil {
		t.Fatal(err)
	}
}

func run(t testing.TB, patience time.Duration, body func(co *loop.Co) error) error {
	l := New(t)
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		co, cancel := co.WithCancel()
		defer cancel(nil)
		watch := time.AfterFunc(patience, func() {
			stacks := allStacks()
			_ = l.Post(func() {
				t.Logf("all goroutines:\n%s", stacks)
				cancel(fmt.Errorf("%w: %v of real time have passed, and on its clock it is %v",
					ErrStuck, patience, l.Now()))
			})
		})
		defer watch.Stop()
		return struct{}{}, body(co)
	})
	return err
}

// maxStacks bounds the text that is printed of a stuck test.
const maxStacks = 1 << 20

func allStacks() []byte {
	buf := make([]byte, maxStacks)
	return buf[:runtime.Stack(buf, true)]
}
