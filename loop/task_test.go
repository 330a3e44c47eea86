package loop_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// named is the first task of that name.
func named(t testing.TB, tasks []loop.Task, name string) loop.Task {
	t.Helper()
	for _, task := range tasks {
		if task.Name == "loop_test."+name {
			return task
		}
	}
	t.Fatalf("no task %s among %v", name, tasks)
	return loop.Task{}
}

// Each coroutine is listed with its name and place, what it does and since when.
func TestTasks(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		loop.Go(co, observedWait)
		if err := loop.Sleep(co, time.Hour); err != nil {
			return err
		}
		loop.Go(co, observedForever)
		loop.Spawn(co, observedBody)
		tasks := l.Tasks()
		if len(tasks) != 4 {
			t.Fatalf("there are %v", tasks)
		}
		if self := tasks[0]; self.State != loop.TaskRunning || self.WaitsFor != "" {
			t.Errorf("the one that asks: %v", self)
		}
		sleeper := named(t, tasks, "observedWait")
		if sleeper.State != loop.TaskAsleep || sleeper.WaitsFor != "another 1h0m0s" || sleeper.Age != time.Hour {
			t.Errorf("a sleeper: %v", sleeper)
		}
		if !strings.HasPrefix(sleeper.Place, "loop/stats_test.go:") || !strings.HasPrefix(sleeper.Started, "loop/task_test.go:") {
			t.Errorf("a sleeper's body is at %s, and was started at %s", sleeper.Place, sleeper.Started)
		}
		forever := named(t, tasks, "observedForever")
		if forever.State != loop.TaskWaiting || forever.WaitsFor != "a promise" || forever.On != nil {
			t.Errorf("one that waits: %v", forever)
		}
		if queued := named(t, tasks, "observedBody"); queued.State != loop.TaskQueued {
			t.Errorf("one that is to begin: %v", queued)
		}
		if err := loop.Yield(co); err != nil {
			return err
		}
		if n := len(l.Tasks()); n != 3 {
			t.Errorf("there are %d tasks when one has ended", n)
		}
		return nil
	})
}

// What is waited for is told through locks, queues, combinators and groups, down to the
// coroutine that it depends on.
func TestTasksTellWhatIsWaitedFor(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		mu := loop.NewMutex(l)
		mu.TryLock()
		child := loop.Go(co, observedWait)
		never := func() *loop.Future[int] { return loop.NewPromise[int](l).Future() }
		op := loop.NewPromise[int](l)
		op.OnWithdraw(func() { op.TryFail(loop.ErrWithdrawn) })
		for _, c := range []struct {
			name string
			f    func(co *loop.Co) error
			what string
			on   string // the name of the task it depends on
		}{
			{"mutex", awaiting(mu.Lock), "Mutex.Lock, held by looptest.", "looptest.(*runner).run.func1"},
			{"semaphore", awaiting(loop.NewSemaphore(l, 0).Acquire), "Semaphore.Acquire", ""},
			{"event", awaiting(loop.NewEvent(l).Wait), "Event.Wait", ""},
			{"cond", awaiting(loop.NewCond(l).Wait), "Cond.Wait", ""},
			{"queue", awaiting(loop.NewQueue[int](l, 0).Get), "Queue.Get", ""},
			{"result", awaiting(func() *loop.Future[int] { return child }), "the result of loop_test.observedWait", "loop_test.observedWait"},
			{"timeout", awaiting(func() *loop.Future[int] { return loop.WithTimeout(time.Hour, child) }), "WithTimeout of the result of loop_test.observedWait", "loop_test.observedWait"},
			{"all", awaiting(func() *loop.Future[[]int] { return loop.All(l, never(), child) }), "All (2)", "loop_test.observedWait"},
			{"settled", awaiting(func() *loop.Future[[]*loop.Future[int]] { return loop.AllSettled(l, never()) }), "AllSettled of a promise", ""},
			{"any", awaiting(func() *loop.Future[int] { return loop.Any(l, never(), never()) }), "Any (2)", ""},
			{"map", awaiting(func() *loop.Future[int] { return loop.Map(child, observedMap) }), "Map of the result of", "loop_test.observedWait"},
			{"operation", awaiting(op.Future), "an operation of loop_test.TestTasksTellWhatIsWaitedFor", ""},
			{"group", func(co *loop.Co) error {
				return loop.WithGroup(co, func(g *loop.Group) error {
					g.Go(observedAct)
					return nil
				})
			}, "the group's children of the result of loop_test.observedAct", "loop_test.observedAct"},
		} {
			scope, cancel := co.WithCancel()
			f := loop.Go(scope, func(co *loop.Co) (int, error) { return 0, c.f(co) })
			tasks := l.Tasks()
			var task loop.Task
			for _, x := range tasks {
				if strings.HasPrefix(x.Name, "loop_test.TestTasksTellWhatIsWaitedFor") {
					task = x
				}
			}
			if task.State != loop.TaskWaiting || !strings.HasPrefix(task.WaitsFor, c.what) {
				t.Errorf("%s: %v", c.name, task)
			}
			if on := ""; len(task.On) == 1 {
				if on = tasks[task.On[0]].Name; on != c.on {
					t.Errorf("%s: it waits for %s", c.name, on)
				}
			} else if c.on != "" || len(task.On) > 0 {
				t.Errorf("%s: it waits for %v", c.name, task.On)
			}
			cancel(nil)
			if _, err := loop.Await(co, f); err == nil {
				t.Errorf("%s: it came", c.name)
			}
		}
		return nil
	})
}

