package loop_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"
	"time"
	"weak"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Tornado's tests of queues are pinned by their numbers, Q01 to Q11. What they have of
// a size that is no whole number (Q08), or None (in Q01), Go's types rule out.

// eachQueue runs a test for the three kinds.
func eachQueue(t *testing.T, max int, test func(t *testing.T, co *loop.Co, q *loop.Queue[int])) {
	for _, kind := range []string{"queue", "LIFO", "priority"} {
		t.Run(kind, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				test(t, co, newItems(&troupe{l: co.Loop()}, nil, kind, max).q)
				return nil
			})
		})
	}
}

func mustPut(t testing.TB, q *loop.Queue[int], items ...int) {
	t.Helper()
	for _, item := range items {
		if err := q.TryPut(item); err != nil {
			t.Errorf("put %d: %v", item, err)
		}
	}
}

func wantItems(t testing.TB, q *loop.Queue[int], want ...int) {
	t.Helper()
	for _, want := range want {
		if item, err := q.TryGet(); err != nil || item != want {
			t.Errorf("got %d, %v, want %d", item, err, want)
		}
	}
}

// Q01: a queue says what is in it, gives items in order, and has no negative size.
func TestQueue(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		q := loop.NewQueue[int](l, 3)
		mustPut(t, q, 1, 3, 2)
		is(t, q, "<Queue len 3, cap 3, getters 0, putters 0, unfinished 3>")
		if q.Len() != 3 || q.Cap() != 3 {
			t.Errorf("len %d, cap %d", q.Len(), q.Cap())
		}
		wantItems(t, q, 1, 3, 2)
		endless := loop.NewQueue[int](l, 0)
		for i := range 1000 {
			mustPut(t, endless, i)
		}
		if endless.Len() != 1000 || endless.Cap() != 0 {
			t.Errorf("len %d, cap %d", endless.Len(), endless.Cap())
		}
		wantPanic(t, func() { loop.NewQueue[int](l, -1) }, "loop: a Queue with room for -1")
		wantPanic(t, func() { loop.NewPriorityQueue[int](l, 1, nil) }, "loop: NewPriorityQueue", "nil less")
		return nil
	})
}

// Q06: what would wait says why it does not.
func TestQueueTry(t *testing.T) {
	eachQueue(t, 1, func(t *testing.T, co *loop.Co, q *loop.Queue[int]) {
		if _, err := q.TryGet(); err != loop.ErrQueueEmpty {
			t.Error(err)
		}
		mustPut(t, q, 1)
		if err := q.TryPut(2); err != loop.ErrQueueFull {
			t.Error(err)
		}
		wantItems(t, q, 1)
		is(t, q, "<Queue len 0, cap 1, getters 0, putters 0, unfinished 1>")
	})
}

// Q02, Q07: who puts waits for room, in turn, and a get makes some.
func TestQueuePutWaits(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		q := loop.NewQueue[int](co.Loop(), 1)
		for i := range 3 {
			tell(&s, co, fmt.Sprint("put ", i), simply, 0, func() *loop.Future[struct{}] { return q.Put(i) })
		}
		s.check(t, "put 0 {}")
		is(t, q, "<Queue len 1, cap 1, getters 0, putters 2, unfinished 1>")
		wantItems(t, q, 0)
		is(t, q, "<Queue len 1, cap 1, getters 0, putters 1, unfinished 2>")
		pause(t, co, 1)
		s.check(t, "put 0 {}", "put 1 {}")
		tell(&s, co, "get", simply, 0, q.Get)
		pause(t, co, 1)
		s.check(t, "put 0 {}", "put 1 {}", "get 1", "put 2 {}")
		wantItems(t, q, 2)
		return nil
	})
}

// Q03, Q07: who gets waits for an item, in turn; each put serves one, whether it
// could have waited or not.
func TestQueueGetWaits(t *testing.T) {
	eachQueue(t, 1, func(t *testing.T, co *loop.Co, q *loop.Queue[int]) {
		var s story
		for i := range 3 {
			tell(&s, co, fmt.Sprint(i), simply, 0, q.Get)
		}
		mustPut(t, q, 10)
		q.Put(11)
		s.check(t)
		is(t, q, "<Queue len 0, cap 1, getters 1, putters 0, unfinished 2>")
		pause(t, co, 1)
		s.check(t, "0 10", "1 11")
		mustPut(t, q, 12, 13)
		pause(t, co, 1)
		s.check(t, "0 10", "1 11", "2 12")
		wantItems(t, q, 13)
	})
}

