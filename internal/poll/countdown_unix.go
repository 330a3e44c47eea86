//go:build unix && !aix

package poll

import "time"

// longestSleep bounds one system call, as some systems refuse long timeouts and
// some count them in 32 bits. A sleep beyond it wakes once a day and sleeps on.
const longestSleep = 24 * time.Hour

// A countdown measures one Wait of a backend that gives its timeout to the system
// call. The call may return early, so what is left is worked out before each.
type countdown struct {
	began   time.Time
	timeout time.Duration
}

func countDown(timeout time.Duration) countdown {
	return countdown{time.Now(), timeout}
}

// left is the rest of the timeout: 0 once it has passed, negative if it never
// passes.
func (c countdown) left() time.Duration {
	if c.timeout < 0 {
		return -1
	}
	return max(c.timeout-time.Since(c.began), 0)
}
