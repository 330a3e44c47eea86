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

// counted is a backend of that kind, as countedWait sees it.
type counted interface {
	// look reports what is ready without waiting, and leaves the waker's flag alone.
	look(dst []Event) (int, error)
	// sleep is one call of at most left. woken: the waker's flag was up, and is down
	// again.
	sleep(dst []Event, left time.Duration) (n int, woken bool, err error)
}

// countedWait is such a backend's Wait.
func countedWait(p counted, w *waker, dst []Event, timeout time.Duration) (int, error) {
	if len(dst) == 0 {
		return 0, errNoRoom
	}
	if timeout == 0 {
		return p.look(dst)
	}
	for c := countDown(timeout); ; {
		left := c.left()
		if left == 0 || w.take() {
			return p.look(dst)
		}
		if n, woken, err := p.sleep(dst, left); n > 0 || err != nil || woken {
			return n, err
		}
	}
}
