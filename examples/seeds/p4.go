package main

import "github.com/zonda-go/zonda/loop"

// p4 mirrors main() of seed 003.
func p4(s *stage) error { return s.until(sumByCallback(s, 2, 3)) }

// sumByCallback mirrors asyn_sum() of seed 003. The callback sets the result in one
// iteration, and the coroutine goes on in the next.
func sumByCallback(s *stage, a, b int) *loop.Future[struct{}] {
	return loop.Go(s.l, func(co *loop.Co) (none struct{}, err error) {
		s.print("begin calculate:sum %d+%d", a, b)
		promise := loop.NewPromise[int](s.l)
		callback := func() {
			s.print("calculating the sum of %d+%d:", a, b)
			promise.Set(a + b)
		}
		s.l.Call(callback)
		result, err := loop.Await(co, promise.Future())
		if err != nil {
			return none, err
		}
		s.print("after yielded")
		s.print("the %d+%d=%d", a, b, result)
		return none, nil
	})
}
