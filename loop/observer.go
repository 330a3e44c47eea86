package loop

import "time"

// An Observer is told what a loop does, for tracing and metrics. Each function may be
// nil. They run on the loop, between its steps, and hold it up as long as they take.
type Observer struct {
	// Step is told of each callback, timer, handler and coroutine's turn, after it.
	Step func(Step)
	// Slept is told after each sleep how long it was.
	Slept func(time.Duration)
}

// A StepKind is a kind of work that a loop does.
type StepKind uint8

const (
	StepNone      StepKind = iota // no step at all: the zero Slowest
	StepCallback                  // of Call, Post or OnDone
	StepTimer                     // of At, After or a Ticker
	StepHandler                   // of a descriptor
	StepCoroutine                 // one turn of it, from one wait to the next
)

var stepNames = [...]string{"none", "callback", "timer", "handler", "coroutine"}

// String is the kind in a word.
func (k StepKind) String() string {
	if int(k) < len(stepNames) {
		return stepNames[k]
	}
	return "unknown"
}

// A Step is one piece of work that a loop has done. It is valid only during the call
// that gives it.
type Step struct {
	// Kind says what kind of work it was.
	Kind StepKind
	// Took is how long it held the loop.
	Took time.Duration

	what any
}

// Where is the function, or the type, that ran.
func (s Step) Where() string { return placeOf(s.what) }

// timed runs one step of the loop and takes its time. It is called only where somebody
// wants to know: see Options.Debug.
func (l *Loop) timed(kind StepKind, what any, run func()) {
	if f, ok := what.(*fiber); ok {
		kind, what = StepCoroutine, f.body.place() // it forgets that when it ends
	}
	l.watchdog.begin()
	began := time.Now()
	defer func() { // also if it panics
		took := time.Since(began)
		l.watchdog.end()
		if took > l.count.Longest.Took {
			l.count.Longest = Slowest{kind, placeOf(what), took}
		}
		if l.observer.Step != nil {
			l.observer.Step(Step{kind, took, what})
		}
	}()
	run()
}
