package loop

import (
	"errors"
	"fmt"
	"iter"
	"math"
)

var (
	// ErrQueueEmpty is what TryGet returns when there is nothing to get.
	ErrQueueEmpty = errors.New("loop: the queue is empty")
	// ErrQueueFull is what TryPut returns when there is no room.
	ErrQueueFull = errors.New("loop: the queue is full")
)

// A Queue hands items from coroutines that put them to coroutines that get them;
// both are served in the order in which they came. It belongs to its loop; from
// other goroutines, put with Post. Make one with NewQueue, NewPriorityQueue or
// NewLIFOQueue; the zero Queue is not usable.
//
// A Get or Put that nobody waits for any more, because of a cancellation or a
// timeout, is withdrawn: the item stays where it is. If the other side came first, the
// wait succeeds, even if both came in one iteration. So an Await of Get that returns
// an error has taken no item, and one of Put has left none. As with a Semaphore, a
// future of Get that nobody ever waits for keeps its place, and then its item, for
// good; and Map, Future.Wait and combinators of several can lose one.
type Queue[T any] struct {
	// Immutable.
	l   *Loop
	max int // 0: no limit

	// Owned by the loop. Getters wait only while there are no items, putters only while
	// there are max of them.
	order      store[T] // of the items; nil: as they came
	items      ring[T]  // if order is nil
	n          int      // of items
	getters    line[struct{}, T]
	putters    line[T, struct{}]
	unfinished int // items that came in, less calls of TaskDone
	joiners    crowd
}

// NewQueue makes a queue that gives items in the order in which they came. It has
// room for max of them; 0 means no limit.
func NewQueue[T any](l *Loop, max int) *Queue[T] { return newQueue[T](l, max, nil) }

// NewLIFOQueue makes a queue that gives the item first that came last. It has room
// for max of them; 0 means no limit. An item that waits for room comes in before the
// next one is given, so that one is it.
func NewLIFOQueue[T any](l *Loop, max int) *Queue[T] { return newQueue(l, max, &stack[T]{}) }

// NewPriorityQueue makes a queue that gives the least item first, by less, and equal
// ones in the order in which they came. It has room for max of them; 0 means no limit.
// An item that waits for room comes in before the next one is given, and may be it.
// less must not wait.
func NewPriorityQueue[T any](l *Loop, max int, less func(a, b T) bool) *Queue[T] {
	if less == nil {
		panic("loop: NewPriorityQueue with a nil less")
	}
	return newQueue(l, max, &heap[T]{less: less})
}

func newQueue[T any](l *Loop, max int, order store[T]) *Queue[T] {
	l.check("NewQueue")
	if max < 0 {
		panic(fmt.Sprintf("loop: a Queue with room for %d items", max))
	}
	return &Queue[T]{
		l: l, max: max, order: order,
		getters: line[struct{}, T]{what: "Queue.Get"},
		putters: line[T, struct{}]{what: "Queue.Put"},
		joiners: crowd{what: "Queue.Join"},
	}
}

// Put is done when the item is in the queue, or with a getter.
func (q *Queue[T]) Put(item T) *Future[struct{}] {
	if q.TryPut(item) != nil {
		return q.putters.join(q.l, item)
	}
	return q.l.Void()
}

// TryPut is Put, but returns ErrQueueFull where that would wait.
func (q *Queue[T]) TryPut(item T) error {
	q.l.check("Queue.Put")
	if q.max > 0 && q.n == q.max {
		return ErrQueueFull
	}
	q.unfinished++
	if q.getters.first != nil {
		q.getters.pop().result.Set(item)
		return nil
	}
	q.push(item)
	return nil
}

// Get is done when there is an item for the caller, which it takes out.
func (q *Queue[T]) Get() *Future[T] {
	item, err := q.TryGet()
	if err != nil {
		return q.getters.join(q.l, struct{}{})
	}
	return Resolved(q.l, item)
}

// TryGet is Get, but returns ErrQueueEmpty where that would wait.
func (q *Queue[T]) TryGet() (T, error) {
	q.l.check("Queue.Get")
	if q.n == 0 {
		var none T
		return none, ErrQueueEmpty
	}
	if q.putters.first != nil {
		return q.exchange(), nil
	}
	return q.pop(), nil
}

// push and pop go straight to the ring that nearly all queues have.
func (q *Queue[T]) push(item T) {
	q.n++
	if q.order != nil {
		q.order.push(item)
		return
	}
	q.items.push(item)
}

func (q *Queue[T]) pop() T {
	q.n--
	if q.order != nil {
		return q.order.pop()
	}
	return q.items.pop()
}

// exchange takes an item out of a full queue and lets the first putter in.
func (q *Queue[T]) exchange() T {
	w := q.putters.pop()
	q.unfinished++
	q.push(w.brings) // one too many until the next line
	item := q.pop()
	var none T
	w.brings = none // whoever keeps the future need not keep it
	w.result.Set(struct{}{})
	return item
}

// Take is Get and Await in one: it returns the next item, and waits until there is one
// or co is cancelled. An item that is there costs no future.
func (q *Queue[T]) Take(co *Co) (T, error) {
	if !co.surelyCurrent() {
		co.mustBeCurrent("Queue.Take")
	}
	item, err := q.TryGet()
	if err == nil {
		return item, nil
	}
	return Await(co, q.Get())
}

// All gets items until co is cancelled, and waits for them (Tornado's async for).
// What is then in the queue stays there, and co.Err says why it ended. An item that
// was yielded is taken, also if the range loop is left at it.
func (q *Queue[T]) All(co *Co) iter.Seq[T] {
	return func(yield func(T) bool) {
		for co.Err() == nil {
			item, err := q.Take(co)
			if err != nil || !yield(item) {
				return
			}
		}
	}
}

// TaskDone says that the work on one item that was got is done. Each item counts
// from when it came in; Join waits for the last. It panics when no item is left to be
// done.
func (q *Queue[T]) TaskDone() {
	q.l.check("Queue.TaskDone")
	if q.unfinished == 0 {
		panic("loop: Queue.TaskDone called more often than items were put")
	}
	q.unfinished--
	if q.unfinished == 0 {
		q.joiners.wake(math.MaxInt, struct{}{})
	}
}

// Join is done when TaskDone has been called for every item that came in; at once if
// none did.
func (q *Queue[T]) Join() *Future[struct{}] {
	q.l.check("Queue.Join")
	if q.unfinished == 0 {
		return q.l.Void()
	}
	return q.joiners.join(q.l, struct{}{})
}

// Len is the number of items in the queue, without those that wait for room.
func (q *Queue[T]) Len() int {
	q.l.check("Queue.Len")
	return q.n
}

// Cap is the number of items there is room for; 0 if there is no limit.
func (q *Queue[T]) Cap() int { return q.max }

// String says what is in the queue, who waits, and how many items are not done.
func (q *Queue[T]) String() string {
	return fmt.Sprintf("<Queue len %d, cap %d, getters %d, putters %d, unfinished %d>",
		q.n, q.max, q.getters.n, q.putters.n, q.unfinished)
}
