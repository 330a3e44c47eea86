package loop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// A group waits for its children, which begin at once.
func TestGroupWaitsForChildren(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		start := l.Now()
		var s story
		err := loop.WithGroup(co, func(g *loop.Group) error {
			for i := range 3 {
				g.Go(func(co *loop.Co) error {
					s.add(fmt.Sprint("begin ", i))
					defer s.add(fmt.Sprint("end ", i))
					return loop.Sleep(co, time.Duration(3-i)*time.Second)
				})
			}
			g.Go(func(*loop.Co) error { return nil }) // does not wait
			s.add("body ends")
			return nil
		})
		if err != nil || l.Now().Sub(start) != 3*time.Second {
			t.Errorf("%v after %v", err, l.Now().Sub(start))
		}
		s.check(t, "begin 0", "begin 1", "begin 2", "body ends", "end 2", "end 1", "end 0")
		return loop.WithGroup(co, func(*loop.Group) error { return nil })
	})
}

// The first error cancels the rest, with that error as the cause, and is returned
// when all have ended.
func TestGroupFirstErrorCancels(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		for _, from := range []string{"child", "body", "panic", "goexit"} {
			start := l.Now()
			ended := 0
			err := loop.WithGroup(co, func(g *loop.Group) error {
				for range 3 {
					g.Go(func(co *loop.Co) error {
						err := loop.Sleep(co, time.Hour)
						if !errors.Is(err, context.Canceled) || context.Cause(co) == context.Canceled {
							t.Errorf("%s: a child got %v, cause %v", from, err, context.Cause(co))
						}
						_ = loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Minute) })
						ended++
						return errors.New("a later error")
					})
				}
				switch from {
				case "body":
					return errTest
				default:
					g.Go(func(co *loop.Co) error {
						if err := loop.Sleep(co, time.Second); err != nil {
							return err
						}
						switch from {
						case "panic":
							panic(errTest)
						case "goexit":
							runtime.Goexit()
						}
						return errTest
					})
				}
				return nil
			})
			want := errTest
			if from == "goexit" {
				want = loop.ErrGoexit
			}
			if !errors.Is(err, want) || ended != 3 {
				t.Errorf("%s: %v, %d children had ended", from, err, ended)
			}
			if took := l.Now().Sub(start); took > 2*time.Minute {
				t.Errorf("%s: took %v", from, took)
			}
		}
		return nil
	})
}

// The group's own Co is cancelled by the first error too, so that the body can wait
// under it.
func TestGroupCo(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		err := loop.WithGroup(co, func(g *loop.Group) error {
			g.Go(func(co *loop.Co) error { return errors.Join(loop.Yield(co), errTest) })
			err := loop.Sleep(g.Co(), time.Hour)
			if !errors.Is(err, errTest) || !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
			return err
		})
		if !errors.Is(err, errTest) || errors.Is(err, context.Canceled) {
			t.Errorf("the first error is not the child's but %v", err)
		}
		return nil
	})
}

// Children may start children.
func TestGroupChildrenStartChildren(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		n := 0
		err := loop.WithGroup(co, func(g *loop.Group) error {
			var grow func(depth int) func(co *loop.Co) error
			grow = func(depth int) func(co *loop.Co) error {
				return func(co *loop.Co) error {
					n++
					if err := loop.Sleep(co, time.Second); err != nil || depth == 0 {
						return err
					}
					g.Go(grow(depth - 1))
					g.Go(grow(depth - 1))
					return nil
				}
			}
			g.Go(grow(5))
			return nil
		})
		if n != 63 {
			t.Errorf("%d children ran, want 63", n)
		}
		return err
	})
}

// The cancellation of the coroutine around it reaches the children, and the group
// still waits for them.
func TestGroupCancelledFromOutside(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		ended := 0
		scope, cancel := co.WithCancel()
		co.Loop().After(time.Second, func() { cancel(errTest) })
		f := loop.Go(scope, func(co *loop.Co) (int, error) {
			err := loop.WithGroup(co, func(g *loop.Group) error {
				for range 3 {
					g.Go(func(co *loop.Co) error {
						err := loop.Sleep(co, time.Hour)
						_ = loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Second) })
						ended++
						return err
					})
				}
				return nil
			})
			return ended, err
		})
		if n, err := loop.Await(co, f); !errors.Is(err, errTest) || n != 0 && n != 3 || ended != 3 {
			t.Errorf("%d, %v, %d ended", n, err, ended)
		}
		return nil
	})
}

// A body that panics, or exits, does not leave its children behind.
func TestGroupBodyPanics(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, end := range []func(){func() { panic(errTest) }, runtime.Goexit} {
			ended := 0
			f := loop.Go(co, func(co *loop.Co) (int, error) {
				return 0, loop.WithGroup(co, func(g *loop.Group) error {
					g.Go(func(co *loop.Co) error {
						err := loop.Sleep(co, time.Hour)
						ended++
						return err
					})
					end()
					return nil
				})
			})
			_, err := loop.Await(co, f)
			if ended != 1 || !errors.Is(err, errTest) && err != loop.ErrGoexit {
				t.Errorf("%v, %d ended", err, ended)
			}
		}
		return coroutinesWork(co)
	})
}

// Also Close ends a group.
func TestGroupEndsAtClose(t *testing.T) {
	looptest.NoLeaks(t)
	l, _ := recorded(t)
	ended := 0
	f := loop.Go(l, func(co *loop.Co) (int, error) {
		return 0, loop.WithGroup(co, func(g *loop.Group) error {
			for range 3 {
				g.Go(func(co *loop.Co) error {
					// Outlasts the patience of Close.
					err := loop.Shield(co, 0, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
					ended++
					return err
				})
			}
			return nil
		})
	})
	l.Close()
	if _, err := f.Result(); err != loop.ErrClosed || ended != 3 {
		t.Errorf("%v, %d ended", err, ended)
	}
}
