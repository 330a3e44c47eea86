package loop

import (
	"fmt"
	"math"
)

// What is here makes coroutines wait for each other across their own waits. Between
// two waits a coroutine has the loop to itself and needs no lock.

// A Semaphore is a number of permits: Acquire takes one and waits while there is
// none, Release gives one back. They are served in the order in which they asked. It
// belongs to its loop. Make one with NewSemaphore or NewBoundedSemaphore; the zero
// Semaphore is not usable.
//
// An Acquire that nobody waits for any more, because of a cancellation or a timeout,
// is withdrawn and takes no permit. If the permit came first, the wait succeeds, even
// if both came in one iteration: an Await that returned nil has the permit, and one
// that returned an error has not. So limit the time it may take by the Co, or with
// WithTimeout:
//
//	scope, done := co.WithTimeout(time.Second)
//	_, err := loop.Await(scope, sem.Acquire())
//	done()
//
// These ways to lose a permit are left. A future of Acquire that nobody ever waits for
// keeps its place, and then its permit, for good. Under All and Any of several, those
// that are done keep theirs, whatever comes of the whole. And Map and Future.Wait can
// give up when the permit has just come: use Await, on other goroutines within Do.
type Semaphore struct {
	// Immutable.
	l     *Loop
	bound int

	// Owned by the loop. While someone waits, no permit is free: each goes from hand
	// to hand, and no one can come in between.
	free    int
	waiting crowd
}

// NewSemaphore makes a semaphore with n permits, which may be 0 but not less.
// Release without Acquire adds further ones (Tornado's Semaphore).
func NewSemaphore(l *Loop, n int) *Semaphore {
	s := NewBoundedSemaphore(l, n)
	s.bound = math.MaxInt
	return s
}

// NewBoundedSemaphore makes a semaphore that never has more than its first n permits:
// a Release too many panics (Tornado's BoundedSemaphore).
func NewBoundedSemaphore(l *Loop, n int) *Semaphore {
	l.check("NewSemaphore")
	if n < 0 {
		panic(fmt.Sprintf("loop: a Semaphore with %d permits", n))
	}
	return &Semaphore{l: l, bound: n, free: n, waiting: crowd{what: "Semaphore.Acquire"}}
}

// Acquire is done when the caller has a permit.
func (s *Semaphore) Acquire() *Future[struct{}] {
	if s.TryAcquire() {
		return s.l.Void()
	}
	return s.waiting.join(s.l, struct{}{})
}

// TryAcquire takes a permit if one is free, and reports whether it did (Tornado's
// timeout of 0).
func (s *Semaphore) TryAcquire() bool {
	s.l.check("Semaphore.Acquire")
	if s.free == 0 {
		return false
	}
	s.free--
	return true
}

// Release gives a permit back, to the one who has waited longest if someone waits:
// that one goes on in the next iteration. Anyone may release, not only who acquired.
func (s *Semaphore) Release() {
	s.l.check("Semaphore.Release")
	if s.free == s.bound {
		panic(fmt.Sprintf("loop: Semaphore.Release: all %d permits are there already", s.bound))
	}
	if w := s.waiting.pop(); w != nil {
		w.result.Set(struct{}{})
		return
	}
	s.free++
}

// With runs fn with a permit, which it gives back however fn ends. It returns fn's
// error; or that of the wait for the permit, and then fn was not called.
func (s *Semaphore) With(co *Co, fn func() error) error {
	co.mustBeCurrent("With") // before it takes a permit
	if _, err := Await(co, s.Acquire()); err != nil {
		return err
	}
	defer s.Release()
	return fn()
}

// String says how many permits are free, and how many wait for one.
func (s *Semaphore) String() string {
	return fmt.Sprintf("<Semaphore free %d, waiting %d>", s.free, s.waiting.n)
}

// A Mutex is held by one coroutine at a time, while others wait in the order in
// which they came. It is for what must not change during a wait. It belongs to its
// loop. Make one with NewMutex; the zero Mutex is not usable.
//
// Anyone may unlock it, and a coroutine that locks it twice waits for itself, for ever:
// Loop.Tasks shows that. What Semaphore says of timeouts and cancellation holds here
// too.
type Mutex struct {
	l       *Loop
	locked  bool
	waiting crowd // its holder is the coroutine that locked the mutex, for Tasks
}

// NewMutex makes a mutex that nobody holds.
func NewMutex(l *Loop) *Mutex {
	l.check("NewMutex")
	return &Mutex{l: l, waiting: crowd{what: "Mutex.Lock"}}
}

