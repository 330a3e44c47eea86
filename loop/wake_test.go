package loop_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
	"github.com/zonda-go/zonda/loop"
)

const posters = 8

// A storm is eight goroutines that post to a loop, each in its own rhythm: at once,
// after a pause, or only when the post before has run, so that the loop sleeps in
// between. A wake-up that is lost leaves a poster waiting for ever.
type storm struct {
	l     *loop.Loop
	posts int // of each poster

	// Owned by the loop.
	next [posters]int // the number that each poster's next post should have
	left int

	// Any goroutine.
	ran   atomic.Int64
	wrong atomic.Int64 // posts out of order
}

func newStorm(l *loop.Loop, posts int) *storm {
	return &storm{l: l, posts: posts, left: posters * posts}
}

func (s *storm) poster(t *testing.T, who int) {
	rhythm := rand.New(rand.NewPCG(uint64(who), 1))
	answer := make(chan struct{}, 1)
	often := 64
	if who == 0 {
		often = 4 // it will be the last, and alone with the loop
	}
	for i := range s.posts {
		wait := rhythm.IntN(often) == 0
		err := s.l.Post(func() {
			if s.next[who] != i {
				s.wrong.Add(1)
			}
			s.next[who] = i + 1
			s.ran.Add(1)
			if wait {
				answer <- struct{}{}
			}
			if s.left--; s.left == 0 {
				s.l.Stop()
			}
		})
		if err != nil {
			t.Errorf("Post: %v", err)
			return
		}
		if wait {
			<-answer
		}
		switch rhythm.IntN(16) {
		case 0:
			runtime.Gosched()
		case 1:
			for range rhythm.IntN(2000) { // a pause without the scheduler
				s.wrong.Load()
			}
		}
	}
}

// run lets the posters loose while the loop runs here, and fails if there is no
// progress for seconds.
func (s *storm) run(t *testing.T) {
	patience := 3 * time.Second
	if owner.Enabled {
		patience = 20 * time.Second
	}
	end := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for before := int64(-1); ; {
			select {
			case <-end:
				return
			case <-time.After(patience):
			}
			if now := s.ran.Load(); now != before {
				before = now
			} else {
				hangs(fmt.Sprintf("%s, after %d posts of %d,", t.Name(), now, posters*s.posts))
			}
		}
	})
	others.Go(func() {
		for {
			select {
			case <-end:
				return
			case <-time.After(time.Millisecond):
				runtime.GC()
			}
		}
	})
	for who := range posters {
		others.Go(func() { s.poster(t, who) })
	}
	run(t, s.l)
	close(end)
	others.Wait()
	if n := s.wrong.Load(); n > 0 {
		t.Errorf("%d posts ran out of their poster's order", n)
	}
	if n := s.ran.Load(); n != int64(posters*s.posts) {
		t.Errorf("%d posts of %d ran", n, posters*s.posts)
	}
}

// Tornado 1.10, 1.11, I03: no wake-up is lost, and the posts of one goroutine run in
// their order, on every backend, with one P and with two, whichever timers are set.
func TestNoWakeUpIsLost(t *testing.T) {
	timers := []struct {
		name string
		set  func(l *loop.Loop)
	}{
		{"no timer", func(l *loop.Loop) {}},
		{"one far away", func(l *loop.Loop) { l.After(time.Hour, func() {}) }},
		{"ticking", func(l *loop.Loop) { l.Every(time.Millisecond, func() {}) }},
		{"moving", func(l *loop.Loop) {
			// Set earlier and later again and again, often just about to fire.
			var again func()
			var other loop.Timer
			again = func() {
				other.Stop()
				other = l.After(rand.N(100*time.Microsecond), func() {})
				l.After(rand.N(100*time.Microsecond), again)
			}
			again()
		}},
	}
	eachPoller(t, func(t *testing.T, name string) {
		for procs := 1; procs <= 2; procs++ {
			for _, timer := range timers {
				t.Run(fmt.Sprintf("%d/%s", procs, timer.name), func(t *testing.T) {
					defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(procs))
					l := machineLoop(t, &loop.Options{Poller: name})
					timer.set(l)
					newStorm(l, count(100_000, 10_000, 500)).run(t)
				})
			}
		}
	})
}

// The same for longer, on the default backend.
func TestNoWakeUpIsLostForLong(t *testing.T) {
	l := machineLoop(t, nil)
	newStorm(l, count(1_000_000, 50_000, 5_000)).run(t)
}

// A Post in the middle of an iteration is for the next one.
func TestPostFromLoop(t *testing.T) {
	l := machineLoop(t, &loop.Options{Poller: "chan"})
	var s story
	l.Call(func() {
		l.Post(func() {
			s.add("posted")
			l.Stop()
		})
		l.Call(s.note("called"))
	})
	l.Call(s.note("rest"))
	run(t, l)
	s.check(t, "rest", "called", "posted")
}

// Virtual time does not jump over what was posted.
func TestPostBeforeClockJumps(t *testing.T) {
	l := guardedLoop(t)
	began := l.Now()
	l.After(time.Hour, func() { t.Error("an hour passed") })
	l.Call(func() {
		l.Post(func() {
			if d := l.Now().Sub(began); d != 0 {
				t.Errorf("the post ran %v later", d)
			}
			l.Stop()
		})
	})
	run(t, l)
}

// What was posted before Run waits for it.
func TestPostBeforeRun(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		onGoroutine(t, func() { l.Post(l.Stop) })
		run(t, l)
	})
}

// Tornado I09: posts that race with Close never panic. Each is taken, and then it
// runs, or refused, and then so are all that follow.
func TestPostWhileClosing(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		for range count(100, 20, 5) {
			l := machineLoop(t, &loop.Options{Poller: name})
			var taken, ran atomic.Int64
			started := make(chan struct{})
			var posting sync.WaitGroup
			posting.Go(func() {
				refused := false
				for i := range 1000 {
					switch err := l.Post(func() { ran.Add(1) }); {
					case err == nil && !refused:
						taken.Add(1)
					case !errors.Is(err, loop.ErrClosed):
						t.Errorf("Post: %v", err)
					default:
						refused = true
					}
					if i == 100 {
						close(started)
					}
				}
			})
			posting.Go(func() {
				<-started
				l.Close()
			})
			if err := l.Run(); !errors.Is(err, loop.ErrClosed) {
				t.Errorf("Run: %v", err)
			}
			within(t, l.Closed())
			posting.Wait()
			if taken.Load() != ran.Load() {
				t.Errorf("%d posts were taken, %d ran", taken.Load(), ran.Load())
			}
			if err := l.Post(func() {}); !errors.Is(err, loop.ErrClosed) {
				t.Errorf("Post after Close: %v", err)
			}
		}
	})
}

// Tornado I25: loops are made and closed on several goroutines at a time.
func TestMakeAndCloseAtOnce(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		watchdog(t)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 10 {
					l, err := loop.New(&loop.Options{Poller: name})
					if err != nil {
						t.Error(err)
						return
					}
					l.Call(l.Stop)
					if err := l.Run(); err != nil {
						t.Error(err)
					}
					if err := l.Close(); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	})
}
