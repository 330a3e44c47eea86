package main

import (
	"fmt"
	"runtime"
	"strings"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

// A way is one way to wait for events. The backend decides what a sleep is:
// "epoll-block" blocks in epoll_wait, a system call that the scheduler is told
// of; "epoll" parks the epoll descriptor under Go's own poller. A Wait with
// timeout zero is a raw epoll_wait in both.
type way struct {
	name    string
	backend string
	wait    func(*sleeper) (int, error)
}

func ways() []way {
	return []way{
		{"block", "epoll-block", (*sleeper).sleep},
		{"dance", "epoll-block", (*sleeper).dance},
		{"spin", "epoll-block", (*sleeper).spinFirst},
		{"park", "epoll", (*sleeper).lookFirst},
		{"polite", "epoll", (*sleeper).polite},
		{"parkdance", "epoll", (*sleeper).dance},
		{"parkonly", "epoll", (*sleeper).sleep},
	}
}

func wayNames() []string {
	var names []string
	for _, w := range ways() {
		names = append(names, w.name)
	}
	return names
}

func findWay(name string) (way, error) {
	for _, w := range ways() {
		if w.name == name {
			return w, nil
		}
	}
	return way{}, fmt.Errorf("no way %q; there are %s", name, strings.Join(wayNames(), ", "))
}

// batchEvents is how many events one poll fetches, as in package loop.
const batchEvents = 256

// politeness is that of package loop: how long a loop may stay away from its
// sleep before it lets other goroutines have its P.
const politeness = 200 * time.Microsecond

// A sleeper is the part of an echo loop that waits. It belongs to the loop.
type sleeper struct {
	poller  poll.Poller
	events  []poll.Event
	start   time.Time
	lastNap time.Duration // for polite
	kept    time.Duration // for polite
	spin    spin          // for spinFirst
}

func (s *sleeper) now() time.Duration { return time.Since(s.start) }

func (s *sleeper) look() (int, error) { return s.poller.Wait(s.events, 0) }

// sleep waits at once. The epoll backend looks before it parks; that look is
// the only one then.
func (s *sleeper) sleep() (int, error) { return s.poller.Wait(s.events, -1) }

func (s *sleeper) lookFirst() (int, error) {
	if n, err := s.look(); n > 0 || err != nil {
		return n, err
	}
	return s.sleep()
}

// dance lets goroutines that were made ready meanwhile run before the P is lost
// to a system call.
func (s *sleeper) dance() (int, error) {
	if n, err := s.look(); n > 0 || err != nil {
		return n, err
	}
	runtime.Gosched()
	return s.sleep()
}

// polite is park with package loop's manners: it gives way before it sleeps, and now
// and then when it finds events at every look; but to those that compute, and keep
// the P for long, only as often as they to it.
func (s *sleeper) polite() (int, error) {
	n, err := s.look()
	if n == 0 && err == nil {
		if s.kept <= politeness {
			s.giveWay()
		} else {
			s.kept /= 2
		}
		n, err = s.sleep()
		s.lastNap = s.now()
		return n, err
	}
	if s.now()-s.lastNap > max(politeness, s.kept) {
		s.giveWay()
	}
	return n, err
}

func (s *sleeper) giveWay() {
	before := s.now()
	runtime.Gosched()
	s.lastNap = s.now()
	s.kept = min(s.lastNap-before, 10*time.Millisecond)
}

// spinFirst is dance, except that an empty look is repeated for as long as
// that has been of use.
func (s *sleeper) spinFirst() (int, error) {
	if n, err := s.look(); n > 0 || err != nil {
		return n, err
	}
	if allowed := s.spin.allowance(); allowed > 0 {
		for end := s.now() + allowed; s.now() < end; {
			if n, err := s.look(); n > 0 || err != nil {
				s.spin.found()
				return n, err
			}
		}
		s.spin.missed()
	}
	runtime.Gosched()
	return s.sleep()
}