// Lock is done when the caller holds the mutex.
func (m *Mutex) Lock() *Future[struct{}] {
	m.l.check("Mutex.Lock")
	if m.locked {
		return m.waiting.join(m.l, struct{}{})
	}
	m.locked, m.waiting.holder = true, m.l.current
	return m.l.void
}

// TryLock locks the mutex if nobody holds it, and reports whether it did.
func (m *Mutex) TryLock() bool {
	m.l.check("Mutex.Lock")
	if m.locked {
		return false
	}
	m.locked, m.waiting.holder = true, m.l.current
	return true
}

// Unlock hands the mutex to the one who has waited longest. It panics if nobody
// holds it.
func (m *Mutex) Unlock() {
	m.l.check("Mutex.Unlock")
	if !m.locked {
		panic("loop: Unlock of a Mutex that is not locked")
	}
	if m.waiting.first != nil {
		m.handOver()
		return
	}
	m.locked, m.waiting.holder = false, nil
}

// handOver leaves the mutex locked, for the next in line.
func (m *Mutex) handOver() {
	w := m.waiting.pop()
	m.waiting.holder, _ = w.result.f.first.(*fiber) // nil: a combinator waits
	w.result.Set(struct{}{})
}

// With runs fn while it holds the mutex, and unlocks it however fn ends. It returns
// fn's error; or that of the wait for the mutex, and then fn was not called.
func (m *Mutex) With(co *Co, fn func() error) error {
	co.mustBeCurrent("With") // before it locks the mutex
	if _, err := Await(co, m.Lock()); err != nil {
		return err
	}
	defer m.Unlock()
	return fn()
}

// String says whether the mutex is held, and how many wait for it.
func (m *Mutex) String() string {
	if !m.locked {
		return "<Mutex unlocked>"
	}
	return fmt.Sprintf("<Mutex locked, waiting %d>", m.waiting.n)
}

// An Event is a state that coroutines can wait for: set or clear. It belongs to its
// loop. Make one with NewEvent; the zero Event is not usable.
type Event struct {
	l       *Loop
	set     bool
	waiting crowd
}

// NewEvent makes an event that is clear.
func NewEvent(l *Loop) *Event {
	l.check("NewEvent")
	return &Event{l: l, waiting: crowd{what: "Event.Wait"}}
}

// Set sets the event: all who wait go on in the next iteration, even if it is
// cleared before that.
func (e *Event) Set() {
	e.l.check("Event.Set")
	e.set = true
	e.waiting.wake(math.MaxInt, struct{}{})
}

// Clear makes those wait who come from now on.
func (e *Event) Clear() {
	e.l.check("Event.Clear")
	e.set = false
}

// IsSet reports whether the event is set.
func (e *Event) IsSet() bool {
	e.l.check("Event.IsSet")
	return e.set
}

// Wait is done when the event is set.
func (e *Event) Wait() *Future[struct{}] {
	if e.IsSet() {
		return e.l.Void()
	}
	return e.waiting.join(e.l, struct{}{})
}

// String says whether the event is set, and how many wait for it.
func (e *Event) String() string {
	if e.set {
		return "<Event set>"
	}
	return fmt.Sprintf("<Event clear, waiting %d>", e.waiting.n)
}

// A Cond is where coroutines wait until another one tells them that something has
// changed. Unlike sync.Cond it has no lock: between a look at the state and Wait,
// no one else runs. It belongs to its loop. Make one with NewCond; the zero Cond is
// not usable.
//
//	for !ready() {
//		if _, err := loop.Await(co, cond.Wait()); err != nil {
//			return err
//		}
//	}
type Cond struct {
	l       *Loop
	waiting crowd
}

// NewCond makes a condition that nobody waits for.
func NewCond(l *Loop) *Cond {
	l.check("NewCond")
	return &Cond{l: l, waiting: crowd{what: "Cond.Wait"}}
}

// Wait is done at a later Notify that reaches the caller. Who stops waiting uses up
// no notification.
func (c *Cond) Wait() *Future[struct{}] {
	c.l.check("Cond.Wait")
	return c.waiting.join(c.l, struct{}{})
}

// Notify lets the n who have waited longest go on, in the next iteration; if fewer
// wait, all of them.
func (c *Cond) Notify(n int) {
	c.l.check("Cond.Notify")
	c.waiting.wake(n, struct{}{})
}

// NotifyAll lets all go on who wait now.
func (c *Cond) NotifyAll() { c.Notify(math.MaxInt) }

// String says how many wait.
func (c *Cond) String() string { return fmt.Sprintf("<Cond waiting %d>", c.waiting.n) }
