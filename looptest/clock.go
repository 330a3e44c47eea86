package looptest

import (
	"sync"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A Clock is virtual time for a loop: it stands still while there is work, and jumps
// to the next deadline when there is none. Now may be called from any goroutine. The
// zero Clock begins at the zero time; NewClock begins at a plain date.
type Clock struct {
	mu  sync.Mutex
	now time.Time

	idle func() bool // called when nothing is due; set before the loop runs
}

var _ loop.Clock = (*Clock)(nil)

// NewClock is a clock that begins at midnight UTC of 1 January 2000.
func NewClock() *Clock {
	return &Clock{now: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)}
}

// Now is the virtual present.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Skip moves the clock forward by d. The loop calls it; a test may, to let time pass
// while its code runs.
func (c *Clock) Skip(d time.Duration) bool {
	if d < 0 {
		return c.idle != nil && c.idle()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return true
}
