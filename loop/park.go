package loop

// A line is where those wait who wait for the same thing: first come, first served.
// Each brings a B (a putter its item, most of them nothing) and gets an R. Whoever
// gives up leaves at once from any place, so a line holds those who still wait and
// nobody else, and a permit or an item can be handed to its first (Tornado sorts out
// who has timed out every hundred timeouts: L05).
//
// It belongs to the loop. The zero line is empty.
type line[B, R any] struct {
	what        string // they wait for, for Tasks
	first, last *waiter[B, R]
	n           int
	turns       uint64 // given out so far
	holder      *fiber // has what they wait for, if one coroutine can, and it is known
}

// A waiter is a place in a line and the promise of what it waits for, in one piece.
type waiter[B, R any] struct {
	brings     B
	in         *line[B, R] // nil: it has left
	next, prev *waiter[B, R]
	turn       uint64
	result     Promise[R]
}

// crowd is a line whose waiters bring nothing and only get to go on.
type crowd = line[struct{}, struct{}]

// join gives a place at the end. It is lost when nobody waits for the future any
// more.
func (q *line[B, R]) join(l *Loop, brings B) *Future[R] {
	w := &waiter[B, R]{brings: brings, in: q, prev: q.last, turn: q.turns}
	w.result.f.l = l
	w.result.f.op = w
	if q.last != nil {
		q.last.next = w
	} else {
		q.first = w
	}
	q.last = w
	q.n++
	q.turns++
	return &w.result.f
}

func (w *waiter[B, R]) about() about { return about{what: w.in.what, holder: w.in.holder} }

// withdraw is called by a future whose last observer has left.
func (w *waiter[B, R]) withdraw() {
	w.in.remove(w)
	var none B
	w.brings = none // whoever keeps the future need not keep it
	w.result.TryFail(ErrWithdrawn)
}

// remove takes w out of the line, so that neither reaches the other.
func (q *line[B, R]) remove(w *waiter[B, R]) {
	if w.prev != nil {
		w.prev.next = w.next
	} else {
		q.first = w.next
	}
	if w.next != nil {
		w.next.prev = w.prev
	} else {
		q.last = w.prev
	}
	w.in, w.next, w.prev = nil, nil, nil
	q.n--
}

// pop takes the first waiter out of the line, for the caller to serve; nil if there
// is none.
//
// The caller must have its own state in order before it fulfils the promise: an
// observer such as Any's then leaves other futures, and that may call a user's
// OnWithdraw function, which may come back here.
func (q *line[B, R]) pop() *waiter[B, R] {
	w := q.first
	if w != nil {
		q.remove(w)
	}
	return w
}

// wake gives v to the first n of those who are in line now; not to any who join
// while it does, see pop.
func (q *line[B, R]) wake(n int, v R) {
	for now := q.turns; n > 0 && q.first != nil && q.first.turn < now; n-- {
		q.pop().result.Set(v)
	}
}
