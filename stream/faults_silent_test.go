package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// An ask is a question and its answer, on a connection that may break.
type ask struct {
	journey
	question, answer []byte
	asked, told      bool // all of them has arrived
	client, server   error
}

func (a *ask) run(co *loop.Co) error {
	defer a.abort()
	r := co.Loop().Rand()
	a.n = slowness(r)
	a.n.KeepAlive = 20 * time.Second // before Close gives up waiting
	switch r.IntN(4) {
	case 0:
		a.n.Faults.Reset = 0.05
	case 1:
		a.n.Faults.HalfOpen = 0.05
	case 2:
		a.n.Faults.ResetAfter = 1 + r.IntN(20_000)
	default:
		a.n.Faults.Reset, a.n.Faults.HalfOpen = 0.01, 0.01
	}
	if err := a.begin(co); err != nil {
		return err
	}
	a.question, a.answer = noise(1+r.IntN(10_000)), noise(1+r.IntN(10_000))
	return loop.WithGroup(co, func(g *loop.Group) error {
		g.Go(func(co *loop.Co) error { a.client = a.asks(co, a.ends[0]); return nil })
		g.Go(func(co *loop.Co) error { a.server = a.answers(co, a.ends[1]); return nil })
		return nil
	})
}

func (a *ask) asks(co *loop.Co, s *stream.Stream) error {
	if err := a.write(co, s, a.question); err != nil {
		return err
	}
	got, err := loop.Await(co, s.ReadUntilClose(1<<20))
	if err != nil {
		return err
	}
	a.told = bytes.Equal(got, a.answer)
	s.Close()
	return nil
}

func (a *ask) answers(co *loop.Co, s *stream.Stream) error {
	got, err := a.read(co, s, len(a.question))
	if err != nil {
		return err
	}
	a.asked = bytes.Equal(got, a.question)
	if err := a.write(co, s, a.answer); err != nil {
		return err
	}
	_, err = loop.Await(co, s.Close())
	return err
}

var errPart = errors.New("the client takes a part for the whole")

// check: nothing is lost in silence.
func (a *ask) check() error {
	switch {
	case a.client == nil && !a.told:
		return errPart
	case a.server == nil && !a.told:
		return errors.New("the server takes for delivered what was not")
	case !(a.asked && a.told) && (a.client == nil || a.server == nil):
		return fmt.Errorf("asked %v, told %v, and one side knows nothing: %w, %w", a.asked, a.told, a.client, a.server)
	}
	return nil
}

// When connections break and peers vanish, either everything arrives or both sides learn
// that it has not.
func TestFaultsAreNotSilent(t *testing.T) {
	plainAndTLS(t, func(t *testing.T, secure bool) {
		seen := map[string]int{}
		looptest.Explore(t, seeds(), func(co *loop.Co) error {
			a := &ask{journey: journey{secure: secure}}
			if err := a.run(co); err != nil {
				return err
			}
			seen[fmt.Sprintf("asked %v, told %v", a.asked, a.told)]++
			if errors.Is(a.client, syscall.ETIMEDOUT) || errors.Is(a.server, syscall.ETIMEDOUT) {
				seen["keep-alive"]++
			}
			if errors.Is(a.server, stream.ErrNotDelivered) {
				seen["not delivered"]++
			}
			return a.check()
		})
		if os.Getenv("ZONDA_SEED") != "" {
			return // one run only
		}
		for _, what := range []string{"asked true, told true", "asked true, told false", "asked false, told false", "keep-alive", "not delivered"} {
			if seen[what] < 3 {
				t.Errorf("%q came up %d times: %v", what, seen[what], seen)
			}
		}
	})
}