// Q03, Q04: a get that timed out takes nothing and holds no one up; one that was
// served in time has its item.
func TestQueueGetTimeout(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		q := loop.NewQueue[int](co.Loop(), 0)
		tell(&s, co, "a", w, 1, q.Get)
		tell(&s, co, "b", simply, 0, q.Get)
		tell(&s, co, "c", w, 0, q.Get) // at once, or nearly
		sleep(t, co, 2)
		s.check(t, "c late", "a late")
		is(t, q, "<Queue len 0, cap 0, getters 1, putters 0, unfinished 0>")
		mustPut(t, q, 1, 2)
		tell(&s, co, "d", w, 0, q.Get) // there is one
		pause(t, co, 1)
		s.check(t, "c late", "a late", "d 2", "b 1")
		co.Loop().After(seconds(1), func() { mustPut(t, q, 3) })
		tell(&s, co, "e", w, 1, q.Get)
		sleep(t, co, 2)
		s.check(t, "c late", "a late", "d 2", "b 1", "e 3")
	})
}

// Q04, Q07: a put that timed out leaves nothing and holds no one up; one that found
// room in time has left its item.
func TestQueuePutTimeout(t *testing.T) {
	bothWays(t, func(t *testing.T, co *loop.Co, w way) {
		var s story
		q := loop.NewQueue[int](co.Loop(), 1)
		put := func(item int) func() *loop.Future[struct{}] {
			return func() *loop.Future[struct{}] { return q.Put(item) }
		}
		mustPut(t, q, 0)
		tell(&s, co, "a", w, 1, put(1))
		tell(&s, co, "b", simply, 0, put(2))
		tell(&s, co, "c", w, 0, put(3))
		sleep(t, co, 2)
		s.check(t, "c late", "a late")
		is(t, q, "<Queue len 1, cap 1, getters 0, putters 1, unfinished 1>")
		wantItems(t, q, 0, 2)
		co.Loop().After(seconds(1), func() { wantItems(t, q, 4) })
		mustPut(t, q, 4)
		tell(&s, co, "d", w, 1, put(5))
		sleep(t, co, 2)
		s.check(t, "c late", "a late", "b {}", "d {}")
		wantItems(t, q, 5)
	})
}

// Q05: the iterator waits for items, and ends when its Co is cancelled.
func TestQueueAll(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		var s story
		q := loop.NewQueue[int](co.Loop(), 0)
		scope, cancel := co.WithCancel()
		f := loop.Go(scope, func(co *loop.Co) (error, error) {
			for item := range q.All(co) {
				s.add(fmt.Sprint(item))
			}
			return co.Err(), nil
		})
		mustPut(t, q, 0, 1, 2)
		pause(t, co, 1)
		s.check(t, "0", "1", "2")
		mustPut(t, q, 3) // handed to the one who waits; the next stays
		cancel(nil)
		mustPut(t, q, 4)
		got, err := loop.Await(co, f)
		s.check(t, "0", "1", "2", "3")
		if err != nil || got != context.Canceled {
			t.Errorf("%v, %v", got, err)
		}
		for item := range q.All(scope) {
			t.Errorf("%d under a cancelled Co", item)
		}
		for item := range q.All(co) {
			s.add(fmt.Sprint(item))
			break
		}
		s.check(t, "0", "1", "2", "3", "4")
		is(t, q, "<Queue len 0, cap 0, getters 0, putters 0, unfinished 5>")
		timed, done := co.WithTimeout(time.Second)
		defer done()
		for item := range q.All(timed) {
			t.Errorf("%d out of nothing", item)
		}
		is(t, q, "<Queue len 0, cap 0, getters 0, putters 0, unfinished 5>")
		loop.Go(co, func(*loop.Co) (struct{}, error) {
			wantPanic(t, func() {
				for range q.All(co) {
				}
			}, "loop: Queue.Take with the Co of a coroutine that is not the one running")
			return struct{}{}, nil
		})
		return nil
	})
}

