package loop

import "time"

// A Clock tells a loop what time it is. With another clock than the machine's,
// time can be virtual: looptest has one. Its methods are called by whoever holds
// the loop.
type Clock interface {
	// Now is the present. It never goes back, and it goes forward only between
	// two callbacks or not at all.
	Now() time.Time
	// Skip is called when nothing is ready and the next deadline is d away; d is
	// negative when there is none. A virtual clock moves forward by d and returns true;
	// without a deadline it may look into who waits for what, and returns true if it
	// has made something ready. One that follows real time returns false, and the loop
	// sleeps.
	Skip(d time.Duration) bool
}
