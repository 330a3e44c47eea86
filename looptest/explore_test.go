package looptest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// heard is the order in which five connections, all ready at once, are heard of.
func heard(t testing.TB, seed uint64) string {
	var order []string
	r := runner{t: t, seed: seed}
	err := r.run(func(co *loop.Co) error {
		return loop.WithGroup(co, func(g *loop.Group) error {
			for i := range 5 {
				a, b := Pipe(0)
				near, err := stream.New(co.Loop(), a)
				if err != nil {
					return err
				}
				far, err := stream.New(co.Loop(), b)
				if err != nil {
					return err
				}
				far.Write([]byte("x"))
				g.Go(func(co *loop.Co) error {
					_, err := loop.Await(co, near.ReadSome(1))
					order = append(order, fmt.Sprint(i))
					near.Abort()
					far.Abort()
					return err
				})
			}
			return nil
		})
	})
	if err != nil {
		t.Error(err)
	}
	return strings.Join(order, "")
}

// The order of readiness is the seed's: another one for another seed, the same for the
// same.
func TestSeedOrdersReadiness(t *testing.T) {
	NoLeaks(t)
	seen := map[string]bool{}
	for seed := range uint64(20) {
		first := heard(t, seed+1)
		if again := heard(t, seed+1); again != first {
			t.Errorf("seed %d: %s, and then %s", seed+1, first, again)
		}
		seen[first] = true
	}
	if len(seen) < 10 {
		t.Errorf("20 seeds give only %d orders", len(seen))
	}
}

// Posts of several goroutines are mixed by the seed; those of one stay in order.
func TestSeedOrdersPosts(t *testing.T) {
	NoLeaks(t)
	const senders, each = 4, 5
	seen := map[string]bool{}
	for seed := range uint64(20) {
		l, _ := newLoop(t, seed+1, true)
		var got []string
		for s := range senders {
			var sent sync.WaitGroup
			sent.Go(func() { // one after another, so that they arrive in one order
				for i := range each {
					_ = l.Post(func() { got = append(got, fmt.Sprintf("%c%d", 'a'+s, i)) })
				}
			})
			sent.Wait()
		}
		_ = l.Post(l.Stop)
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
		for s := range senders {
			var one []string
			for _, g := range got {
				if g[0] == byte('a'+s) {
					one = append(one, g)
				}
			}
			if len(one) != each || !slices.IsSorted(one) {
				t.Fatalf("seed %d: of one sender came %v", seed+1, one)
			}
		}
		seen[strings.Join(got, "")] = true
		closeLoop(t, l)
	}
	if len(seen) < 10 {
		t.Errorf("20 seeds give only %d orders", len(seen))
	}
}

// Explore stops at the first seed that fails, and that seed fails again.
func TestExplore(t *testing.T) {
	NoLeaks(t)
	unlucky := func(co *loop.Co) error {
		if co.Loop().Rand().IntN(10) == 0 {
			return fmt.Errorf("bad luck")
		}
		return nil
	}
	s := &spy{TB: t}
	seed, err := FindSeed(s, 1, 1000, unlucky)
	if err == nil || seed == 1000 {
		t.Fatalf("seed %d: %v", seed, err)
	}
	if again, err := FindSeed(s, seed, 1, unlucky); err == nil || again != seed {
		t.Errorf("seed %d passes when it is run again", seed)
	}
	if seed, err := FindSeed(s, 1, int(seed)-1, unlucky); err != nil {
		t.Errorf("seed %d, which passed, fails: %v", seed, err)
	}
}

// ZONDA_SEED decides, and what cannot be a seed is refused.
func TestSeedVariable(t *testing.T) {
	t.Setenv(seedVariable, "0x2a")
	if l := New(t); l.Seed() != 42 {
		t.Errorf("the seed is %d", l.Seed())
	}
	runs := 0
	Explore(t, 10, func(co *loop.Co) error {
		runs++
		return nil
	})
	if runs != 1 {
		t.Errorf("Explore ran %d times", runs)
	}
	for _, bad := range []string{"x", "0", "-1"} {
		t.Setenv(seedVariable, bad)
		s := &fatalSpy{spy{TB: t}}
		func() {
			defer func() { _ = recover() }()
			fixedSeed(s)
		}()
		if !strings.Contains(s.log.String(), seedVariable) {
			t.Errorf("%q is taken for a seed", bad)
		}
	}
}

// fatalSpy ends at Fatalf as a test does, with a panic in the place of Goexit.
type fatalSpy struct{ spy }

func (s *fatalSpy) Fatalf(format string, args ...any) {
	s.Errorf(format, args...)
	panic("fatal")
}

// Calls of Offload end in the seed's order, each in an iteration of its own.
func TestSeedOrdersOffload(t *testing.T) {
	NoLeaks(t)
	seen := map[string]bool{}
	for seed := range uint64(20) {
		var order string
		r := runner{t: t, seed: seed + 1}
		err := r.run(func(co *loop.Co) error {
			var all []*loop.Future[struct{}]
			for i := range 4 {
				all = append(all, loop.Offload(co.Loop(), func(context.Context) (struct{}, error) {
					order += fmt.Sprint(i)
					return struct{}{}, nil
				}))
			}
			if err := loop.Yield(co); err != nil {
				return err
			}
			if len(order) != 1 {
				t.Errorf("after one iteration %q have run", order)
			}
			_, err := loop.Await(co, loop.All(co.Loop(), all...))
			return err
		})
		if err != nil || len(order) != 4 {
			t.Errorf("seed %d: %q, %v", seed+1, order, err)
		}
		seen[order] = true
	}
	if len(seen) < 8 {
		t.Errorf("20 seeds give only %d orders", len(seen))
	}
}
