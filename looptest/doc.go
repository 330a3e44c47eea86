// Package looptest makes loops repeatable in tests: time that jumps when nothing is
// ready, so that no test sleeps, and a network in memory, so that none needs a port, and
// on which things go wrong as a seed has it.
//
//	func TestTimeout(t *testing.T) {
//		looptest.Run(t, func(co *loop.Co) error {
//			start := co.Loop().Now()
//			if err := loop.Sleep(co, time.Hour); err != nil {
//				return err
//			}
//			if co.Loop().Now().Sub(start) != time.Hour {
//				t.Error("an hour is an hour")
//			}
//			return nil
//		})
//	}
//
// Exact repetition is promised while the loop is the test's only goroutine.
package looptest
