package loop

// A store keeps the items of a Queue and decides which comes out next.
type store[T any] interface {
	push(item T)
	pop() T // of a store that is not empty
}

// storeSmall is how many items a store may have room for without giving any back. A
// larger one that is mostly empty does: a burst should not be paid for ever.
const storeSmall = 64

// ring gives first what came first.
type ring[T any] struct {
	buf  []T // its length is 0 or a power of two
	head int
	n    int
}

func (r *ring[T]) push(item T) {
	if r.n == len(r.buf) {
		r.resize(max(8, 2*r.n))
	}
	r.buf[(r.head+r.n)&(len(r.buf)-1)] = item
	r.n++
}

func (r *ring[T]) pop() T {
	var none T
	item := r.buf[r.head]
	r.buf[r.head] = none
	r.head = (r.head + 1) & (len(r.buf) - 1)
	r.n--
	if len(r.buf) > storeSmall && r.n < len(r.buf)/4 {
		r.resize(len(r.buf) / 2)
	}
	return item
}

func (r *ring[T]) resize(size int) {
	buf := make([]T, size)
	n := copy(buf, r.buf[r.head:])
	copy(buf[n:], r.buf[:r.head])
	r.buf, r.head = buf, 0
}

// stack gives first what came last.
type stack[T any] struct{ items []T }

func (s *stack[T]) push(item T) { s.items = append(s.items, item) }

func (s *stack[T]) pop() T {
	last := len(s.items) - 1
	item := s.items[last]
	s.items = shortened(s.items)
	return item
}

// shortened is s without its last element, which it forgets.
func shortened[T any](s []T) []T {
	clear(s[len(s)-1:])
	s = s[:len(s)-1]
	if cap(s) > storeSmall && len(s) < cap(s)/4 {
		s = append(make([]T, 0, cap(s)/2), s...)
	}
	return s
}

// heap gives the least item first, by less, and of equal ones that which came first.
type heap[T any] struct {
	less  func(a, b T) bool
	nodes []ranked[T]
	came  uint64
}

type ranked[T any] struct {
	item T
	came uint64
}

func (h *heap[T]) push(item T) {
	h.came++
	h.nodes = append(h.nodes, ranked[T]{item, h.came})
	for i := len(h.nodes) - 1; i > 0 && h.before(i, (i-1)/2); i = (i - 1) / 2 {
		h.swap(i, (i-1)/2)
	}
}

func (h *heap[T]) pop() T {
	item := h.nodes[0].item
	h.nodes[0] = h.nodes[len(h.nodes)-1]
	h.nodes = shortened(h.nodes)
	for i := 0; ; {
		least := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(h.nodes); child++ {
			if h.before(child, least) {
				least = child
			}
		}
		if least == i {
			return item
		}
		h.swap(i, least)
		i = least
	}
}

func (h *heap[T]) before(i, j int) bool {
	a, b := &h.nodes[i], &h.nodes[j]
	switch {
	case h.less(a.item, b.item):
		return true
	case h.less(b.item, a.item):
		return false
	}
	return a.came < b.came
}

func (h *heap[T]) swap(i, j int) { h.nodes[i], h.nodes[j] = h.nodes[j], h.nodes[i] }
