package loop

import (
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

var (
	// ErrClosed says that the loop was closed: it takes no more work. As a cause of
	// cancellation it says that the loop is being closed under a coroutine.
	ErrClosed = errors.New("loop: closed")
	// ErrRunning is what Run and RunSync return when the loop runs already.
	ErrRunning = errors.New("loop: already running")
	// ErrStopped is what RunSync returns when Stop ended the loop before the body
	// was done.
	ErrStopped = errors.New("loop: stopped before the body was done")
)

const (
	// maxSleep bounds one sleep, so that a deadline years away cannot overflow a
	// system's timeout (Tornado's _POLL_TIMEOUT).
	maxSleep = time.Hour
	// maxSkips is how many polls in a row may be left out while callbacks wait. A
	// poll costs about as much as resuming a coroutine; eight of them in a row
	// delay I/O by no more than eight rounds of callbacks.
	maxSkips = 8
	// politeness is how long a loop may stay away from its sleep before it lets
	// other goroutines have its P. With GOMAXPROCS=1 they would otherwise wait for
	// the runtime's preemption, 10-20 ms.
	politeness = 200 * time.Microsecond
	// timeSlice is how long Go's scheduler lets a goroutine compute.
	timeSlice = 10 * time.Millisecond
	// readBuffer is the size of ReadBuffer.
	readBuffer = 64 << 10
	// keptTasks is how much room for tasks a loop always keeps, and trimAfter how many
	// sleeps it keeps more that it does not use.
	keptTasks = 16 << 10
	trimAfter = 100
	// batchEvents is how many events one poll fetches.
	batchEvents = 256
)

// A Loop runs callbacks, timers and I/O events, one at a time, on the goroutine
// that called Run.
//
// It belongs to whoever holds it (see the package documentation); only Post, Do,
// Stop, Close, Closed and Logger may be called from any goroutine. Make one with New;
// the zero Loop is not usable. A closed loop stays closed.
type Loop struct {
	// Immutable after New.
	poller   poll.Poller
	clock    Clock // nil: the machine's
	base     time.Time
	log      *slog.Logger
	onError  func(error)
	strict   bool
	tracks   bool // the holder's goroutine must be known
	times    bool // the time of each step is taken
	observer Observer
	seed     uint64
	void     *Future[struct{}]
	gone     chan struct{} // closed when Close has done its work

	// Owned by the loop.
	ready    []task // for the next iteration
	batch    []task // of this iteration; batch[next:] has yet to run
	next     int
	timers   timers
	watches  watches
	events   []poll.Event // of this iteration; events[event:] has yet to run
	event    int
	fetched  []poll.Event  // room for events
	skipped  int           // polls left out in a row
	stage    uint8         // of the present iteration
	lastNap  time.Duration // when the loop last slept or gave way
	kept     time.Duration // how long the others kept the P then
	unused   int           // sleeps since there was a burst: see trim
	current  *fiber        // the coroutine that runs; nil: the goroutine in Run
	calls    calls         // of Offload; has a lock of its own
	root     Co            // ancestor of every coroutine; cancelled by Close
	workers  workers
	buffer   []byte             // ReadBuffer
	youngest *fiber             // of the coroutines that were started or queued and have not ended
	origins  map[*fiber]uintptr // where they were started; nil: nobody wants to know
	closed   bool
	failures failures
	locals   map[reflect.Type]any // of Local
	rand     *rand.Rand           // made when needed
	count    Stats
	awayFrom time.Duration // when the loop last looked at its poller, or slept
	toldAt   time.Duration // when count was last made known

	// Any goroutine.
	running  atomic.Bool
	stopping atomic.Bool
	closing  atomic.Bool
	sleep    atomic.Uint32 // awake, parked or notified: see wake.go
	holder   atomic.Uint64 // goroutine id of whoever holds the loop; 0: not checked
	mail     atomic.Bool   // posted is not empty
	mu       sync.Mutex    // guards posted, refuse
	posted   []task
	refuse   bool
	told     sync.Mutex // guards shown
	shown    Stats
	watchdog watchdog
}

// A task is one thing an iteration runs: a callback, or a coroutine to begin or
// to resume.
type task interface{ run() }

type callback func()

func (f callback) run() { f() }

// New makes a loop. A nil o means the defaults. The error says which backend is
// unknown or could not be opened.
func New(o *Options) (*Loop, error) {
	if o == nil {
		o = &Options{}
	}
	name := o.Poller
	if name == "" {
		name = os.Getenv("ZONDA_POLLER")
	}
	p, err := poll.New(name)
	if err != nil {
		return nil, fmt.Errorf("loop: %w", err)
	}
	l := &Loop{
		poller:  p,
		clock:   o.Clock,
		base:    time.Now(),
		log:     o.Logger,
		onError: o.OnError,
		strict:  o.Strict,
		tracks:  o.Strict || o.Watchdog > 0,
		times:   o.Debug || o.Observer != nil || o.Watchdog > 0,
		seed:    o.Seed,
		fetched: make([]poll.Event, batchEvents),
		gone:    make(chan struct{}),
	}
	if l.clock != nil {
		l.base = l.clock.Now()
	}
	if l.log == nil {
		l.log = slog.Default()
	}
	if o.Debug {
		l.origins = make(map[*fiber]uintptr)
	}
	if o.Observer != nil {
		l.observer = *o.Observer
	}
	l.failures.l, l.failures.hook = l, o.OnUnobserved
	l.root.l = l
	l.calls.limit, l.calls.executor = offloadLimit(o.OffloadLimit), o.Offload
	l.void = Resolved(l, struct{}{})
	l.watchdog.limit, l.watchdog.log, l.watchdog.holder = o.Watchdog, l.log, &l.holder
	l.watchdog.start(l.gone)
	return l, nil
}

// Seed is Options.Seed. Any goroutine may call it.
func (l *Loop) Seed() uint64 { return l.seed }

// PollerName is the name of the backend the loop sleeps in.
func (l *Loop) PollerName() string { return l.poller.Name() }

// Run runs the loop on this goroutine until Stop or Close. It returns nil after
// Stop, ErrClosed after Close, ErrRunning if the loop runs already (also when it
// is called from one of the loop's own callbacks), and otherwise an error of the
// backend. It may be called again after it has returned: callbacks that were
// still queued run then.
//
// A Stop that came before Run makes it return at once, and is used up by that.
func (l *Loop) Run() error {
	if l.closing.Load() {
		return ErrClosed
	}
	if !l.running.CompareAndSwap(false, true) {
		return ErrRunning
	}
	if l.current != nil { // in a body that Go began outside Run
		l.running.Store(false)
		return ErrRunning
	}
	defer l.leave()
	l.hold()
	if l.stopping.Load() {
		return l.ended()
	}
	for {
		ended, err := l.iterations(false)
		if err != nil {
			return fmt.Errorf("loop: %s: %w", l.poller.Name(), err)
		}
		if ended {
			return l.ended()
		}
	}
}

func (l *Loop) ended() error {
	if l.closing.Load() {
		return ErrClosed
	}
	return nil
}

// iterations runs until Stop, or once. It is where user code is called: when that
// panics, the panic is reported and iterations returns early. Called again, it goes on
// behind the culprit, because each stage keeps its position in the loop. If user code
// calls runtime.Goexit, Run ends here, and leave tidies up.
func (l *Loop) iterations(once bool) (ended bool, err error) {
	returned := false
	defer func() {
		if returned {
			return
		}
		v := recover()
		l.current = nil
		if v == nil {
			return // runtime.Goexit goes on
		}
		l.hold()
		if v != any(goexit{}) { // that one has been told to the body's future
			l.report(newPanicError("callback", v))
		}
	}()
	for {
		ended, err = l.iterate()
		if ended || err != nil || once {
			returned = true
			return ended, err
		}
	}
}

// The stages of an iteration, as far as it can be interrupted by a panic.
const (
	atBegin uint8 = iota
	atCallbacks
	atEvents
)

// iterate is one turn of the loop, or what a panic has left of it, in Tornado's
// order; docs/loop.md draws it.
func (l *Loop) iterate() (stopped bool, err error) {
	switch l.stage {
	case atBegin:
		l.snapshot()
		l.collectDue()
		l.stage = atCallbacks
		fallthrough
	case atCallbacks:
		l.runBatch()
		l.runDue()
		if l.stopping.Load() {
			l.stage = atBegin
			return true, nil
		}
		if err := l.poll(); err != nil {
			l.stage = atBegin
			return false, err
		}
		l.stage = atEvents
		fallthrough
	case atEvents:
		l.dispatch()
		l.stage = atBegin
	}
	return false, nil
}

// leave gives the loop back to the goroutine that has it, also when a callback
// called runtime.Goexit. A Stop is used up by the Run it ended.
func (l *Loop) leave() {
	if l.next < len(l.batch) { // Goexit: the rest of the batch is still owed
		l.ready = append(l.batch[l.next:len(l.batch):len(l.batch)], l.ready...)
	}
	l.batch, l.next = nil, 0
	l.events, l.event = nil, 0 // level-triggered: reported again
	l.stage = atBegin
	l.current = nil
	l.tell(l.now())
	l.release()
	l.stopping.Store(false)
	l.running.Store(false)
	if l.closing.Load() {
		l.shutdown()
	}
}

// snapshot fixes what this iteration runs: what is queued now. Whatever these
// callbacks queue runs in the next iteration, after a poll, so that a callback
// which queues itself for ever starves neither timers nor I/O.
func (l *Loop) snapshot() {
	l.batch, l.ready, l.next = l.ready, l.batch[:0], 0
	l.takePosted()
	l.count.Iterations++
	l.count.Callbacks += uint64(len(l.batch))
}

func (l *Loop) runBatch() {
	for l.next < len(l.batch) {
		t := l.batch[l.next]
		l.batch[l.next] = nil
		l.next++
		if l.times {
			l.timed(StepCallback, t, t.run)
		} else {
			t.run()
		}
	}
}

// poll fetches events, and sleeps for them when there is nothing else to do.
func (l *Loop) poll() error {
	l.events, l.event = l.fetched[:0], 0
	idle := len(l.ready) == 0 && !l.mail.Load()
	if !idle && l.skipped < maxSkips && !l.strict && l.seed == 0 {
		l.skipped++
		return nil
	}
	l.skipped = 0
	l.looked(l.now())
	n, err := l.poller.Wait(l.fetched, 0)
	if n == 0 && err == nil && idle {
		n, err = l.nap()
	} else {
		l.yieldProcessor()
	}
	l.events = l.fetched[:n]
	if l.seed != 0 {
		l.shuffleEvents(l.events)
	}
	return err
}

// nap sleeps until the next deadline, an event or a post. A virtual clock jumps
// to the deadline instead.
//
// Looking first, giving way once and then parking is one of five ways that were
// measured (docs/benchmarks.md): the same CPU as blocking in epoll_wait for one loop,
// less for two, and the cheapest to wake. Blocking is better only where goroutines
// that compute keep every P: that is what the backend "epoll-block" is for.
func (l *Loop) nap() (int, error) {
	d := l.untilNext()
	if d == 0 {
		l.yieldProcessor()
		return 0, nil
	}
	if l.clock != nil && l.clock.Skip(d) {
		l.awayFrom = l.now()
		return 0, nil
	}
	// What the others post now is one batch and saves a sleep, where otherwise the
	// first of them would wake the loop for itself alone.
	if l.kept <= politeness {
		l.giveWay()
	} else {
		l.kept /= 2 // and before long, see whether they still do
	}
	l.trim()
	l.count.Sleeps++
	l.tell(l.awayFrom)
	before := l.awayFrom
	n, err := l.park(d)
	l.lastNap = l.now()
	l.awayFrom = l.lastNap
	if l.observer.Slept != nil {
		l.observer.Slept(l.lastNap - before)
	}
	return n, err
}

// untilNext is the time to the next deadline; negative: there is none.
func (l *Loop) untilNext() time.Duration {
	when, ok := l.timers.first()
	if !ok {
		return -1
	}
	now := l.now()
	if when <= now { // the difference might not be one: a deadline may lie centuries back
		return 0
	}
	return min(when-now, maxSleep)
}

// yieldProcessor lets other goroutines have this P once in a while: see politeness.
func (l *Loop) yieldProcessor() {
	if l.awayFrom-l.lastNap > max(politeness, l.kept) {
		l.giveWay()
	}
}

// giveWay lets the other goroutines of this P go first, and notes how long they kept
// it. Those that keep it long compute: the loop then stays away from them as long as
// they from it, or it would get 200 µs for each of their 10 ms.
func (l *Loop) giveWay() {
	runtime.Gosched()
	l.lastNap = l.now()
	l.kept = min(l.lastNap-l.awayFrom, timeSlice)
	l.awayFrom = l.lastNap
}

// Call queues fn for the next iteration, after what is queued already. It is
// Tornado's add_callback for whoever holds the loop; from other goroutines use
// Post. On a closed loop it does nothing.
func (l *Loop) Call(fn func()) {
	l.check("Call")
	if !l.closed {
		l.queue(callback(fn))
	}
}

func (l *Loop) queue(t task) { l.ready = append(l.ready, t) }

// Stop makes Run return once the present iteration's callbacks and timers have
// run. Called while the loop's I/O handlers run, the rest of the events is
// handled and one more round of callbacks and timers runs first. If the loop is
// not running, the next Run returns at once. Any goroutine may call it, and more
// than once.
func (l *Loop) Stop() {
	l.stopping.Store(true)
	l.wake()
}

// Logger is Options.Logger, or what stands in for it. Any goroutine may call it.
func (l *Loop) Logger() *slog.Logger { return l.log }

// ReadBuffer is room for one read, the same for everyone on the loop: what lies in
// it is gone as soon as other code runs. With it an idle connection needs no buffer
// of its own. It belongs to the loop.
func (l *Loop) ReadBuffer() []byte {
	l.check("ReadBuffer")
	if l.buffer == nil {
		l.buffer = make([]byte, readBuffer)
	}
	return l.buffer
}

// Now is the time on the loop's clock.
func (l *Loop) Now() time.Time {
	if l.clock != nil {
		return l.clock.Now()
	}
	return time.Now()
}

// Recent is the time since the loop was made, as of when it last looked at its poller or
// slept: for times that may be a little old, as it costs no look at a clock. It stands
// still while a callback computes. It belongs to the loop.
func (l *Loop) Recent() time.Duration {
	l.check("Recent")
	return l.awayFrom
}

// now is the time since the loop was made: the unit of its timers.
func (l *Loop) now() time.Duration {
	if l.clock != nil {
		return l.clock.Now().Sub(l.base)
	}
	return time.Since(l.base)
}