// awaiting is a body that waits for what f gives.
func awaiting[T any](f func() *loop.Future[T]) func(co *loop.Co) error {
	return func(co *loop.Co) error {
		_, err := loop.Await(co, f())
		return err
	}
}

// The tree has those who wait above those they wait for, says where a branch stands
// already, and finds circles that nobody outside waits for.
func TestWaitTree(t *testing.T) {
	task := func(name string, on ...int) loop.Task {
		return loop.Task{Name: name, Place: name + ".go:1", State: loop.TaskWaiting, WaitsFor: "x", On: on}
	}
	for _, c := range []struct {
		tasks []loop.Task
		want  string
	}{
		{nil, ""},
		{[]loop.Task{task("a", 1, 2), task("b", 3), task("c", 3), task("d")}, `
#1 a (a.go:1) waiting for x, 0s old
├─ #2 b (b.go:1) waiting for x, 0s old
│  └─ #4 d (d.go:1) waiting for x, 0s old
└─ #3 c (c.go:1) waiting for x, 0s old
   └─ #4, see there
`},
		{[]loop.Task{task("a", 1), task("b", 0), task("c", 2)}, `
#1 a (a.go:1) waiting for x, 0s old
└─ #2 b (b.go:1) waiting for x, 0s old
   └─ #1 again: they wait for each other
#3 c (c.go:1) waiting for x, 0s old
└─ #3 again: they wait for each other
`},
	} {
		if got := loop.WaitTree(c.tasks); got != strings.TrimPrefix(c.want, "\n") {
			t.Errorf("got\n%swant%s", got, c.want)
		}
	}
}

// A mutex that was handed over is held by who got it, and by nobody when it is free.
func TestTasksFollowTheMutex(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		mu := loop.NewMutex(co.Loop())
		mu.TryLock()
		next := loop.Go(co, func(co *loop.Co) (int, error) {
			return 0, mu.With(co, func() error { return loop.Sleep(co, time.Hour) })
		})
		mu.Unlock()
		last := loop.Go(co, func(co *loop.Co) (int, error) { return 0, mu.With(co, func() error { return nil }) })
		tasks := co.Loop().Tasks()
		if holder := tasks[2].On; len(holder) != 1 || holder[0] != 1 {
			t.Errorf("the last waits for %v of %v", holder, tasks)
		}
		_, err := loop.Await(co, next)
		_, err2 := loop.Await(co, last)
		return errors.Join(err, err2)
	})
}

// Tasks belongs to the loop.
func TestTasksIsTheLoops(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		onGoroutine(t, func() {
			if text := panicText(func() { l.Tasks() }); !strings.Contains(text, "Tasks") {
				t.Errorf("from another goroutine: %q", text)
			}
		})
		return nil
	})
}
