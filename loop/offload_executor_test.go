package loop_test

import (
	"context"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// executing makes a loop on virtual time whose calls of Offload go to an executor.
func executing(t testing.TB, executor func(job func())) *loop.Loop {
	t.Helper()
	return machineLoop(t, &loop.Options{Poller: "chan", Clock: looptest.NewClock(), Strict: true, Offload: executor})
}

// Tornado's dummy_executor: jobs run where they are, and their results come as all
// results do: posted, and one iteration later to who awaits them.
func TestOffloadInline(t *testing.T) {
	l := executing(t, func(job func()) { job() })
	onLoop(t, l, func(co *loop.Co) error {
		here := owner.ID()
		f := loop.Offload(l, func(context.Context) (uint64, error) { return owner.ID(), nil })
		if f.Done() {
			t.Error("the result is there at once")
		}
		now, stop := iterations(l)
		defer stop()
		id, err := loop.Await(co, f)
		if n := now(); id != here || err != nil || n != 2 {
			t.Errorf("ran on goroutine %d, want %d; %v; after %d iterations", id, here, err, n)
		}
		wantQueue(t, l, 0, 0)
		return nil
	})
}

// I32: an executor of one's own, here one goroutine for all, with the loop's queue
// beside it.
func TestOffloadExecutor(t *testing.T) {
	looptest.NoLeaks(t)
	jobs := make(chan func(), 10)
	l := executing(t, func(job func()) { jobs <- job })
	onLoop(t, l, func(co *loop.Co) error {
		var all []*loop.Future[uint64]
		for range 10 {
			all = append(all, loop.Offload(l, func(context.Context) (uint64, error) { return owner.ID(), nil }))
		}
		wantQueue(t, l, 0, 10)
		theirs := make(chan uint64, 1)
		go func() {
			theirs <- owner.ID()
			for job := range jobs {
				job()
			}
		}()
		want := <-theirs
		got, err := loop.Await(co, loop.All(l, all...))
		if slices.ContainsFunc(got, func(id uint64) bool { return id != want }) {
			t.Errorf("ran on goroutines %v, want %d", got, want)
		}
		close(jobs)
		return err
	})
}

// A job of a call that was withdrawn, that ran before, or whose loop is closed, does
// nothing.
func TestOffloadExecutorTooLate(t *testing.T) {
	var jobs []func()
	ran := 0
	fn := func(context.Context) (int, error) { ran++; return ran, nil }
	l := executing(t, func(job func()) { jobs = append(jobs, job) })
	onLoop(t, l, func(co *loop.Co) error {
		scope, cancel := co.WithCancel()
		cancel(nil)
		if _, err := loop.Await(scope, loop.Offload(l, fn)); err != context.Canceled {
			t.Error(err)
		}
		wantQueue(t, l, 0, 0)
		jobs[0]()
		f := loop.Offload(l, fn)
		jobs[1]()
		jobs[1]()
		v, err := loop.Await(co, f)
		if v != 1 || ran != 1 {
			t.Errorf("the result is %d, and %d have run", v, ran)
		}
		return err
	})
	f := loop.Offload(l, fn)
	l.Close()
	jobs[2]()
	if _, err := f.Result(); err != loop.ErrClosed || ran != 1 {
		t.Errorf("%v, and %d have run", err, ran)
	}
}

// Goexit ends the executor's goroutine, as it says, and the call with ErrGoexit.
func TestOffloadExecutorGoexit(t *testing.T) {
	l := executing(t, func(job func()) { go job() })
	onLoop(t, l, func(co *loop.Co) error {
		for range 3 {
			f := loop.Offload(l, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil })
			if _, err := loop.Await(co, f); err != loop.ErrGoexit {
				t.Error(err)
			}
		}
		wantQueue(t, l, 0, 0)
		return nil
	})
}

// With an executor that runs its jobs on the loop, in an order that a seed chooses,
// a run can be repeated.
func TestOffloadSeededOrder(t *testing.T) {
	orders := map[string]bool{}
	for seed := range uint64(20) {
		first := seededOrder(t, seed)
		if again := seededOrder(t, seed); again != first {
			t.Errorf("seed %d: %q, then %q", seed, first, again)
		}
		orders[first] = true
	}
	if len(orders) < 10 {
		t.Errorf("20 seeds gave %d orders", len(orders))
	}
}

func seededOrder(t *testing.T, seed uint64) (order string) {
	random := rand.New(rand.NewPCG(seed, 0))
	var jobs []func()
	var l *loop.Loop
	l = executing(t, func(job func()) {
		jobs = append(jobs, job)
		l.Call(func() { // one of those that wait
			i := random.IntN(len(jobs))
			job := jobs[i]
			jobs = slices.Delete(jobs, i, i+1)
			job()
		})
	})
	onLoop(t, l, func(co *loop.Co) error {
		var all []*loop.Future[rune]
		for _, name := range "abcdefgh" {
			all = append(all, loop.Offload(l, func(context.Context) (rune, error) {
				order += string(name)
				return name, nil
			}))
		}
		_, err := loop.Await(co, loop.All(l, all...))
		return err
	})
	return order
}
