package main

import "github.com/zonda-go/zonda/loop"

// p1 mirrors test() of seed 000. The callback on the future is run by the loop, in
// the iteration after the one that sets the result, as with add_future.
func p1(s *stage) error {
	promise := loop.NewPromise[string](s.l)
	future := promise.Future()
	s.print("init future %s", show(future))
	future.OnDone(func(f *loop.Future[string]) {
		s.print("ioloop callback after future done,future is %s", show(f))
		s.l.Stop()
	})
	// Stands for input that takes its time.
	s.l.After(s.seconds(5), func() { promise.Set("set future is done") })
	s.print("init complete")
	return s.l.Run()
}
