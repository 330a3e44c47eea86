package main

import "github.com/zonda-go/zonda/loop"

// p3 mirrors main() of seed 000. The empty line comes after the coroutine's first
// two lines, which are printed while it is being started.
func p3(s *stage) error {
	future := sumOfTwoWaits(s, 2, 3)
	s.print("")
	s.print("%s", show(future))
	return s.until(future)
}

// sumOfTwoWaits mirrors asyn_sum() of seed 000. The second timer is made by the
// callback of the first, so the second wait begins when the first has ended.
func sumOfTwoWaits(s *stage, a, b int) *loop.Future[struct{}] {
	return loop.Go(s.l, func(co *loop.Co) (none struct{}, err error) {
		s.print("begin calculate:sum %d+%d", a, b)
		promise := loop.NewPromise[int](s.l)
		promise2 := loop.NewPromise[struct{}](s.l)
		s.print("%s", show(promise.Future()))
		callback := func() {
			s.print("calculating the sum of %d+%d:", a, b)
			promise.Set(a + b)
			s.l.After(s.seconds(3), func() { promise2.Set(struct{}{}) })
		}
		s.l.After(s.seconds(3), callback)
		result, err := loop.Await(co, promise.Future())
		if err != nil {
			return none, err
		}
		s.print("after yielded")
		s.print("the %d+%d=%d", a, b, result)
		if _, err := loop.Await(co, promise2.Future()); err != nil {
			return none, err
		}
		s.print("after future2")
		return none, nil
	})
}
