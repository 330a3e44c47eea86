package loop

import (
	"context"
	"errors"
	"runtime"
	"sync"
)

// failures are the errors of futures that nobody has looked at yet. Each is
// logged once: when its future is collected, or when the loop is closed (Tornado
// 1.37). Cancellation is not logged: whoever cancels knows.
type failures struct {
	// Immutable.
	l    *Loop
	hook func(error) // Options.OnUnobserved

	// Any goroutine.
	mu      sync.Mutex // the collector's cleanups run on a goroutine of their own
	pending map[*failure]struct{}
}

// A failure holds all that its log record needs, and does not reach the future,
// or that could never be collected.
type failure struct {
	set *failures
	err error
}

// watchFailure notes that the future f has failed with err and that no one waits
// for it yet.
func watchFailure[T any](f *Future[T], err error) *failure {
	if isCancellation(err) {
		return nil
	}
	l := f.l
	r := &failure{&l.failures, err}
	l.failures.mu.Lock()
	if l.failures.pending == nil {
		l.failures.pending = make(map[*failure]struct{})
	}
	l.failures.pending[r] = struct{}{}
	l.failures.mu.Unlock()
	runtime.AddCleanup(f, (*failure).collected, r)
	return r
}

// isCancellation: whoever cancelled knows.
func isCancellation(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed)
}

// collected tells of the failure unless it was seen, or told, before.
func (r *failure) collected() {
	switch {
	case !r.set.remove(r):
	case r.set.hook == nil:
		r.set.tell(r.err)
	default:
		_ = r.set.l.Post(func() { r.set.hook(r.err) }) // a closed loop has told of all
	}
}

func (s *failures) tell(err error) {
	if s.hook != nil {
		s.hook(err)
		return
	}
	s.l.log.Error("zonda: the failure of a future was never looked at", "error", err)
}

func (s *failures) remove(r *failure) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, ok := s.pending[r]
	delete(s.pending, r)
	return ok
}

// tellAll tells what is left when the loop closes.
func (s *failures) tellAll() {
	s.mu.Lock()
	left := s.pending
	s.pending = nil
	s.mu.Unlock()
	for r := range left {
		s.tell(r.err)
	}
}
