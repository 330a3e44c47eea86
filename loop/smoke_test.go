package loop

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"time"
)

func TestSmoke(t *testing.T) {
	for _, name := range []string{"epoll", "poll", "chan"} {
		t.Run(name, func(t *testing.T) {
			l := open(t, &Options{Poller: name})
			n, err := RunSync(l, func(co *Co) (int, error) {
				if err := Sleep(co, 10*time.Millisecond); err != nil {
					return 0, err
				}
				p := NewPromise[int](l)
				go func() { p.Post(7, nil) }()
				v, err := Await(co, p.Future())
				if err != nil {
					return 0, err
				}
				f := Go(co, func(co *Co) (int, error) {
					return 3, Yield(co)
				})
				g := Spawn(co, func(co *Co) (int, error) { panic("oops") })
				w, err := Await(co, f)
				_, perr := Await(co, g)
				var pe *PanicError
				if !errors.As(perr, &pe) {
					t.Error(perr)
				}
				h := Go(co, func(co *Co) (int, error) { runtime.Goexit(); return 0, nil })
				if _, err := Await(co, h); !errors.Is(err, ErrGoexit) {
					t.Error(err)
				}
				h = Go(co, func(co *Co) (int, error) { Yield(co); runtime.Goexit(); return 0, nil })
				if _, err := Await(co, h); !errors.Is(err, ErrGoexit) {
					t.Error(err)
				}
				c2, cancel := co.WithTimeout(time.Millisecond)
				defer cancel()
				if err := Sleep(c2, time.Hour); !errors.Is(err, context.DeadlineExceeded) {
					t.Error(err)
				}
				return v + w, err
			})
			if n != 10 || err != nil {
				t.Fatal(n, err)
			}
			f := Go(l, func(co *Co) (int, error) { return 0, Sleep(co, time.Hour) })
			l.Close()
			if !f.done || !errors.Is(f.err, ErrClosed) || !errors.Is(f.err, context.Canceled) {
				t.Error(f)
			}
		})
	}
}
