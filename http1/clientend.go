package http1

import (
	"time"

	"github.com/zonda-go/zonda/loop"
)

// This file is how a call ends early: because of a limit, from outside, or with an error.

// within runs fn, which waits, in a phase that has a limit.
func (call *clientCall) within(co *loop.Co, phase string, d time.Duration, took *time.Duration, fn func(*loop.Co) error) error {
	scope, done := scoped(co, d)
	defer done()
	began := call.at
	call.scope, call.phase = scope, phase
	err := fn(scope)
	call.scope = nil
	call.look()
	*took += call.at.Sub(began)
	if err != nil {
		return call.wrap(phase, err)
	}
	return nil
}

// scoped is a Co that ends when d has passed, if that is not 0.
func scoped(co *loop.Co, d time.Duration) (*loop.Co, func()) {
	if d > 0 {
		return co.WithTimeout(d)
	}
	scope, cancel := co.WithCancel()
	return scope, func() { cancel(nil) }
}

// wrap says at what a request has failed; why it was ended from outside comes first. The
// innermost phase counts: connecting includes what a proxy does.
func (call *clientCall) wrap(phase string, err error) error {
	if _, ok := err.(*ClientError); ok {
		return err
	}
	if call.err != nil {
		err = call.err
	}
	return &ClientError{phase, call.hop.method, shownURL(call.hop.url), err}
}

func (call *clientCall) expire() { call.fail(errTimeout) }

// fail ends the call, whatever it is at.
func (call *clientCall) fail(err error) {
	if call.err != nil || call.over {
		return
	}
	call.err = err
	if call.scope != nil {
		call.scope.Cancel(err)
	}
	if x := call.x; x != nil {
		x.fail(x.phase(), err)
	}
}

// abandon ends a call because of err, if it has no result yet, and says what of it became.
func (call *clientCall) abandon(err error) error {
	if call.settled {
		return nil
	}
	err = call.wrap(call.phaseNow(), err)
	call.settle(nil, err)
	return err
}

// phaseNow is what the call is at.
func (call *clientCall) phaseNow() string {
	switch {
	case call.x != nil:
		return call.x.phase()
	case call.scope != nil:
		return call.phase
	}
	return PhaseQueue
}

// end forgets the call.
func (call *clientCall) end() {
	call.whole.Stop()
	call.unlink()
	if call.span != nil {
		call.span.Cancel(nil)
	}
}

func (call *clientCall) unlink() {
	if call.over {
		return
	}
	call.over = true
	if call.prev != nil {
		call.prev.next = call.next
	} else {
		call.p.calls = call.next
	}
	if call.next != nil {
		call.next.prev = call.prev
	}
	call.prev, call.next = nil, nil
}
