package http1

import "container/heap"

// This file is whose turn it is among the hosts that have requests waiting.

// turns are the hosts whose first request waits for nothing but the limit of all
// connections, the one that has waited longest at the top: a heap.
type turns []*clientHost

func (t turns) Len() int           { return len(t) }
func (t turns) Less(i, j int) bool { return t[i].first() < t[j].first() }

func (t turns) Swap(i, j int) {
	t[i], t[j] = t[j], t[i]
	t[i].rank, t[j].rank = i+1, j+1
}

// Push is heap.Interface's.
func (t *turns) Push(h any) {
	*t = append(*t, h.(*clientHost))
	h.(*clientHost).rank = len(*t)
}

// Pop is heap.Interface's.
func (t *turns) Pop() any {
	last := len(*t) - 1
	h := (*t)[last]
	(*t)[last] = nil
	*t = (*t)[:last]
	h.rank = 0
	return h
}

// first is the turn of the request that has waited longest.
func (h *clientHost) first() uint64 { return h.waiters.Front().Value.(*clientWaiter).turn }

// settle puts h where it belongs among the turns. It is called whenever a connection of h
// comes or goes, or a request that waits for one.
func (h *clientHost) settle() {
	waits := h.waiters.Len() > 0
	if h.rank == 0 && !waits {
		return
	}
	t := &h.p.turns
	switch able := waits && (len(h.idle) > 0 || h.open < h.p.maxPerHost); {
	case able && h.rank == 0:
		heap.Push(t, h)
	case able:
		heap.Fix(t, h.rank-1)
	case h.rank > 0:
		h.rankOut()
	}
}

// rankOut takes h out of the turns. It may have no first request any more, so none may
// be compared with it.
func (h *clientHost) rankOut() {
	t, i := &h.p.turns, h.rank-1
	last := t.Len() - 1
	t.Swap(i, last)
	t.Pop()
	if i < last {
		heap.Fix(t, i)
	}
}
