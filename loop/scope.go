package loop

import (
	"context"
	"time"
)

// Scope gives a Co that no coroutine has: a context for work that goroutines do while
// code on the loop, by Cancel, says when it ends. It has parent's values and deadline,
// and is cancelled with it. To wait with it is a mistake, and panics. It must be
// cancelled when the work is over, or it stays among parent's children. It belongs to
// the loop, as said for Co.
func Scope(parent Parent) *Co {
	p := parent.scope()
	p.l.check("Scope")
	c := &Co{}
	c.attach(p)
	return c
}

// Limit is Scope with a deadline: the Co is cancelled, with context.DeadlineExceeded and
// the cause, when d has passed on the loop's clock. lift calls that off while there is
// time, and Deadline does not tell of it any more; what was cancelled stays so. It belongs
// to the loop.
func Limit(parent Parent, d time.Duration, cause error) (co *Co, lift func()) {
	co = Scope(parent)
	if co.state.Load() != live {
		return co, func() {}
	}
	x := &extra{deadline: co.l.Now().Add(d)}
	x.timer = co.l.addTimer(co.l.deadline(d), callback(func() { co.cancel(context.DeadlineExceeded, cause) }))
	co.extra = x
	return co, func() {
		co.l.check("lift")
		x.timer.Stop()
		x.lifted.Store(true)
	}
}

// ScopeFunc is Scope for work that has neither a coroutine nor a goroutine, only
// callbacks. In the iteration after the scope's end, because of parent or by Cancel,
// ended is called with the error that a wait under the scope would give. It must not
// wait. When the loop is closed it may not be called.
func ScopeFunc(parent Parent, ended func(err error)) *Co {
	co := Scope(parent)
	co.extra = &extra{ended: ended}
	if co.state.Load() != live {
		co.l.queue((*scopeEnd)(co))
	}
	return co
}

// scopeEnd is a Co of ScopeFunc as a task: it has ended.
type scopeEnd Co

func (e *scopeEnd) run() { e.extra.ended((*Co)(e).canceled()) }