// Q09: Join waits until all that came in is done, not until it is got; TaskDone is
// called once for each.
func TestQueueJoin(t *testing.T) {
	eachQueue(t, 1, func(t *testing.T, co *loop.Co, q *loop.Queue[int]) {
		var s story
		wantPanic(t, q.TaskDone, "loop: Queue.TaskDone called more often")
		tell(&s, co, "nothing to do", simply, 0, q.Join)
		s.check(t, "nothing to do {}")
		mustPut(t, q, 1)
		q.Put(1)
		tell(&s, co, "a", simply, 0, q.Join)
		tell(&s, co, "b", byTimeout, 1, q.Join)
		tell(&s, co, "c", byScope, 2, q.Join)
		tell(&s, co, "d", simply, 0, q.Join)
		wantItems(t, q, 1)
		q.TaskDone()
		sleep(t, co, 3)
		s.check(t, "nothing to do {}", "b late", "c late")
		wantItems(t, q, 1) // the one that waited
		pause(t, co, 1)
		s.check(t, "nothing to do {}", "b late", "c late")
		q.TaskDone()
		mustPut(t, q, 1) // too late to matter
		pause(t, co, 1)
		s.check(t, "nothing to do {}", "b late", "c late", "a {}", "d {}")
		q.TaskDone()
		wantPanic(t, q.TaskDone, "more often")
	})
}

// Q10: the order of the other kinds, with items that wait for room: those come in
// before the next is given.
func TestQueueOrders(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		least := func(a, b int) bool { return a < b }
		for _, c := range []struct {
			q    *loop.Queue[int]
			want []int
		}{
			{loop.NewPriorityQueue(l, 2, least), []int{0, 1, 2, 3}},
			{loop.NewLIFOQueue[int](l, 2), []int{3, 2, 0, 1}},
			{loop.NewQueue[int](l, 2), []int{1, 0, 3, 2}},
		} {
			mustPut(t, c.q, 1, 0)
			c.q.Put(3)
			c.q.Put(2)
			wantItems(t, c.q, c.want...)
		}
		type job struct{ urgency, n int }
		q := loop.NewPriorityQueue(l, 0, func(a, b job) bool { return a.urgency > b.urgency })
		for i := range 100 {
			if err := q.TryPut(job{i % 3, i}); err != nil {
				return err
			}
		}
		last := job{3, 0}
		for range 100 {
			j, err := q.TryGet()
			if err != nil || j.urgency > last.urgency || j.urgency == last.urgency && j.n < last.n {
				t.Errorf("%v after %v: %v", j, last, err)
			}
			last = j
		}
		return nil
	})
}

// A long run up and down in size, beside a slice.
func TestQueueSizes(t *testing.T) {
	watchdog(t)
	for _, kind := range []string{"queue", "LIFO", "priority"} {
		t.Run(kind, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				rnd := rand.New(rand.NewPCG(1, 2))
				x := newItems(&troupe{l: co.Loop()}, &script{}, kind, 0)
				for i := range count(100_000, 10_000, 4_000) {
					// It grows for a thousand steps, and shrinks for a thousand.
					if rnd.IntN(4) != 0 == (i/1000%2 == 0) {
						mustPut(t, x.q, i)
						x.modelPut(i)
					} else if item, ok := x.modelGet(); ok {
						wantItems(t, x.q, item)
					}
				}
				for item, ok := x.modelGet(); ok; item, ok = x.modelGet() {
					wantItems(t, x.q, item)
				}
				if x.q.Len() != 0 {
					t.Errorf("%d too many", x.q.Len())
				}
				return nil
			})
		})
	}
}

