package loop

import (
	"fmt"
	"slices"
	"time"
)

// A TaskState is what a coroutine does at a moment.
type TaskState uint8

const (
	TaskQueued  TaskState = iota // it begins, or goes on, in the next iteration
	TaskRunning                  // it has the loop, or has started the one that has
	TaskWaiting                  // for a future
	TaskAsleep                   // until a time
)

var taskStates = [...]string{"queued", "running", "waiting", "asleep"}

// String is the state in a word.
func (s TaskState) String() string {
	if int(s) < len(taskStates) {
		return taskStates[s]
	}
	return "unknown"
}

// A Task is what can be seen of a coroutine at a moment.
type Task struct {
	// Name is that of the body's function, or of a Job's type; Place is the file and
	// line where the function begins.
	Name, Place string
	// Started is the file and line of the call that started it: with Options.Debug
	// only.
	Started string
	// State is what it does.
	State TaskState
	// Age is how long ago it was started, in milliseconds and to within an iteration; of
	// more than 49 days the rest.
	Age time.Duration
	// WaitsFor says in words what it waits for, if it does. On has the indices, among
	// the tasks of the same call, of the coroutines that it waits for: whose results it
	// awaits, or which hold the Mutex that it wants.
	WaitsFor string
	On       []int
}

// String is the task in a line.
func (t Task) String() string {
	s := fmt.Sprintf("%s (%s) %v", t.Name, t.Place, t.State)
	if t.Place == "" {
		s = fmt.Sprintf("%s %v", t.Name, t.State)
	}
	if t.WaitsFor != "" {
		s += " for " + t.WaitsFor
	}
	s += fmt.Sprintf(", %v old", t.Age)
	if t.Started != "" {
		s += ", started at " + t.Started
	}
	return s
}

// Tasks is the coroutines that have not ended, the oldest first. It belongs to the
// loop: other goroutines ask within Do. A loop that is blocked cannot be asked; its
// watchdog sees that.
func (l *Loop) Tasks() []Task {
	l.check("Tasks")
	fibers := l.fibers()
	look := newLook(l, fibers)
	tasks := make([]Task, len(fibers))
	for i, f := range fibers {
		tasks[i] = look.task(f)
	}
	return tasks
}

// fibers is the live ones, the oldest first.
func (l *Loop) fibers() (all []*fiber) {
	for f := l.youngest; f != nil; f = f.older {
		all = append(all, f)
	}
	slices.Reverse(all)
	return all
}

// A look is what is needed to tell who waits for whom.
type look struct {
	l       *Loop
	now     time.Duration
	number  map[*fiber]int
	results map[*promised]*fiber // whose each is
	wakes   map[*fiber]time.Duration
}

func newLook(l *Loop, fibers []*fiber) *look {
	k := &look{
		l:       l,
		now:     l.now(),
		number:  make(map[*fiber]int),
		results: make(map[*promised]*fiber),
		wakes:   make(map[*fiber]time.Duration),
	}
	for i, f := range fibers {
		k.number[f] = i
		if p := f.body.future(); p != nil {
			k.results[p] = f
		}
	}
	for _, key := range l.timers.heap {
		if w, ok := l.timers.slots[key.slot].do.(*waker); ok {
			k.wakes[(*fiber)(w)] = key.when
		}
	}
	return k
}

func (k *look) task(f *fiber) Task {
	t := Task{
		Name:    f.body.place(),
		Place:   f.body.source(),
		Started: pcPlace(k.l.origins[f]),
		Age:     time.Duration(uint32(k.now/time.Millisecond)-f.born) * time.Millisecond,
	}
	switch when, asleep := k.wakes[f]; {
	case f.waitsUnder == nil && f.w != nil:
		t.State = TaskRunning
	case f.queued || f.w == nil:
		t.State = TaskQueued
	case f.waitsFor != nil:
		t.State = TaskWaiting
		var on []*fiber
		t.WaitsFor, on = k.reason(f.waitsFor)
		for _, g := range on {
			t.On = append(t.On, k.number[g])
		}
	case asleep:
		t.State = TaskAsleep
		t.WaitsFor = fmt.Sprintf("another %v", max(0, when-k.now))
	}
	return t
}

// maxDepth bounds how far a reason goes down through combinators.
const maxDepth = 8

// reason says what a future is, and which coroutines can fulfil it.
func (k *look) reason(p *promised) (what string, on []*fiber) { return k.reasonAt(p, 0) }

func (k *look) reasonAt(p *promised, depth int) (what string, on []*fiber) {
	if f := k.results[p]; f != nil {
		return "the result of " + f.body.place(), []*fiber{f}
	}
	if p.op == nil {
		return "a promise", nil
	}
	a := p.op.about()
	what = a.what
	if _, live := k.number[a.holder]; live {
		on = append(on, a.holder)
		what += ", held by " + a.holder.body.place()
	}
	if depth == maxDepth {
		return what, on
	}
	for i, q := range a.on {
		if q.done {
			continue
		}
		part, more := k.reasonAt(q, depth+1)
		if i == 0 || len(on) == 0 && len(more) > 0 {
			what = a.what + " of " + part
		}
		on = append(on, more...)
	}
	if len(a.on) > 1 {
		what = fmt.Sprintf("%s (%d)", a.what, len(a.on))
	}
	return what, on
}
