package stream_test

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

const never = time.Duration(math.MaxInt64)

// A chance is what the attempt at an address does: it ends after a time, well or not.
type chance struct {
	name string
	took time.Duration
	ok   bool
}

// chain says what comes of attempts one after another from start on: when one succeeds
// and which, when the first has failed, and when all have.
func chain(start time.Duration, family []chance) (won time.Duration, winner string, failed, end time.Duration) {
	at, failed := start, never
	for _, c := range family {
		if c.took == never || at == never {
			return never, "", failed, never
		}
		at += c.took
		if c.ok {
			return at, c.name, failed, at
		}
		failed = min(failed, at)
	}
	return never, "", failed, at
}

// foretell computes what should come of a race without running one: who wins, when it is
// over, and which attempts have begun by then.
func foretell(all []chance, delay, limit time.Duration) (winner string, over time.Duration, begun []string) {
	var families [2][]chance
	for _, c := range all {
		i := 0
		if (c.name >= "a") != (all[0].name >= "a") {
			i = 1
		}
		families[i] = append(families[i], c)
	}
	won1, name1, failed, end1 := chain(0, families[0])
	start := min(delay, failed)
	won2, name2, _, end2 := chain(start, families[1])
	if won2 < won1 {
		won1, name1 = won2, name2
	}
	if len(families[1]) == 0 {
		end2 = 0
	}
	over = min(won1, limit, max(end1, end2))
	if won1 == over {
		winner = name1
	}
	for i, at := range [2]time.Duration{0, start} {
		for _, c := range families[i] {
			if at >= over {
				break
			}
			begun = append(begun, c.name)
			if c.took == never {
				break
			}
			at += c.took
		}
	}
	slices.Sort(begun)
	return winner, over, begun
}

// raceOf is a body that lets a race of random chances run, and compares. With coarse times
// much happens in one iteration; who wins is then a matter of the loop's order, and only
// the books are looked at. late counts successes that came too late.
func raceOf(delay time.Duration, coarse bool, late *int) func(co *loop.Co) error {
	return func(co *loop.Co) error {
		l := co.Loop()
		r := l.Rand()
		some := func(limit time.Duration) time.Duration {
			if coarse {
				return time.Duration(r.IntN(7)) * limit / 6
			}
			return time.Duration(r.Int64N(int64(limit)))
		}
		all := chances(r, some)
		n := &trial{l: l}
		d := stream.Dialer{Network: n, FallbackDelay: delay, Resolver: nameOf(all)}
		limit := never
		scope, cancel := co.WithCancel()
		switch r.IntN(3) {
		case 0:
			limit = 1 + some(2*time.Second)
			d.Timeout = limit
		case 1:
			limit = 1 + some(2*time.Second)
			l.After(limit, func() { cancel(nil) })
		}
		for _, c := range all {
			if c.took == never && limit == never {
				limit = time.Hour // or it would hang
				l.After(limit, func() { cancel(nil) })
			}
		}
		began := l.Now()
		n.ends(all)
		s, err := d.Dial(scope, "tcp", named)
		over := l.Now().Sub(began)
		winner := ""
		if err == nil {
			winner = n.nameOf(s)
		}
		if limit != never && !errors.Is(err, syscall.ECONNREFUSED) && err != nil && over < limit {
			return fmt.Errorf("it gave up after %v of %v: %w", over, limit, err)
		}
		if !coarse {
			wantWinner, wantOver, wantBegun := foretell(all, 300*time.Millisecond, limit)
			var begun []string
			for _, a := range n.all {
				begun = append(begun, a.name)
			}
			slices.Sort(begun)
			if winner != wantWinner || over != wantOver || !slices.Equal(begun, wantBegun) {
				return fmt.Errorf("of %v within %v: %q after %v, begun %v; want %q after %v, begun %v",
					all, limit, winner, over, begun, wantWinner, wantOver, wantBegun)
			}
		}
		if n.crowded {
			return errors.New("two attempts in one family")
		}
		if err := loop.Sleep(co, 2*time.Hour); err != nil { // timers of the test's own run out
			return err
		}
		*late += max(0, len(n.made)-1)
		return n.check(co, s)
	}
}

func chances(r *rand.Rand, some func(time.Duration) time.Duration) (all []chance) {
	for _, name := range strings.Split("abcABC", "") {
		if r.IntN(3) > 0 {
			c := chance{name, 1 + some(600*time.Millisecond), r.IntN(3) == 0}
			if r.IntN(8) == 0 {
				c.took = never
			}
			all = append(all, c)
		}
	}
	if len(all) == 0 {
		return []chance{{"a", 1, true}}
	}
	r.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func nameOf(all []chance) stream.Resolver {
	var list []string
	for _, c := range all {
		list = append(list, c.name)
	}
	return names(longs(strings.Join(list, " ")))
}

// ends has attempts end by themselves.
func (n *trial) ends(all []chance) {
	n.began = func(a *attempt) {
		c := all[slices.IndexFunc(all, func(c chance) bool { return c.name == a.name })]
		if c.took == never {
			return
		}
		n.l.After(c.took, func() {
			if c.ok {
				a.end.TrySet(&script{})
			} else if !a.over {
				a.end.Fail(syscall.ECONNREFUSED)
			}
		})
	}
}

func (n *trial) nameOf(s *stream.Stream) string {
	for _, a := range n.all {
		if tr, err := a.end.Future().Result(); err == nil && stream.TransportOf(s) == stream.Transport(tr) {
			return a.name
		}
	}
	return "?"
}

// Whatever the attempts do, and whenever it is given up, the race goes as foretold, and
// nothing is left of it.
func TestRacesAsForetold(t *testing.T) {
	looptest.NoLeaks(t)
	races := 1000
	if os.Getenv("ZONDA_DEEP") != "" {
		races = 20_000
	}
	late := 0
	looptest.Explore(t, races, raceOf(0, false, &late))
	looptest.Explore(t, 5*races, raceOf(0, true, &late))
	t.Logf("%d attempts have succeeded too late", late)
	if late == 0 && os.Getenv("ZONDA_SEED") == "" {
		t.Error("no attempt has succeeded too late")
	}
}

// The comparison bites: with another delay races go otherwise.
func TestRacesOtherwise(t *testing.T) {
	if _, err := looptest.FindSeed(t, 1, 1000, raceOf(250*time.Millisecond, false, new(int))); err == nil {
		t.Error("nobody notices another delay")
	}
	if _, err := looptest.FindSeed(t, 1, 1000, raceOf(-1, false, new(int))); err == nil {
		t.Error("nobody notices that there is no race")
	}
}
