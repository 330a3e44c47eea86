package loop

import "time"

// The states of Loop.sleep.
const (
	awake    uint32 = iota
	parked          // the loop sleeps, or is about to
	notified        // parked, and someone has undertaken to wake it
)

// Post queues fn for the loop's next iteration. Any goroutine may call it; posts
// of one goroutine run in their order. It returns ErrClosed, and fn will never
// run, once the loop is closed.
func (l *Loop) Post(fn func()) error { return l.post(callback(fn)) }

func (l *Loop) post(t task) error {
	if l.seed != 0 {
		t = l.sign(t)
	}
	l.mu.Lock()
	if l.refuse {
		l.mu.Unlock()
		return ErrClosed
	}
	l.posted = append(l.posted, t)
	if len(l.posted) == 1 {
		l.mail.Store(true)
	}
	l.mu.Unlock()
	l.wake()
	return nil
}

// wake ends the loop's sleep. Of many callers only the first pays for it.
//
// No wake-up is lost: a caller first leaves its work (in mail, or stopping) and
// then reads the state; the loop first publishes parked and then looks for work
// (in park). Whatever the order of these four, either the caller sees parked or
// the loop sees the work. A Wake that arrives after the loop was woken by
// something else stays in the poller as a level, and costs one empty turn.
func (l *Loop) wake() {
	if l.sleep.Load() == parked && l.sleep.CompareAndSwap(parked, notified) {
		l.poller.Wake()
	}
}

// park sleeps in the poller. A negative d means until an event or a wake.
func (l *Loop) park(d time.Duration) (int, error) {
	l.sleep.Store(parked)
	defer l.sleep.Store(awake)
	if l.mail.Load() || l.stopping.Load() {
		return 0, nil
	}
	return l.poller.Wait(l.fetched, d)
}

// takePosted moves what other goroutines have posted to the end of the batch. If
// there is nothing else in it, the two change places, because those who post wait
// meanwhile.
func (l *Loop) takePosted() {
	if !l.mail.Load() {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.count.Posts += uint64(len(l.posted))
	if l.seed != 0 {
		l.shufflePosts(l.posted)
	}
	if len(l.batch) == 0 {
		l.batch, l.posted = l.posted, l.batch
	} else {
		l.batch = append(l.batch, l.posted...)
		clear(l.posted)
		l.posted = l.posted[:0]
	}
	l.mail.Store(false)
	if len(l.batch) > keptTasks/8 {
		l.unused = 0
	}
}

// trim gives back the room that a burst of tasks has left behind, once the loop has
// gone to sleep a number of times without needing it. It is called when nothing is
// queued.
func (l *Loop) trim() {
	if cap(l.ready)+cap(l.batch) <= keptTasks {
		return
	}
	if l.unused++; l.unused < trimAfter {
		return
	}
	l.unused = 0
	l.ready, l.batch = nil, nil
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.posted) == 0 {
		l.posted = nil
	}
}
