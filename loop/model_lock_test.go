package loop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"pgregory.net/rapid"
)

// Random programs of coroutines that wait for permits and items, under deadlines and
// timeouts, and are cancelled, run beside a sequential model: after each step both
// must have the same waiters, and must have ended in the same order with the same
// outcome. So no permit or item is lost, comes twice, or comes out of turn.

// A way is how someone waits.
type way int

const (
	simply    way = iota // Await
	byScope              // Await under a Co with a timeout
	byTimeout            // Await of WithTimeout
	cancelled            // Await under a Co that is cancelled
	ways
)

// waitFor waits in a way, and says what came of it.
func waitFor[T any](co *loop.Co, w way, limit int, f func() *loop.Future[T]) string {
	var v T
	var err error
	switch w {
	case simply:
		v, err = loop.Await(co, f())
	case byScope:
		scope, done := co.WithTimeout(seconds(limit))
		v, err = loop.Await(scope, f())
		done()
	case byTimeout:
		v, err = loop.Await(co, loop.WithTimeout(seconds(limit), f()))
	case cancelled:
		co.Cancel(nil)
		v, err = loop.Await(co, f())
	}
	switch {
	case err == nil:
		return fmt.Sprint(v)
	case errors.Is(err, loop.ErrClosed):
		return "closed"
	case errors.Is(err, context.DeadlineExceeded):
		return "late"
	case errors.Is(err, context.Canceled):
		return "cancelled"
	}
	return err.Error()
}

// A troupe is the coroutines of a program, and what they have to tell, in order.
type troupe struct {
	l       *loop.Loop
	told    story
	cancels []func(error)
}

// enter starts one more.
func enter[T any](tr *troupe, w way, limit int, f func() *loop.Future[T]) {
	i := len(tr.cancels)
	tr.cancels = append(tr.cancels, nil)
	loop.Go(tr.l, func(co *loop.Co) (struct{}, error) {
		co, tr.cancels[i] = co.WithCancel()
		got := waitFor(co, w, limit, f)
		tr.told.add(fmt.Sprintf("%d: %s", i, got))
		return struct{}{}, nil
	})
}

// A script is the same, thought through one step after another.
type script struct {
	told   story
	actors []*actor
	woken  []*actor // who goes on in the next iteration, in this order
	alarms []alarm
	now    int
}

type actor struct {
	id    int
	way   way
	queue *[]*actor // where it waits
	got   string    // what it was given
	why   string    // why it gives up
	item  int       // to put
}

type alarm struct {
	when int
	fn   func()
}

// enter has one more actor wait in the queue; or not, if it got something at once.
func (s *script) enter(w way, limit int, queue *[]*actor, item int, got string) {
	a := &actor{id: len(s.actors), way: w, item: item}
	s.actors = append(s.actors, a)
	switch {
	case got != "":
		s.end(a, got)
		return
	case w == cancelled:
		s.end(a, "cancelled")
		return
	case w == byScope:
		s.later(limit, func() { s.giveUp(a, "late") })
	case w == byTimeout:
		s.later(limit, func() {
			s.giveUp(a, "late")
			a.leave() // the combinator is no coroutine, and need not wait for its turn
		})
	}
	a.queue = queue
	*queue = append(*queue, a)
}

func (s *script) later(in int, fn func()) {
	s.alarms = append(s.alarms, alarm{s.now + in, fn})
}

func (s *script) end(a *actor, got string) { s.told.add(fmt.Sprintf("%d: %s", a.id, got)) }

func (a *actor) leave() {
	if a.queue != nil {
		*a.queue = slices.DeleteFunc(*a.queue, func(b *actor) bool { return a == b })
		a.queue = nil
	}
}

// give serves the first of the queue, if there is one.
func (s *script) give(queue *[]*actor, got string) *actor {
	if len(*queue) == 0 {
		return nil
	}
	a := (*queue)[0]
	a.leave()
	a.got = got
	if a.why == "" {
		s.woken = append(s.woken, a)
	}
	return a
}

// giveUp has an actor leave when it is its turn; what it is given before wins.
func (s *script) giveUp(a *actor, why string) {
	if a.queue != nil && a.why == "" {
		a.why = why
		s.woken = append(s.woken, a)
	}
}

