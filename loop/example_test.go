package loop_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// newLoop makes a loop for an example.
func newLoop() *loop.Loop {
	l, err := loop.New(nil)
	if err != nil {
		log.Fatal(err)
	}
	return l
}

// A coroutine begins at once and reads as straight-line code; what it waits for does
// not hold up the loop.
func ExampleGo() {
	l := newLoop()
	defer l.Close()

	sum := func(a, b int) *loop.Future[int] {
		return loop.Go(l, func(co *loop.Co) (int, error) {
			fmt.Println("adding", a, "and", b)
			if err := loop.Sleep(co, time.Millisecond); err != nil {
				return 0, err
			}
			return a + b, nil
		})
	}

	got, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		first, second := sum(1, 2), sum(3, 4)
		fmt.Println("both have begun")
		a, err := loop.Await(co, first)
		if err != nil {
			return 0, err
		}
		b, err := loop.Await(co, second)
		return a * b, err
	})
	fmt.Println(got, err)
	// Output:
	// adding 1 and 2
	// adding 3 and 4
	// both have begun
	// 21 <nil>
}

// Spawn is for work that is to begin when the present code has had its turn.
func ExampleSpawn() {
	l := newLoop()
	defer l.Close()
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		f := loop.Spawn(co, func(co *loop.Co) (struct{}, error) {
			fmt.Println("then this")
			return struct{}{}, nil
		})
		fmt.Println("first this")
		return loop.Await(co, f)
	})
	fmt.Println(err)
	// Output:
	// first this
	// then this
	// <nil>
}

// RunSync runs a loop for as long as one body takes.
func ExampleRunSync() {
	l := newLoop()
	defer l.Close()
	n, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		return 42, loop.Yield(co)
	})
	fmt.Println(n, err)
	// Output: 42 <nil>
}

// A goroutine may block; Post brings its result to the loop.
func ExamplePromise_Post() {
	l := newLoop()
	defer l.Close()
	text, err := loop.RunSync(l, func(co *loop.Co) ([]byte, error) {
		p := loop.NewPromise[[]byte](l)
		go func() {
			b, err := os.ReadFile("testdata/no-such-file")
			_ = p.Post(b, err) // an error says that the loop is closed
		}()
		return loop.Await(co, p.Future())
	})
	fmt.Println(len(text), errors.Is(err, os.ErrNotExist))
	// Output: 0 true
}

// Sleep holds up one coroutine and nobody else.
func ExampleSleep() {
	l := newLoop()
	defer l.Close()
	say := func(what string, after time.Duration) *loop.Future[struct{}] {
		return loop.Go(l, func(co *loop.Co) (struct{}, error) {
			err := loop.Sleep(co, after)
			fmt.Println(what)
			return struct{}{}, err
		})
	}
	_, err := loop.RunSync(l, func(co *loop.Co) ([]struct{}, error) {
		return loop.Await(co, loop.All(l, say("late", 20*time.Millisecond), say("early", time.Millisecond)))
	})
	fmt.Println(err)
	// Output:
	// early
	// late
	// <nil>
}

// All gives the values in the order of its arguments, whichever comes first.
func ExampleAll() {
	l := newLoop()
	defer l.Close()
	after := func(d time.Duration, v string) *loop.Future[string] {
		return loop.Go(l, func(co *loop.Co) (string, error) { return v, loop.Sleep(co, d) })
	}
	got, err := loop.RunSync(l, func(co *loop.Co) ([]string, error) {
		return loop.Await(co, loop.All(l, after(5*time.Millisecond, "slow"), after(0, "fast")))
	})
	fmt.Println(got, err)
	// Output: [slow fast] <nil>
}

// AsCompleted gives each future when it is done.
func ExampleAsCompleted() {
	l := newLoop()
	defer l.Close()
	after := func(d time.Duration, v string) *loop.Future[string] {
		return loop.Go(l, func(co *loop.Co) (string, error) { return v, loop.Sleep(co, d) })
	}
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		for i, f := range loop.AsCompleted(co, after(20*time.Millisecond, "slow"), after(0, "fast")) {
			v, err := f.Result()
			fmt.Println(i, v, err)
		}
		return struct{}{}, co.Err() // not nil if the iteration has ended early
	})
	fmt.Println(err)
	// Output:
	// 1 fast <nil>
	// 0 slow <nil>
	// <nil>
}

