package loop_test

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A mutex keeps a state whole while the coroutine that changes it waits.
func ExampleMutex() {
	l := newLoop()
	defer l.Close()
	mu := loop.NewMutex(l)
	balance := 100
	withdraw := func(co *loop.Co, amount int) error {
		return mu.With(co, func() error {
			if balance < amount {
				return errors.New("not enough")
			}
			if err := loop.Sleep(co, time.Millisecond); err != nil { // asks the bank
				return err
			}
			balance -= amount
			return nil
		})
	}
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		first := loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, withdraw(co, 70) })
		second := withdraw(co, 70)
		_, err := loop.Await(co, first)
		fmt.Println(second)
		return struct{}{}, err
	})
	fmt.Println(balance, err)
	// Output:
	// not enough
	// 30 <nil>
}

// A semaphore bounds how many are at work at once.
func ExampleSemaphore() {
	l := newLoop()
	defer l.Close()
	sem := loop.NewBoundedSemaphore(l, 2)
	working, most := 0, 0
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		return struct{}{}, loop.WithGroup(co, func(g *loop.Group) error {
			for range 6 {
				g.Go(func(co *loop.Co) error {
					return sem.With(co, func() error {
						working++
						most = max(most, working)
						defer func() { working-- }()
						return loop.Sleep(co, time.Millisecond)
					})
				})
			}
			return nil
		})
	})
	fmt.Println("at most", most, err)
	// Output: at most 2 <nil>
}

// The time to wait for a permit is limited by a Co: then an error means that none
// was taken.
func ExampleSemaphore_Acquire_timeout() {
	l := newLoop()
	defer l.Close()
	sem := loop.NewSemaphore(l, 0)
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		scope, done := co.WithTimeout(time.Millisecond)
		defer done()
		return loop.Await(scope, sem.Acquire())
	})
	fmt.Println(errors.Is(err, context.DeadlineExceeded))
	fmt.Println(sem)
	// Output:
	// true
	// <Semaphore free 0, waiting 0>
}

// An event lets all go on who wait for it.
func ExampleEvent() {
	l := newLoop()
	defer l.Close()
	ready := loop.NewEvent(l)
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		return struct{}{}, loop.WithGroup(co, func(g *loop.Group) error {
			for i := range 2 {
				g.Go(func(co *loop.Co) error {
					_, err := loop.Await(co, ready.Wait())
					fmt.Println("runner", i, "starts")
					return err
				})
			}
			fmt.Println("ready, steady")
			ready.Set()
			return nil
		})
	})
	fmt.Println(err)
	// Output:
	// ready, steady
	// runner 0 starts
	// runner 1 starts
	// <nil>
}

// A condition tells that something may have changed; whoever waits looks for itself.
func ExampleCond() {
	l := newLoop()
	defer l.Close()
	changed := loop.NewCond(l)
	level := 0
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		waiter := loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for level < 3 {
				if _, err := loop.Await(co, changed.Wait()); err != nil {
					return struct{}{}, err
				}
				fmt.Println("level", level)
			}
			return struct{}{}, nil
		})
		for range 3 {
			level++
			changed.NotifyAll()
			if err := loop.Yield(co); err != nil {
				return struct{}{}, err
			}
		}
		return loop.Await(co, waiter)
	})
	fmt.Println(err)
	// Output:
	// level 1
	// level 2
	// level 3
	// <nil>
}

// Workers share a queue; Join says when all that was put is done.
func ExampleQueue() {
	l := newLoop()
	defer l.Close()
	q := loop.NewQueue[int](l, 2)
	sum := 0
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		for range 3 {
			loop.Go(co, func(co *loop.Co) (struct{}, error) {
				for n := range q.All(co) { // until co is cancelled
					err := loop.Sleep(co, time.Millisecond)
					sum += n
					q.TaskDone()
					if err != nil {
						return struct{}{}, err
					}
				}
				return struct{}{}, nil
			})
		}
		for n := range 10 {
			if _, err := loop.Await(co, q.Put(n)); err != nil { // waits for room
				return struct{}{}, err
			}
		}
		return loop.Await(co, q.Join())
	})
	fmt.Println(sum, err)
	// Output: 45 <nil>
}

// The most urgent item comes first.
func ExampleNewPriorityQueue() {
	type task struct {
		urgency int
		name    string
	}
	l := newLoop()
	defer l.Close()
	q := loop.NewPriorityQueue(l, 0, func(a, b task) bool { return a.urgency > b.urgency })
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		for _, t := range []task{{1, "water the plants"}, {9, "put out the fire"}, {1, "feed the cat"}} {
			if err := q.TryPut(t); err != nil {
				return struct{}{}, err
			}
		}
		for range 3 {
			t, err := loop.Await(co, q.Get())
			if err != nil {
				return struct{}{}, err
			}
			fmt.Println(t.name)
		}
		return struct{}{}, nil
	})
	fmt.Println(err)
	// Output:
	// put out the fire
	// water the plants
	// feed the cat
	// <nil>
}
