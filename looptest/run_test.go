package looptest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A spy stands in for a test and keeps what it is told.
type spy struct {
	testing.TB
	failed   bool
	log      strings.Builder
	cleanups []func()
}

func (s *spy) Helper()          {}
func (s *spy) Failed() bool     { return s.failed }
func (s *spy) Cleanup(f func()) { s.cleanups = append(s.cleanups, f) }

func (s *spy) Logf(format string, args ...any) { fmt.Fprintf(&s.log, format+"\n", args...) }

func (s *spy) Errorf(format string, args ...any) {
	s.failed = true
	s.Logf(format, args...)
}

func (s *spy) end() {
	for _, f := range s.cleanups {
		f()
	}
	s.cleanups = nil
}

func TestRunPassesErrorsOn(t *testing.T) {
	NoLeaks(t)
	want := errors.New("oops")
	r := runner{t: t, seed: 1, patience: time.Hour, grace: time.Hour}
	if err := r.run(func(*loop.Co) error { return want }); err != want {
		t.Errorf("got %v", err)
	}
}

// A body that does not end is cancelled, with a reason.
func TestRunOfStuckBody(t *testing.T) {
	NoLeaks(t)
	for name, wait := range map[string]func(co *loop.Co) error{
		"for nothing": func(co *loop.Co) error {
			_, err := loop.Await(co, loop.NewPromise[int](co.Loop()).Future())
			return err
		},
		"with time passing": func(co *loop.Co) error {
			for {
				if err := loop.Sleep(co, time.Minute); err != nil {
					return err
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{TB: t}
			r := runner{t: s, seed: 1, patience: time.Millisecond, grace: time.Hour}
			err := r.run(wait)
			if !errors.Is(err, ErrStuck) {
				t.Errorf("got %v", err)
			}
			if !strings.Contains(s.log.String(), "all goroutines") {
				t.Errorf("it logged %q", s.log.String())
			}
		})
	}
}

// NoLeaks finds a goroutine, a coroutine and a loop's idle worker that are left
// behind, and waits for one that is about to end.
func TestNoLeaks(t *testing.T) {
	end := make(chan struct{})
	for name, c := range map[string]struct {
		do    func()
		leaks bool
	}{
		"nothing":   {func() {}, false},
		"goroutine": {func() { go func() { <-end }() }, true},
		"ending":    {func() { go func() { <-time.After(leakStep) }() }, false},
		"closed loop": {func() {
			l, _ := loop.New(&loop.Options{Poller: "chan"})
			_, _ = loop.RunSync(l, func(co *loop.Co) (int, error) { return 0, loop.Yield(co) })
			_ = l.Close()
		}, false},
		"open loop": {func() {
			l, _ := loop.New(&loop.Options{Poller: "chan"})
			_, _ = loop.RunSync(l, func(co *loop.Co) (int, error) { return 0, loop.Yield(co) })
			go func() { <-end; _ = l.Close() }()
		}, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := &spy{TB: t}
			noLeaks(s, 20*leakStep)
			c.do()
			s.end()
			if s.failed != c.leaks {
				t.Errorf("failed: %v, want %v; it logged %q", s.failed, c.leaks, s.log.String())
			}
		})
	}
	close(end)
}
