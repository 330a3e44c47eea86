package main

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// others are goroutines that do nothing but compute, as a process's own work
// does beside its loop. The zero value has none.
type others struct {
	began  atomic.Int64 // when counting began, by the clock since start
	units  atomic.Int64
	ending atomic.Bool
	clock  time.Time
	done   sync.WaitGroup
}

func (o *others) start(n int) {
	o.clock = time.Now()
	for range n {
		o.done.Go(o.compute)
	}
}

// reset begins the count anew. Any goroutine may call it.
func (o *others) reset() {
	o.units.Store(0)
	o.began.Store(int64(time.Since(o.clock)))
}

// stop ends them and tells what they did since reset.
func (o *others) stop() measure.Work {
	if o.clock.IsZero() {
		return measure.Work{}
	}
	took := time.Since(o.clock) - time.Duration(o.began.Load())
	units := o.units.Load()
	o.ending.Store(true)
	o.done.Wait()
	return measure.Work{Units: units, Seconds: took.Seconds()}
}

// compute counts units of some microseconds each. It never waits and touches no
// memory, and calls nothing at which the scheduler could take its P politely.
func (o *others) compute() {
	x := uint64(1)
	for !o.ending.Load() {
		for range 4096 {
			x ^= x << 13
			x ^= x >> 7
			x ^= x << 17
		}
		if x == 0 { // never; so that the loop above has a use
			return
		}
		o.units.Add(1)
	}
}