// A queue keeps neither items that were got or withdrawn, nor the room of a burst.
func TestQueueForgets(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		type big [1 << 16]byte
		least := func(a, b *big) bool { return a[0] < b[0] }
		for _, q := range []*loop.Queue[*big]{
			loop.NewQueue[*big](l, 2), loop.NewLIFOQueue[*big](l, 2), loop.NewPriorityQueue(l, 2, least),
		} {
			var gone []weak.Pointer[big]
			fresh := func() *big {
				b := new(big)
				gone = append(gone, weak.Make(b))
				return b
			}
			kept := []*loop.Future[struct{}]{q.Put(fresh()), q.Put(fresh()), q.Put(fresh()), q.Put(fresh())}
			if _, err := loop.Await(co, loop.WithTimeout(time.Second, kept[3])); err != loop.ErrTimeout {
				t.Error(err)
			}
			for range 3 {
				if _, err := q.TryGet(); err != nil {
					t.Error(err)
				}
			}
			runtime.GC()
			for i, p := range gone {
				if p.Value() != nil {
					t.Errorf("item %d is still there", i)
				}
			}
			runtime.KeepAlive(kept)

			// Nor does a future keep the one that waited behind it.
			empty := loop.NewQueue[*big](l, 0)
			first := empty.Get()
			empty.Get()
			gone = nil
			for range 2 {
				empty.Put(fresh())
			}
			runtime.GC()
			if v, err := first.Result(); err != nil || v != gone[0].Value() || gone[1].Value() != nil {
				t.Errorf("%p, %v; the other is %p", v, err, gone[1].Value())
			}
			runtime.KeepAlive(q)
		}
		return nil
	})
	eachQueue(t, 0, func(t *testing.T, co *loop.Co, q *loop.Queue[int]) {
		n := count(100_000, 20_000, 5_000)
		before := inUseNow()
		for i := range n {
			q.Put(i)
		}
		for q.Len() > 0 {
			if _, err := q.TryGet(); err != nil {
				t.Fatal(err)
			}
		}
		if after := inUseNow(); after-before > int64(n) {
			t.Errorf("%d bytes are left of a burst of %d items", after-before, n)
		}
		runtime.KeepAlive(q)
	})
}

// Q11: producers and consumers meet; everything arrives once.
func TestQueueProducersConsumers(t *testing.T) {
	eachQueue(t, 3, func(t *testing.T, co *loop.Co, q *loop.Queue[int]) {
		const producers, consumers, each = 4, 3, 25
		var got []int
		err := loop.WithGroup(co, func(consume *loop.Group) error {
			for i := range consumers {
				consume.Go(func(co *loop.Co) error {
					for item := range q.All(co) {
						if err := loop.Sleep(co, time.Duration(i+item%3)*time.Millisecond); err != nil {
							return err
						}
						got = append(got, item)
						q.TaskDone()
					}
					return nil
				})
			}
			err := loop.WithGroup(co, func(produce *loop.Group) error {
				for i := range producers {
					produce.Go(func(co *loop.Co) error {
						for n := range each {
							if _, err := loop.Await(co, q.Put(i*each+n)); err != nil {
								return err
							}
						}
						return nil
					})
				}
				return nil
			})
			if err != nil {
				return err
			}
			if _, err := loop.Await(co, q.Join()); err != nil {
				return err
			}
			consume.Co().Cancel(nil)
			return nil
		})
		if err != nil && !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		slices.Sort(got)
		for i := range producers * each {
			if i >= len(got) || got[i] != i {
				t.Fatalf("got %d", got)
			}
		}
		is(t, q, "<Queue len 0, cap 3, getters 0, putters 0, unfinished 0>")
	})
}

// BenchmarkQueuePutGet and its reference put an item in and take it out again, and
// never wait.
func BenchmarkQueuePutGet(b *testing.B) {
	bench(b, func(co *loop.Co) {
		q := loop.NewQueue[int](co.Loop(), 16)
		for i := 0; b.Loop(); i++ {
			if _, err := loop.Await(co, q.Put(i)); err != nil {
				b.Fatal(err)
			}
			if _, err := q.Take(co); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func BenchmarkRefBufferedChannel(b *testing.B) {
	c := make(chan int, 16)
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		c <- i
		<-c
	}
}

// BenchmarkQueueHandOver has a producer and a consumer with room for one item between
// them.
func BenchmarkQueueHandOver(b *testing.B) {
	bench(b, func(co *loop.Co) {
		q := loop.NewQueue[int](co.Loop(), 1)
		loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for range q.All(co) {
			}
			return struct{}{}, nil
		})
		for i := 0; b.Loop(); i++ {
			if _, err := loop.Await(co, q.Put(i)); err != nil {
				b.Fatal(err)
			}
		}
	})
}
