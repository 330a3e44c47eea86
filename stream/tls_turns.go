package stream

import "github.com/zonda-go/zonda/loop"

// tlsSteps is how many handshakes compute something in one iteration of the loop. A
// step takes from 0.1 to 1 ms.
const tlsSteps = 5

// tlsTurns is the handshakes that want to compute, in order.
type tlsTurns struct {
	waiting []*handshake
	called  bool
}

// queue has h begin or go on when it is its turn.
func (h *handshake) queue() {
	if h.queued || h.co != nil && h.turn == nil {
		return
	}
	h.queued = true
	q := loop.Local[tlsTurns](h.s.l)
	q.waiting = append(q.waiting, h)
	q.call(h.s.l)
}

func (q *tlsTurns) call(l *loop.Loop) {
	if !q.called {
		q.called = true
		l.Call(func() { q.run(l) })
	}
}

// run lets the first few go on, in the next iteration.
func (q *tlsTurns) run(l *loop.Loop) {
	q.called = false
	for n := 0; n < tlsSteps && len(q.waiting) > 0; {
		h := q.waiting[0]
		q.waiting[0] = nil
		q.waiting = q.waiting[1:]
		if h.queued = false; !h.over {
			h.step()
			n++
		}
	}
	if len(q.waiting) > 0 {
		q.call(l)
	} else {
		q.waiting = nil
	}
}

func (h *handshake) step() {
	if h.co == nil {
		h.co = loop.SpawnJob(h.s.l, h)
		return
	}
	turn := h.turn
	h.turn = nil
	turn.Set(struct{}{})
}
