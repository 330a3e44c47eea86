package loop

import (
	"context"
	"slices"
	"time"
)

const (
	// closeTime is how long Close waits for coroutines to end of themselves.
	closeTime = time.Second
	// closeRounds is how many iterations of Close may find the clock unmoved: virtual
	// time stands still while something is ready, and something might always be.
	closeRounds = 100_000
)

// Close ends the loop for good and gives back what it holds. From now on Post
// returns ErrClosed. Every coroutine is cancelled with the cause ErrClosed, and the
// loop goes on until they have ended and what was queued has run, for a second at
// most. The coroutines that are left are then unwound: their waits return ErrClosed
// at once, also those in deferred calls. Descriptors that are still watched stay
// open; they belong to whoever watches them. Calls of Offload that have not begun never
// will; Close does not wait for those that run.
//
// Any goroutine may call Close. If the loop runs, Close stops it and returns at
// once; the rest happens before Run returns ErrClosed. In a body that Go began outside
// Run, it happens before that Go returns. Closed tells when it is done.
// To close twice does nothing.
func (l *Loop) Close() error {
	l.mu.Lock()
	l.refuse = true
	l.mu.Unlock()
	l.closing.Store(true)
	l.Stop()
	l.shutdown()
	return nil
}

// Closed is a channel that is closed when Close has done its work. Any goroutine
// may call it.
func (l *Loop) Closed() <-chan struct{} { return l.gone }

// shutdown does the work of Close, unless a Run is under way: then it is called
// again at the end of that.
func (l *Loop) shutdown() {
	if !l.running.CompareAndSwap(false, true) {
		return
	}
	defer l.running.Store(false)
	if l.closed || l.current != nil { // called in a body that Go began outside Run: see worker.start
		return
	}
	l.hold()
	defer close(l.gone) // nobody holds the loop by then, so whoever waits may do what is left
	defer l.release()
	defer l.dispose() // also if a callback calls runtime.Goexit
	l.root.cancel(context.Canceled, ErrClosed)
	l.calls.close()
	l.drain()
}

// dispose ends what drain has left and gives everything back.
func (l *Loop) dispose() {
	l.unwind()
	l.closed = true
	for _, w := range l.workers.idle {
		w.stop()
	}
	l.workers.idle = nil
	l.forget()
	l.timers, l.watches = timers{}, watches{}
	l.tell(l.awayFrom)
	l.failures.tellAll()
	if err := l.poller.Close(); err != nil {
		l.log.Error("zonda: closing the poller", "error", err)
	}
}

// forget drops what is queued and never ran, and tells those who wait for it elsewhere.
func (l *Loop) forget() {
	l.mu.Lock()
	posted := l.posted
	l.posted = nil
	l.mu.Unlock()
	for _, t := range slices.Concat(l.batch[l.next:], l.ready, posted) {
		if signed, ok := t.(letter); ok {
			t = signed.task
		}
		if e, ok := t.(interface{ abandon() }); ok {
			e.abandon()
		}
	}
	l.ready, l.batch, l.next = nil, nil, 0
}

// drain runs the loop until nothing is left to run, or closeTime has passed.
func (l *Loop) drain() {
	last, rounds := l.now(), 0
	noSleep := callback(func() { l.stopping.Store(true) })
	late := l.addTimer(last+closeTime, noSleep)
	for late.Pending() && rounds < closeRounds && (l.youngest != nil || l.owes()) {
		rounds++
		if now := l.now(); now != last {
			last, rounds = now, 0
		}
		l.stopping.Store(l.youngest == nil) // then no sleep: run what is queued
		if _, err := l.iterations(true); err != nil {
			l.log.Error("zonda: closing the loop", "error", err)
			return
		}
	}
	late.Stop()
}

// owes reports whether something is queued, or a panic has left an iteration half done.
func (l *Loop) owes() bool {
	return len(l.ready) > 0 || l.mail.Load() || l.stage != atBegin
}

// unwind ends the coroutines that are still there. One that has not begun never
// will.
func (l *Loop) unwind() {
	for f := l.youngest; f != nil; f = l.youngest {
		if f.w == nil {
			f.body.fail(ErrClosed)
			f.end()
			continue
		}
		l.count.Unwound = append(l.count.Unwound, f.body.place())
		f.w.unwind(f)
	}
}