// next is the next iteration.
func (s *script) next() {
	for _, a := range s.woken {
		if a.leave(); a.got != "" {
			s.end(a, a.got)
		} else {
			s.end(a, a.why)
		}
	}
	s.woken = nil
}

// tick is a second.
func (s *script) tick() {
	s.next()
	s.now++
	for _, a := range s.alarms {
		if a.when == s.now {
			a.fn()
		}
	}
	s.next()
}

// close is the end of the loop: the order of the last words is not told.
func (s *script) close() {
	s.next()
	for _, a := range s.actors {
		if a.queue != nil {
			s.end(a, "closed")
			a.leave()
		}
	}
}

// A subject is what a program is about, twice: the real thing and its model.
type subject interface {
	do(st step)     // a step of its own
	state() string  // of the real one
	wanted() string // of the model
	owed() string   // what is lost or there twice, by the real one's own account
}

type step struct {
	deed  int // from 0: cancel, next, tick; then the subject's own
	way   way
	limit int
	who   int
}

const (
	cancel = iota
	next
	tick
	own
)

func drawSteps(t *rapid.T, deeds int) []step {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) step {
		return step{
			deed:  rapid.IntRange(0, own+deeds-1).Draw(t, "deed"),
			way:   way(rapid.IntRange(0, int(ways)-1).Draw(t, "way")),
			limit: rapid.IntRange(1, 3).Draw(t, "limit"),
			who:   rapid.IntRange(0, 100).Draw(t, "who"),
		}
	}), 25, 80).Draw(t, "steps")
}

