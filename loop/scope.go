package loop

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
