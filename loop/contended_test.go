package loop_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// A gate is a semaphore: the real one, or a copy with a bug.
type gate interface {
	Acquire() *loop.Future[struct{}]
	Release()
}

// arena is where coroutines contend for a few permits and a short queue, give up after
// some time, and are cancelled, all as the loop's seed has it.
type arena struct {
	co    *loop.Co
	gate  gate
	queue *loop.Queue[int]

	inside   int // have a permit
	put, got []int
}

const places, room, contenders, rounds = 2, 2, 6, 8

// contend is one run. Nothing may be lost: at the end all permits are back, and each
// item that was put was got once or is in the queue, in order.
func contend(gateOf func(l *loop.Loop) gate) func(co *loop.Co) error {
	return func(co *loop.Co) error {
		a := &arena{co: co, gate: gateOf(co.Loop()), queue: loop.NewQueue[int](co.Loop(), room)}
		err := loop.WithGroup(co, func(g *loop.Group) error {
			for i := range contenders {
				g.Go(func(co *loop.Co) error { return a.contender(co, i) })
			}
			return nil
		})
		if err != nil {
			return err
		}
		return a.settle()
	}
}

func (a *arena) contender(co *loop.Co, id int) error {
	r := co.Loop().Rand()
	for round := range rounds {
		scope, cancel := co.WithCancel()
		if r.IntN(3) == 0 { // somebody cancels it at some time
			co.Loop().After(time.Duration(r.IntN(6))*time.Millisecond, func() { cancel(nil) })
		}
		var err error
		switch item := id*rounds + round; r.IntN(3) {
		case 0:
			err = a.enter(co, scope)
		case 1:
			if _, e := wait(scope, a.queue.Put(item)); e == nil {
				a.put = append(a.put, item)
			}
		case 2:
			if item, e := wait(scope, a.queue.Get()); e == nil {
				a.got = append(a.got, item)
			}
		}
		cancel(nil)
		if err != nil {
			return err
		}
	}
	return nil
}

// enter takes a permit, holds it for some time, and gives it back.
func (a *arena) enter(co, scope *loop.Co) error {
	if _, err := wait(scope, a.gate.Acquire()); err != nil {
		return nil
	}
	if a.inside++; a.inside > places {
		return fmt.Errorf("%d have a permit", a.inside)
	}
	err := loop.Sleep(co, time.Duration(co.Loop().Rand().IntN(3))*time.Millisecond)
	a.inside--
	a.gate.Release()
	return err
}

// wait waits for 4 ms at most, by one of the two ways to say so.
func wait[T any](co *loop.Co, f *loop.Future[T]) (T, error) {
	r := co.Loop().Rand()
	limit := time.Duration(r.IntN(5)) * time.Millisecond
	if r.IntN(2) == 0 {
		return loop.Await(co, loop.WithTimeout(limit, f))
	}
	scope, done := co.WithTimeout(limit)
	defer done()
	return loop.Await(scope, f)
}

func (a *arena) settle() error {
	for range places {
		if _, err := loop.Await(a.co, loop.WithTimeout(time.Second, a.gate.Acquire())); err != nil {
			return fmt.Errorf("a permit is lost: %w", err)
		}
	}
	for a.queue.Len() > 0 {
		item, err := a.queue.TryGet()
		if err != nil {
			return err
		}
		a.got = append(a.got, item)
	}
	slices.Sort(a.put) // they are told of in another order than they came in
	slices.Sort(a.got)
	if !slices.Equal(a.put, a.got) {
		return fmt.Errorf("put %v, got %v", a.put, a.got)
	}
	return nil
}

// Under very many seeds the real semaphore and queue lose nothing.
func TestContended(t *testing.T) {
	looptest.Explore(t, count(100_000, 10_000, 2000), contend(func(l *loop.Loop) gate { return loop.NewSemaphore(l, places) }))
}

// planted is a semaphore with a bug: who gives up stays in the line if others stand
// both before and behind.
type planted struct {
	l       *loop.Loop
	free    int
	waiting []*loop.Promise[struct{}]
}

func (s *planted) Acquire() *loop.Future[struct{}] {
	if s.free > 0 {
		s.free--
		return s.l.Void()
	}
	p := loop.NewPromise[struct{}](s.l)
	s.waiting = append(s.waiting, p)
	p.OnWithdraw(func() {
		if i := slices.Index(s.waiting, p); i == 0 || i == len(s.waiting)-1 {
			s.waiting = slices.Delete(s.waiting, i, i+1)
		}
	})
	return p.Future()
}

func (s *planted) Release() {
	if len(s.waiting) == 0 {
		s.free++
		return
	}
	first := s.waiting[0]
	s.waiting = s.waiting[1:]
	first.Set(struct{}{})
}

// The bug is found by some seed, by that one each time, and in the same way.
func TestContendedFindsPlantedBug(t *testing.T) {
	body := contend(func(l *loop.Loop) gate { return &planted{l: l, free: places} })
	seed, err := looptest.FindSeed(t, 1, 1000, body)
	if err == nil {
		t.Fatal("no seed has found it")
	}
	for range 3 {
		again, err2 := looptest.FindSeed(t, seed, 1, body)
		if again != seed || err2 == nil || err2.Error() != err.Error() {
			t.Errorf("seed %d: %v, and then %v", seed, err, err2)
		}
	}
	t.Logf("seed %d has found it: %v", seed, err)
}
