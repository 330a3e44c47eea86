package loop_test

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

func contains(b []byte, part string) bool { return bytes.Contains(b, []byte(part)) }

func TestFromChan(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		c := make(chan int)
		f := loop.FromChan(l, c)
		go func() { c <- 7 }()
		if v, err := loop.Await(co, f); v != 7 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		// A value that comes once nobody waits stays in the channel.
		buffered := make(chan int, 1)
		scope, cancel := co.WithTimeout(time.Second)
		defer cancel()
		f = loop.FromChan(l, buffered)
		if _, err := loop.Await(scope, f); err != context.DeadlineExceeded {
			t.Error(err)
		}
		buffered <- 8
		if v, err := loop.Await(co, loop.FromChan(l, buffered)); v != 8 || err != nil {
			t.Errorf("%v, %v", v, err)
		}
		close(c)
		if _, err := loop.Await(co, loop.FromChan(l, c)); err != loop.ErrChanClosed {
			t.Error(err)
		}
		loop.FromChan(l, make(chan int)) // its goroutine ends with the loop
		return nil
	})
}

// That is so even if the goroutine that waits for the value has not begun to: with one
// P it has not.
func TestFromChanWithdrawnAtOnce(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	looptest.Run(t, func(co *loop.Co) error {
		c := make(chan int, 1)
		for i := range 100 {
			scope, cancel := co.WithCancel()
			f := loop.FromChan(co.Loop(), c)
			co.Loop().Call(func() { cancel(nil) })
			if _, err := loop.Await(scope, f); err != context.Canceled {
				t.Error(err)
			}
			c <- i
			runtime.Gosched()
			if len(c) == 0 {
				t.Fatal("the value was taken")
			}
			<-c
		}
		return nil
	})
}

func TestFromContext(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		ctx, cancel := context.WithCancelCause(context.Background())
		f := loop.FromContext(l, ctx)
		go cancel(errTest)
		if _, err := loop.Await(co, f); err != errTest {
			t.Error(err)
		}
		if _, err := loop.Await(co, loop.FromContext(l, ctx)); err != errTest {
			t.Error(err)
		}
		return nil
	})
}

// 1.42, C04, I30, G28 (concurrent futures): a blocking function runs on a goroutine,
// and its result comes back to the loop.
func TestFromFunc(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		meet := make(chan int)
		give := loop.FromFunc(l, func(context.Context) (int, error) { meet <- 7; return 1, nil })
		take := loop.FromFunc(l, func(context.Context) (int, error) { return <-meet, nil }) // I31: both at once
		if got, err := loop.Await(co, loop.All(l, give, take)); err != nil || got[0] != 1 || got[1] != 7 {
			t.Errorf("%v, %v", got, err)
		}
		if _, err := loop.Await(co, loop.FromFunc(l, func(context.Context) (int, error) { return 3, errTest })); err != errTest {
			t.Error(err)
		}
		var pe *loop.PanicError
		_, err := loop.Await(co, loop.FromFunc(l, func(context.Context) (int, error) { panicDeepDown("oops"); return 0, nil }))
		if !errors.As(err, &pe) || pe.Value != "oops" || !contains(pe.Stack, "panicDeepDown") {
			t.Error(err)
		}
		_, err = loop.Await(co, loop.FromFunc(l, func(context.Context) (int, error) { runtime.Goexit(); return 0, nil }))
		if err != loop.ErrGoexit {
			t.Error(err)
		}
		return nil
	})
}

// The context of FromFunc ends when nobody waits any more, and with the loop.
func TestFromFuncContext(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		untilDone := func(ctx context.Context) (int, error) { <-ctx.Done(); return 0, ctx.Err() }
		f := loop.FromFunc(l, untilDone)
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, f)); err != loop.ErrTimeout {
			t.Error(err)
		}
		if _, err := loop.Await(co, f); err != context.Canceled {
			t.Error(err)
		}
		loop.FromFunc(l, untilDone) // ends with the loop
		return nil
	})
}