// play runs the steps, and then closes the loop with whoever still waits.
func play(t testing.TB, rt *rapid.T, steps []step, make func(*troupe, *script) subject) {
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock(), Strict: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	tr, s := &troupe{l: l}, &script{}
	sub := make(tr, s)
	differ := func(n int) bool {
		if slices.Equal(tr.told, s.told) && sub.state() == sub.wanted() {
			return false
		}
		rt.Errorf("%+v\nafter step %d it is  %s\nit should be  %s\ntold      %q\nshould be %q",
			steps, n, sub.state(), sub.wanted(), tr.told, s.told)
		return true
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		for n, st := range steps {
			var err error
			switch st.deed {
			case cancel:
				if len(s.actors) > 0 {
					i := st.who % len(s.actors)
					tr.cancels[i](nil)
					s.giveUp(s.actors[i], "cancelled")
				}
			case next:
				err = loop.Yield(co)
				s.next()
			case tick:
				err = loop.Sleep(co, time.Second)
				s.tick()
			default:
				sub.do(st)
			}
			if err != nil || differ(n) {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	l.Close()
	s.close()
	slices.Sort(tr.told)
	slices.Sort(s.told)
	differ(len(steps))
	if owed := sub.owed(); owed != "" {
		rt.Errorf("%+v\n%s", steps, owed)
	}
}

// lock is what a semaphore and a mutex have in common.
type lock interface {
	Acquire() *loop.Future[struct{}]
	TryAcquire() bool
	Release()
	String() string
}

// mutexLock is a mutex as a semaphore with one permit.
type mutexLock struct{ *loop.Mutex }

func (m mutexLock) Acquire() *loop.Future[struct{}] { return m.Lock() }
func (m mutexLock) TryAcquire() bool                { return m.TryLock() }
func (m mutexLock) Release()                        { m.Unlock() }

// A permits is a semaphore, or a mutex, beside its model.
type permits struct {
	tr    *troupe
	s     *script
	sem   lock
	first int
	bound bool

	free    int
	waiting []*actor
}

func (p *permits) do(st step) {
	switch st.deed {
	case own, own + 1:
		got := ""
		if p.free > 0 {
			p.free--
			got = "{}"
		}
		enter(p.tr, st.way, st.limit, p.sem.Acquire)
		p.s.enter(st.way, st.limit, &p.waiting, 0, got)
	case own + 2, own + 3:
		p.release()
		p.modelRelease()
	case own + 4:
		p.tr.l.After(seconds(st.limit), p.release)
		p.s.later(st.limit, p.modelRelease)
	}
}

func (p *permits) release() {
	if panicText(p.sem.Release) != "" {
		p.tr.told.add("refused")
	} else {
		p.tr.told.add("released")
	}
}

func (p *permits) modelRelease() {
	switch {
	case p.bound && p.free == p.first:
		p.s.told.add("refused")
		return
	case p.s.give(&p.waiting, "{}") == nil:
		p.free++
	}
	p.s.told.add("released")
}

func (p *permits) state() string { return p.sem.String() }

func (p *permits) wanted() string {
	if _, mutex := p.sem.(mutexLock); mutex {
		if p.free > 0 {
			return "<Mutex unlocked>"
		}
		return fmt.Sprintf("<Mutex locked, waiting %d>", len(p.waiting))
	}
	return fmt.Sprintf("<Semaphore free %d, waiting %d>", p.free, len(p.waiting))
}

// owed takes what is free: with what was acquired, it must be what there was, and
// what was released.
func (p *permits) owed() string {
	balance := p.first
	for _, what := range p.tr.told {
		if what == "released" {
			balance++
		} else if len(what) > 4 && what[len(what)-2:] == "{}" {
			balance--
		}
	}
	for p.sem.TryAcquire() {
		balance--
	}
	if balance != 0 {
		return fmt.Sprintf("%d permits are missing", balance)
	}
	return ""
}

// L03, L07, L09, L10: whoever stops waiting takes no permit, whoever is served is
// the one who came first, and a permit is never lost.
func TestSemaphoreModel(t *testing.T) {
	watchdog(t)
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(0, 3).Draw(rt, "permits")
		bound := rapid.Bool().Draw(rt, "bound")
		play(t, rt, drawSteps(rt, 5), func(tr *troupe, s *script) subject {
			p := &permits{tr: tr, s: s, first: n, bound: bound, free: n}
			if bound {
				p.sem = loop.NewBoundedSemaphore(tr.l, n)
			} else {
				p.sem = loop.NewSemaphore(tr.l, n)
			}
			return p
		})
	})
}

// L10: so it is with a mutex.
func TestMutexModel(t *testing.T) {
	watchdog(t)
	rapid.Check(t, func(rt *rapid.T) {
		play(t, rt, drawSteps(rt, 5), func(tr *troupe, s *script) subject {
			return &permits{tr: tr, s: s, sem: mutexLock{loop.NewMutex(tr.l)}, first: 1, bound: true, free: 1}
		})
	})
}

// items is a queue beside its model.
type items struct {
	tr   *troupe
	s    *script
	q    *loop.Queue[int]
	kind string
	max  int

	made    int
	puts    map[int]int // actor to item
	stored  []int
	getters []*actor
	putters []*actor
	undone  int
	joiners []*actor
}

// lessItem makes few priorities of many items.
func lessItem(a, b int) bool { return a%4 < b%4 }

func newItems(tr *troupe, s *script, kind string, max int) *items {
	x := &items{tr: tr, s: s, kind: kind, max: max, puts: map[int]int{}}
	switch kind {
	case "queue":
		x.q = loop.NewQueue[int](tr.l, max)
	case "LIFO":
		x.q = loop.NewLIFOQueue[int](tr.l, max)
	case "priority":
		x.q = loop.NewPriorityQueue(tr.l, max, lessItem)
	}
	return x
}

func (x *items) do(st step) {
	item := x.made
	switch st.deed {
	case own, own + 1:
		x.made++
		x.puts[len(x.s.actors)] = item
		got := ""
		if x.modelPut(item) {
			got = "{}"
		}
		enter(x.tr, st.way, st.limit, func() *loop.Future[struct{}] { return x.q.Put(item) })
		x.s.enter(st.way, st.limit, &x.putters, item, got)
	case own + 2, own + 3:
		got := ""
		if item, ok := x.modelGet(); ok {
			got = fmt.Sprint(item)
		}
		enter(x.tr, st.way, st.limit, x.q.Get)
		x.s.enter(st.way, st.limit, &x.getters, 0, got)
	case own + 4:
		x.made++
		x.tr.l.After(seconds(st.limit), func() { x.tr.told.add(fmt.Sprintf("put %d: %v", item, x.q.TryPut(item) == nil)) })
		x.s.later(st.limit, func() { x.s.told.add(fmt.Sprintf("put %d: %v", item, x.modelPut(item))) })
	case own + 5:
		x.tr.l.After(seconds(st.limit), func() {
			item, err := x.q.TryGet()
			x.tr.told.add(fmt.Sprintf("get: %d %v", item, err == nil))
		})
		x.s.later(st.limit, func() {
			item, ok := x.modelGet()
			x.s.told.add(fmt.Sprintf("get: %d %v", item, ok))
		})
	case own + 6:
		if x.undone > 0 {
			x.q.TaskDone()
			if x.undone--; x.undone == 0 {
				for x.s.give(&x.joiners, "{}") != nil {
				}
			}
		}
	case own + 7:
		got := ""
		if x.undone == 0 {
			got = "{}"
		}
		enter(x.tr, st.way, st.limit, x.q.Join)
		x.s.enter(st.way, st.limit, &x.joiners, 0, got)
	}
}

func (x *items) modelPut(item int) bool {
	if x.max > 0 && len(x.stored) == x.max {
		return false
	}
	x.undone++
	if x.s.give(&x.getters, fmt.Sprint(item)) == nil {
		x.stored = append(x.stored, item)
	}
	return true
}

func (x *items) modelGet() (int, bool) {
	if len(x.stored) == 0 {
		return 0, false
	}
	if a := x.s.give(&x.putters, "{}"); a != nil {
		x.undone++
		x.stored = append(x.stored, a.item)
	}
	i := 0
	switch x.kind {
	case "LIFO":
		i = len(x.stored) - 1
	case "priority":
		for j := range x.stored {
			if lessItem(x.stored[j], x.stored[i]) {
				i = j
			}
		}
	}
	item := x.stored[i]
	x.stored = slices.Delete(x.stored, i, i+1)
	return item, true
}

func (x *items) state() string { return x.q.String() }

func (x *items) wanted() string {
	return fmt.Sprintf("<Queue len %d, cap %d, getters %d, putters %d, unfinished %d>",
		len(x.stored), x.max, len(x.getters), len(x.putters), x.undone)
}

// owed empties the queue: what came in must have come out, each item once.
func (x *items) owed() string {
	var in, out []int
	for _, what := range x.tr.told {
		var who, item int
		var ok bool
		if n, _ := fmt.Sscanf(what, "put %d: %t", &item, &ok); n == 2 {
			if ok {
				in = append(in, item)
			}
		} else if n, _ := fmt.Sscanf(what, "get: %d %t", &item, &ok); n == 2 {
			if ok {
				out = append(out, item)
			}
		} else if n, _ := fmt.Sscanf(what, "%d: %d", &who, &item); n == 2 {
			out = append(out, item)
		} else if item, ok := x.puts[who]; ok && what == fmt.Sprintf("%d: {}", who) {
			in = append(in, item)
		}
	}
	for {
		item, err := x.q.TryGet()
		if next, ok := x.modelGet(); item != next || ok != (err == nil) {
			return fmt.Sprintf("next comes %d, %v, not %d", item, err, next)
		}
		if err != nil {
			break
		}
		out = append(out, item)
	}
	slices.Sort(in)
	slices.Sort(out)
	if !slices.Equal(in, out) {
		return fmt.Sprintf("in came %d, out came %d", in, out)
	}
	return ""
}

// Q01 to Q10: what is put is got once, in the queue's order, by whoever came first;
// whoever stops waiting takes nothing and leaves nothing.
func TestQueueModel(t *testing.T) {
	watchdog(t)
	for _, kind := range []string{"queue", "LIFO", "priority"} {
		t.Run(kind, func(t *testing.T) {
			rapid.Check(t, func(rt *rapid.T) {
				max := rapid.IntRange(0, 3).Draw(rt, "max")
				play(t, rt, drawSteps(rt, 8), func(tr *troupe, s *script) subject {
					return newItems(tr, s, kind, max)
				})
			})
		})
	}
}
