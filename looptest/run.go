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
// call for ownership. What has no order by the loop's rules gets one from a seed,
// which is logged if the test fails: with it in the environment variable ZONDA_SEED
// the test runs the same again. Calls of loop.Offload run on the loop itself, one in an
// iteration. The loop logs to t, and is closed when the test ends;
// a future whose failure nobody has looked at fails the test.
func New(t testing.TB) *loop.Loop {
	t.Helper()
	l, _ := newLoop(t, pickSeed(t), true)
	t.Cleanup(func() {
		closeLoop(t, l)
		if t.Failed() {
			tellSeed(t, l.Seed())
		}
	})
	return l
}

func newLoop(t testing.TB, seed uint64, strict bool) (*loop.Loop, *Clock) {
	clock, offload := NewClock(), &executor{}
	l, err := loop.New(&loop.Options{
		Poller:  "chan",
		Clock:   clock,
		Strict:  strict,
		Debug:   true,
		Seed:    seed,
		Offload: offload.add,
		Logger:  slog.New(slog.NewTextHandler(t.Output(), nil)),
		OnUnobserved: func(err error) {
			t.Errorf("looptest: a future has failed, and nobody has looked at it: %v", err)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	offload.l = l
	return l, clock
}

func closeLoop(t testing.TB, l *loop.Loop) {
	t.Helper()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

const (
	// patience is how long Run lets a body take, in real time: much more than any
	// should need, and less than go test's own limit of ten minutes.
	patience = 2 * time.Minute
	// grace is how long Run waits, in real time, for another goroutine of the test when
	// on the loop all wait and nothing is due.
	grace = 5 * time.Second
)

var (
	// ErrStuck is the cause with which Run cancels a body that does not end.
	ErrStuck = errors.New("looptest: the body does not end")
	// ErrDeadlock is the cause with which Run and Explore cancel a body when all
	// coroutines wait and nothing is due that could end that.
	ErrDeadlock = errors.New("looptest: deadlock: all coroutines wait")
)

// Run runs body as a coroutine of a loop as New makes it, until it is done, and
// fails the test if it returns an error. It fails too if a coroutine that was left
// running does not end when it is cancelled.
//
// When all coroutines wait, no time is due and no other goroutine has posted anything
// for five seconds of real time, Run cancels the body with ErrDeadlock, and says who
// waits for whom. After two minutes of real time it logs the stacks of all goroutines
// and cancels it with ErrStuck.
func Run(t testing.TB, body func(co *loop.Co) error) {
	t.Helper()
	r := runner{t: t, seed: pickSeed(t), patience: patience, grace: grace}
	if err := r.run(body); err != nil {
		t.Error(err)
	}
	if t.Failed() {
		tellSeed(t, r.seed)
		t.FailNow()
	}
}

// A runner runs one body on one loop.
type runner struct {
	t        testing.TB
	seed     uint64
	patience time.Duration // 0: no limit
	grace    time.Duration // 0: the loop is the only goroutine, and need not wait for others

	l      *loop.Loop
	cancel func(cause error)
	idles  int // how often the loop had nothing to do
	dead   bool
}

func (r *runner) run(body func(co *loop.Co) error) error {
	r.t.Helper()
	l, clock := newLoop(r.t, r.seed, r.grace > 0) // nobody is there to be kept from a loop that is alone
	r.l = l
	clock.idle = r.idle
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		co, r.cancel = co.WithCancel()
		defer r.cancel(nil)
		if r.patience > 0 {
			watch := time.AfterFunc(r.patience, r.stuck)
			defer watch.Stop()
		}
		return struct{}{}, body(co)
	})
	clock.idle = nil
	closeLoop(r.t, l)
	for _, name := range l.Stats().Unwound {
		r.t.Errorf("looptest: a coroutine was left behind, and did not end when it was cancelled: %s", name)
	}
	if err == nil && r.dead {
		err = ErrDeadlock // the body made nothing of it
	}
	return err
}

// idle is called by the loop when it has nothing to do and nothing is due.
func (r *runner) idle() bool {
	if r.grace == 0 {
		r.deadlock()
		return true
	}
	r.idles++
	now := r.idles
	time.AfterFunc(r.grace, func() {
		_ = r.l.Post(func() { // a closed loop has no one left who waits
			if r.idles == now {
				r.deadlock()
			}
		})
	})
	return false
}

// deadlock ends the body, or, if that does not help, the loop.
func (r *runner) deadlock() {
	if r.dead {
		r.l.Stop()
		return
	}
	r.dead = true
	r.cancel(fmt.Errorf("%w:\n%s", ErrDeadlock, loop.WaitTree(r.l.Tasks())))
}

func (r *runner) stuck() {
	stacks := allStacks()
	_ = r.l.Post(func() {
		r.t.Logf("all goroutines:\n%s", stacks)
		r.cancel(fmt.Errorf("%w: %v of real time have passed, and on its clock it is %v",
			ErrStuck, r.patience, r.l.Now()))
	})
}

// maxStacks bounds the text that is printed of a stuck test.
const maxStacks = 1 << 20

func allStacks() []byte {
	buf := make([]byte, maxStacks)
	return buf[:runtime.Stack(buf, true)]
}
