package looptest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Transports says how TestTransport makes what it tests. It is a value without owner.
type Transports struct {
	// Pair makes a connection, and gives its two ends, for co's loop. They need not be
	// started yet. It must be set.
	Pair func(co *loop.Co) (a, b stream.Transport, err error)
	// Loop makes the loop for one rule, and has it closed when the test ends. Default:
	// New, whose time is virtual.
	Loop func(t testing.TB) *loop.Loop
	// NoReset says that the peer of an end that is aborted sees an orderly end, as with
	// Unix sockets. Default: it sees an error.
	NoReset bool
}

// TestTransport tests a stream.Transport of one's own against its contract, each rule
// as a subtest with a connection of its own. It moves some hundred kilobytes, and takes
// a second at most on a network that has no faults.
func TestTransport(t *testing.T, tr Transports) {
	for _, r := range transportRules {
		t.Run(r.name, func(t *testing.T) {
			if err := r.holds(t, tr); err != nil {
				t.Error(err)
			}
		})
	}
}

// A transportRule is one line of the contract.
type transportRule struct {
	name  string
	check func(c *contract) error
}

var transportRules = []transportRule{
	{"nothing to read", nothingToRead},
	{"order", inOrder},
	{"both directions", bothDirections},
	{"level", levelTriggered},
	{"wants nothing", wantsNothing},
	{"room", roomIsTold},
	{"end", endIsTold},
	{"half-close", halfClose},
	{"close loses nothing in silence", closeDelivers},
	{"abort", abortIsTold},
	{"silent after close", silentAfterClose},
	{"start again", startAgain},
	{"addresses", addressesMatch},
}

// transportPatience bounds a rule, on the loop's clock.
const transportPatience = 10 * time.Minute

func (r transportRule) holds(t testing.TB, tr Transports) (err error) {
	t.Helper()
	var l *loop.Loop
	var clock *Clock
	if tr.Loop == nil {
		seed := pickSeed(t)
		l, clock = newLoop(t, seed, true)
		defer closeLoop(t, l)
		defer func() {
			if err != nil {
				tellSeed(t, seed)
			}
		}()
	} else {
		l = tr.Loop(t)
	}
	_, err = loop.RunSyncTimeout(l, transportPatience, func(co *loop.Co) (struct{}, error) {
		a, b, err := tr.Pair(co)
		if err != nil {
			return struct{}{}, fmt.Errorf("no pair: %w", err)
		}
		c := &contract{co: co, l: l, clock: clock, noReset: tr.NoReset}
		c.a, c.b = &tested{c: c, t: a, name: "a"}, &tested{c: c, t: b, name: "b"}
		defer c.b.close(true)
		defer c.a.close(true)
		if err := errors.Join(c.a.start(), c.b.start()); err != nil {
			return struct{}{}, err
		}
		err = r.check(c)
		if c.wrong != nil {
			err = c.wrong
		}
		return struct{}{}, err
	})
	return err
}

// A contract is one rule being tested.
type contract struct {
	co      *loop.Co
	l       *loop.Loop
	clock   *Clock // nil: real time, as far as we know
	noReset bool
	a, b    *tested
	wrong   error // that was seen in passing
	news    *loop.Promise[struct{}]
	fresh   bool // an end was told something in this turn
}

// breach notes the first that was done wrong.
func (c *contract) breach(format string, args ...any) {
	if c.wrong == nil {
		c.wrong = fmt.Errorf(format, args...)
	}
}

// A wait ends after so many turns, or when nobody has been told anything for so long on
// the loop's clock.
const (
	maxTurns     = 20_000
	maxQuiet     = time.Minute
	maxQuietReal = 5 * time.Second
)

// until waits until ok.
func (c *contract) until(what string, ok func() bool) error {
	quiet := maxQuiet
	if c.clock == nil {
		quiet = maxQuietReal
	}
	last := c.l.Now()
	for turns := 0; turns < maxTurns && c.l.Now().Sub(last) < quiet; turns++ {
		if c.wrong != nil {
			return c.wrong
		}
		if ok() {
			return nil
		}
		if err := c.turn(); err != nil {
			return fmt.Errorf("waiting until %s: %w", what, err)
		}
		if c.fresh {
			last = c.l.Now()
		}
	}
	return fmt.Errorf("it never comes to this: %s", what)
}

// turn waits until an end is told something, or a while has passed. A transport that
// does not do as it should may keep the loop busy, where virtual time stands still: so
// time is moved on here.
func (c *contract) turn() error {
	c.news, c.fresh = loop.NewPromise[struct{}](c.l), false
	if c.clock == nil {
		timer := c.l.After(time.Millisecond, func() { c.news.TrySet(struct{}{}) })
		defer timer.Stop()
		_, err := loop.Await(c.co, c.news.Future())
		return err
	}
	for range 10 {
		if err := loop.Yield(c.co); err != nil || c.fresh {
			return err
		}
	}
	c.clock.Skip(100 * time.Millisecond)
	return nil
}

// pause lets time pass in which nothing should happen.
func (c *contract) pause() error {
	for range 5 {
		if err := c.turn(); err != nil {
			return err
		}
	}
	return c.wrong
}
