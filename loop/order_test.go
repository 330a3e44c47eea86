package loop_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// 1.43, G01: Go runs the body at once, up to its first wait; Spawn queues it.
func TestGoStartsAtOnce(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		body := func(name string) func(co *loop.Co) (int, error) {
			return func(co *loop.Co) (int, error) {
				s.add(name + " begins")
				err := loop.Yield(co)
				s.add(name + " ends")
				return 0, err
			}
		}
		spawned := loop.Spawn(co, body("spawned"))
		s.add("main spawned")
		gone := loop.Go(co, body("gone"))
		s.add("main went on")
		_, err := loop.Await(co, loop.All(co.Loop(), spawned, gone))
		s.check(t, "main spawned", "gone begins", "main went on", "spawned begins", "gone ends", "spawned ends")
		return err
	})
}

// Spawned bodies, callbacks and resumed coroutines share one queue, first come first
// served.
func TestCoroutinesQueueWithCallbacks(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var s story
		spawn := func(name string) {
			loop.Spawn(co, func(co *loop.Co) (int, error) {
				s.add(name)
				err := loop.Yield(co)
				s.add(name + "'")
				return 0, err
			})
		}
		spawn("1")
		spawn("2")
		l.Call(s.note("3"))
		spawn("4")
		p := loop.NewPromise[int](l)
		loop.Go(co, func(co *loop.Co) (int, error) {
			v, err := loop.Await(co, p.Future())
			s.add("5")
			return v, err
		})
		p.Set(1)
		l.Call(s.note("6"))
		for range 3 {
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		s.check(t, "1", "2", "3", "4", "5", "6", "1'", "2'", "4'")
		return nil
	})
}

// G20: a future that is done does not give way, Yield (Tornado's moment) does.
func TestYieldGivesWay(t *testing.T) {
	done := func(co *loop.Co) error {
		_, err := loop.Await(co, co.Loop().Void())
		return err
	}
	for _, tt := range []struct {
		a, b func(co *loop.Co) error
		want string
	}{
		{done, done, "aaaaabbbbb"},
		{loop.Yield, loop.Yield, "ababababab"},
		{loop.Yield, done, "abbbbbaaaa"},
	} {
		looptest.Run(t, func(co *loop.Co) error {
			var got strings.Builder
			run := func(name string, wait func(co *loop.Co) error) *loop.Future[struct{}] {
				return loop.Go(co, func(co *loop.Co) (struct{}, error) {
					for range 5 {
						got.WriteString(name)
						if err := wait(co); err != nil {
							return struct{}{}, err
						}
					}
					return struct{}{}, nil
				})
			}
			_, err := loop.Await(co, loop.All(co.Loop(), run("a", tt.a), run("b", tt.b)))
			if got.String() != tt.want {
				t.Errorf("order %s, want %s", &got, tt.want)
			}
			return err
		})
	}
}

// 1.46, 1.47: each Yield costs one iteration, and awaiting what is done costs none.
func TestYieldCostsOneIteration(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		now, stop := iterations(l)
		defer stop()
		if err := loop.Yield(co); err != nil {
			return err
		}
		start := now()
		for range 100 {
			if err := loop.Yield(co); err != nil {
				return err
			}
		}
		if got := now() - start; got != 100 {
			t.Errorf("100 yields took %d iterations", got)
		}
		start = now()
		for i := range 100 {
			if v, err := loop.Await(co, loop.Resolved(l, i)); v != i || err != nil {
				return fmt.Errorf("%v, %w", v, err)
			}
		}
		if got := now() - start; got != 0 {
			t.Errorf("100 finished futures took %d iterations", got)
		}
		return nil
	})
}

// G07: a list of 2000 coroutines that yield is done in two iterations, not in 2000.
func TestAllOfManyYieldsIsLinear(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		now, stop := iterations(l)
		defer stop()
		if err := loop.Yield(co); err != nil {
			return err
		}
		start := now()
		fs := make([]*loop.Future[struct{}], 2000)
		for i := range fs {
			fs[i] = loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, loop.Yield(co) })
		}
		_, err := loop.Await(co, loop.All(l, fs...))
		if got := now() - start; got != 2 {
			t.Errorf("took %d iterations, want 2", got)
		}
		return err
	})
}

// P1, P3 and P4 of the seed documents, in virtual time.
func TestSeedProgramsInOrder(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		var s story
		at := func(what string) { s.add(fmt.Sprint(what, " at ", l.Now().Sub(start))) }
		sum := func(a, b int) *loop.Future[int] {
			return loop.Go(co, func(co *loop.Co) (int, error) {
				at(fmt.Sprintf("begin %d+%d", a, b))
				p, p2 := loop.NewPromise[int](l), loop.NewPromise[struct{}](l)
				l.After(3*time.Second, func() {
					at("calculating")
					p.Set(a + b)
					l.After(3*time.Second, func() { p2.Set(struct{}{}) })
				})
				v, err := loop.Await(co, p.Future())
				at("after the first wait")
				if err == nil {
					_, err = loop.Await(co, p2.Future())
				}
				at("after the second")
				return v, err
			})
		}
		f := sum(2, 3)
		at(f.String())
		f.OnDone(func(f *loop.Future[int]) { at(f.String()) })
		_, err := loop.Await(co, f)
		s.check(t, "begin 2+3 at 0s", "<Future pending> at 0s", "calculating at 3s", "after the first wait at 3s",
			"after the second at 6s", "<Future done: 5> at 6s")
		return err
	})
}

// A coroutine that is fulfilled while another one starts is not resumed in its midst.
func TestFulfilledWhileAnotherStarts(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		var s story
		p := loop.NewPromise[int](l)
		first := loop.Go(co, func(co *loop.Co) (int, error) {
			v, err := loop.Await(co, p.Future())
			s.add("first resumed")
			return v, err
		})
		second := loop.Go(co, func(co *loop.Co) (int, error) {
			s.add("second begins")
			p.Set(1)
			inner := loop.Go(co, func(co *loop.Co) (int, error) {
				s.add("third begins")
				return 3, nil
			})
			s.add("second goes on")
			return loop.Await(co, inner)
		})
		s.add("main goes on")
		got, err := loop.Await(co, loop.All(l, first, second))
		if err == nil && (got[0] != 1 || got[1] != 3) {
			t.Error(got)
		}
		s.check(t, "second begins", "third begins", "second goes on", "main goes on", "first resumed")
		return err
	})
}