// WithTimeout bounds one wait; its error matches context.DeadlineExceeded.
func ExampleWithTimeout() {
	l := newLoop()
	defer l.Close()
	_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
		never := loop.NewPromise[int](l)
		return loop.Await(co, loop.WithTimeout(time.Millisecond, never.Future()))
	})
	fmt.Println(err, errors.Is(err, context.DeadlineExceeded))
	// Output: loop: timed out true
}

// WithCancel makes a part of a coroutine that can be cancelled by itself.
func ExampleCo_WithCancel() {
	l := newLoop()
	defer l.Close()
	errEnough := errors.New("enough")
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		scope, cancel := co.WithCancel()
		l.After(time.Millisecond, func() { cancel(errEnough) })
		err := loop.Sleep(scope, time.Hour)
		fmt.Println(errors.Is(err, context.Canceled), errors.Is(err, errEnough))
		return struct{}{}, loop.Yield(co) // the rest of the body goes on
	})
	fmt.Println(err)
	// Output:
	// true true
	// <nil>
}

// No child outlives its group, and the first error cancels the others.
func ExampleWithGroup() {
	l := newLoop()
	defer l.Close()
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		err := loop.WithGroup(co, func(g *loop.Group) error {
			g.Go(func(co *loop.Co) error {
				err := loop.Sleep(co, time.Hour)
				fmt.Println("first child:", err)
				return err
			})
			g.Go(func(co *loop.Co) error {
				return errors.New("the second child gives up")
			})
			return nil
		})
		fmt.Println("both have ended")
		return struct{}{}, err
	})
	fmt.Println(err)
	// Output:
	// first child: context canceled: the second child gives up
	// both have ended
	// the second child gives up
}

// Under Shield a coroutine that was cancelled can wait once more, to clean up.
func ExampleShield() {
	l := newLoop()
	defer l.Close()
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		scope, cancel := co.WithTimeout(time.Millisecond)
		defer cancel()
		err := loop.Sleep(scope, time.Hour)
		fmt.Println(err)
		return struct{}{}, loop.Shield(scope, time.Second, func(co *loop.Co) error {
			err := loop.Sleep(co, time.Millisecond)
			fmt.Println("cleaned up")
			return err
		})
	})
	fmt.Println(err)
	// Output:
	// context deadline exceeded
	// cleaned up
	// <nil>
}

// Every calls a function again and again, until it is stopped.
func ExampleLoop_Every() {
	l := newLoop()
	defer l.Close()
	n := 0
	var ticker *loop.Ticker
	ticker = l.Every(time.Millisecond, func() {
		n++
		fmt.Println("tick", n)
		if n == 3 {
			ticker.Stop()
			l.Stop()
		}
	})
	fmt.Println(l.Run())
	// Output:
	// tick 1
	// tick 2
	// tick 3
	// <nil>
}

// After calls a function once.
func ExampleLoop_After() {
	l := newLoop()
	defer l.Close()
	l.After(2*time.Millisecond, l.Stop)
	l.After(time.Millisecond, func() { fmt.Println("after a millisecond") })
	l.After(time.Millisecond, func() { fmt.Println("never") }).Stop()
	fmt.Println(l.Run())
	// Output:
	// after a millisecond
	// <nil>
}

// Do is the door into a loop that runs on another goroutine.
func ExampleDo() {
	l := newLoop()
	ended := make(chan error)
	go func() { ended <- l.Run() }()

	visits := 0 // belongs to the loop: no lock
	for range 3 {
		n, err := loop.Do(context.Background(), l, func(co *loop.Co) (int, error) {
			visits++
			return visits, loop.Yield(co)
		})
		fmt.Println(n, err)
	}
	l.Close()
	fmt.Println(<-ended)
	// Output:
	// 1 <nil>
	// 2 <nil>
	// 3 <nil>
	// loop: closed
}

func ExampleScope() {
	l := newLoop()
	defer l.Close()
	_, _ = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		work := loop.Scope(co) // a context for a goroutine, that code on the loop ends
		ended := loop.FromFunc(l, func(context.Context) (string, error) {
			<-work.Done()
			return context.Cause(work).Error(), nil
		})
		work.Cancel(errors.New("enough"))
		why, err := loop.Await(co, ended)
		fmt.Println(why)
		return struct{}{}, err
	})
	// Output: enough
}
