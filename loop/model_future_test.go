package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"pgregory.net/rapid"
)

// A program of promises and of coroutines that wait for them, whose instants are
// whole seconds, so that many things happen in one iteration. never is later than
// all of them.
type program struct {
	promises []promiseSpec
	waiters  []waiterSpec
}

type promiseSpec struct {
	set  int // when it is fulfilled, or never
	fail bool
}

type waitKind int

const (
	plain    waitKind = iota // Await
	deadline                 // Await under a Co with a timeout
	timeout                  // Await of WithTimeout
	both                     // Await of All of two promises
)

type waiterSpec struct {
	kind   waitKind
	on     []int // promises
	start  int
	limit  int // of deadline and timeout, from the start
	cancel int // when its scope is cancelled, or never
}

const never = 100

// An outcome is what a waiter got, and when.
type outcome struct {
	at  int
	got string
}

// result is what a program does: who gets what, and how often each operation is
// withdrawn.
type result struct {
	outcomes []outcome
	undone   []int
}

var programs = rapid.Custom(func(t *rapid.T) program {
	instant := rapid.OneOf(rapid.IntRange(0, 9), rapid.Just(never))
	p := program{
		promises: rapid.SliceOfN(rapid.Custom(func(t *rapid.T) promiseSpec {
			return promiseSpec{instant.Draw(t, "set"), rapid.Bool().Draw(t, "fail")}
		}), 1, 4).Draw(t, "promises"),
	}
	p.waiters = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) waiterSpec {
		w := waiterSpec{
			kind:   rapid.SampledFrom([]waitKind{plain, deadline, timeout, both}).Draw(t, "kind"),
			start:  rapid.IntRange(0, 9).Draw(t, "start"),
			limit:  rapid.IntRange(1, 5).Draw(t, "limit"),
			cancel: instant.Draw(t, "cancel"),
		}
		n := 1
		if w.kind == both {
			n = 2
		}
		w.on = rapid.SliceOfN(rapid.IntRange(0, len(p.promises)-1), n, n).Draw(t, "on")
		return w
	}), 1, 6).Draw(t, "waiters")
	return p
})

// execute runs the program on a loop.
func (p program) execute(t testing.TB) result {
	r := result{make([]outcome, len(p.waiters)), make([]int, len(p.promises))}
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		begin := l.Now()
		ps, fs := promises[int](l, len(p.promises))
		// Timers of one instant fire in the order they are made.
		for i, spec := range p.promises {
			ps[i].Quiet()
			ps[i].OnWithdraw(func() { r.undone[i]++ })
			l.After(seconds(spec.set), func() {
				if spec.fail {
					ps[i].Fail(fmt.Errorf("failure %d", i))
				} else {
					ps[i].Set(i)
				}
			})
		}
		scopes := make([]*loop.Co, len(p.waiters))
		for i, w := range p.waiters {
			var cancel func(error)
			scopes[i], cancel = co.WithCancel()
			l.After(seconds(w.cancel), func() { cancel(nil) })
		}
		for i, w := range p.waiters {
			l.After(seconds(w.start), func() {
				loop.Go(scopes[i], func(co *loop.Co) (int, error) {
					got := w.wait(co, fs)
					r.outcomes[i] = outcome{int(l.Now().Sub(begin) / time.Second), got}
					return 0, nil
				})
			})
		}
		return loop.Sleep(co, seconds(never+1))
	})
	return r
}

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

func (w waiterSpec) wait(co *loop.Co, fs []*loop.Future[int]) string {
	var v any
	var err error
	f := fs[w.on[0]]
	switch w.kind {
	case plain:
		v, err = loop.Await(co, f)
	case deadline:
		scope, done := co.WithTimeout(seconds(w.limit))
		v, err = loop.Await(scope, f)
		done()
	case timeout:
		v, err = loop.Await(co, loop.WithTimeout(seconds(w.limit), f))
	case both:
		v, err = loop.Await(co, loop.All(co.Loop(), f, fs[w.on[1]]))
	}
	switch {
	case err == nil:
		return fmt.Sprint(v)
	case errors.Is(err, context.Canceled):
		return "cancelled"
	case err == loop.ErrTimeout:
		return "timeout"
	case errors.Is(err, context.DeadlineExceeded):
		return "deadline"
	}
	return err.Error()
}

