package http1

import (
	"math/rand/v2"
	"testing"
)

// TestTurns compares the heap with a look at all hosts, in random histories.
func TestTurns(t *testing.T) {
	for seed := range uint64(50) {
		random := rand.New(rand.NewPCG(seed, 1))
		p := &clientPool{maxPerHost: 2, maxConns: 6, hosts: map[clientKey]*clientHost{}}
		var all []*clientHost
		for range 8 {
			all = append(all, &clientHost{p: p})
		}
		given := 0
		for range 500 {
			switch h := all[random.IntN(len(all))]; random.IntN(5) {
			case 0, 1:
				h.waiters.PushBack(&clientWaiter{turn: p.turn})
				p.turn++
				h.settle()
			case 2: // somebody gives up, perhaps in the middle
				e := h.waiters.Front()
				for range random.IntN(3) {
					if e != nil {
						e = e.Next()
					}
				}
				if e != nil {
					h.waiters.Remove(e)
					h.settle()
				}
			case 3: // a connection ends
				if h.open > 0 {
					h.open--
					p.open--
					h.settle()
				}
			case 4: // it is the turn of one
				if h := p.next(); h != nil {
					h.waiters.Remove(h.waiters.Front())
					h.settle()
					h.open++
					p.open++
					h.settle()
					given++
				}
			}
			var want *clientHost
			for _, h := range all {
				if h.waiters.Len() > 0 && h.ready() && (want == nil || h.first() < want.first()) {
					want = h
				}
			}
			if got := p.next(); got != want {
				t.Fatalf("seed %d: %+v, want %+v", seed, got, want)
			}
		}
		if given < 20 {
			t.Errorf("seed %d: %d turns only", seed, given)
		}
	}
}