// A model is the same program, thought through one instant after another.
type model struct {
	program
	result
	done    []bool  // promises
	waits   [][]int // for each promise: waiters that wait for it
	waiting []bool  // waiters
	why     []string
}

// predict is what the program must do.
func (p program) predict() result {
	m := &model{
		program: p,
		result:  result{make([]outcome, len(p.waiters)), make([]int, len(p.promises))},
		done:    make([]bool, len(p.promises)),
		waits:   make([][]int, len(p.promises)),
		waiting: make([]bool, len(p.waiters)),
		why:     make([]string, len(p.waiters)),
	}
	for now := range never + 1 {
		m.instant(now)
	}
	return m.result
}

func (m *model) instant(now int) {
	for i, spec := range m.promises {
		if spec.set == now {
			m.done[i] = true
		}
	}
	for i, w := range m.waiters {
		if w.cancel == now && m.why[i] == "" {
			m.why[i] = "cancelled"
		}
	}
	for i, w := range m.waiters {
		if w.start == now {
			m.start(i, now)
		}
	}
	for i, w := range m.waiters {
		if !m.waiting[i] || w.start+w.limit != now {
			continue
		}
		switch {
		case w.kind == deadline && m.why[i] == "":
			m.why[i] = "deadline"
		case w.kind == timeout && !m.done[w.on[0]]:
			// The future that it waits for is done by that, even if it is cancelled in
			// this instant too.
			m.why[i] = "timeout"
		}
	}
	// The next iteration, at the same instant: whoever has a reason goes on.
	for i := range m.waiters {
		if m.waiting[i] {
			if got, ok := m.value(i); ok {
				m.end(i, now, got)
			} else if m.why[i] != "" {
				m.end(i, now, m.why[i])
			}
		}
	}
}

func (m *model) start(i, now int) {
	m.waiting[i] = true
	for _, on := range m.waiters[i].on {
		if !m.done[on] {
			m.waits[on] = append(m.waits[on], i)
		}
	}
	if got, ok := m.value(i); ok {
		m.end(i, now, got)
	} else if m.why[i] != "" {
		m.end(i, now, m.why[i])
	}
}

// value is what a waiter gets if all that it waits for is done.
func (m *model) value(i int) (string, bool) {
	w := m.waiters[i]
	failed := ""
	for _, on := range w.on {
		if !m.done[on] {
			return "", false
		}
		if m.promises[on].fail && failed == "" {
			failed = fmt.Sprintf("failure %d", on)
		}
	}
	switch {
	case failed != "":
		return failed, true
	case w.kind == both:
		return fmt.Sprint(w.on), true
	}
	return fmt.Sprint(w.on[0]), true
}

func (m *model) end(i, now int, got string) {
	m.waiting[i] = false
	m.outcomes[i] = outcome{now, got}
	for _, on := range m.waiters[i].on {
		if m.done[on] {
			continue
		}
		m.waits[on] = slices.DeleteFunc(m.waits[on], func(j int) bool { return i == j })
		if len(m.waits[on]) == 0 {
			m.undone[on] = 1
		}
	}
}

// Who gets the value, who is cancelled or timed out and when, and which operation is
// withdrawn, as a sequential model says.
func TestFutureModel(t *testing.T) {
	watchdog(t)
	rapid.Check(t, func(rt *rapid.T) {
		p := programs.Draw(rt, "program")
		got, want := p.execute(t), p.predict()
		if !slices.Equal(got.outcomes, want.outcomes) || !slices.Equal(got.undone, want.undone) {
			rt.Errorf("the program %+v\ngave   %v\nwanted %v", p, got, want)
		}
	})
}
