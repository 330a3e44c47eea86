package loop

import (
	"log/slog"
	"time"
)

// Options configure a Loop. The zero value, and a nil *Options, mean the defaults.
type Options struct {
	// Poller names the backend: "epoll", "epoll-block", "kqueue", "poll", "select" or
	// "chan", where the platform has it. Default: the environment variable ZONDA_POLLER, or else
	// the platform's best.
	Poller string
	// Clock is the loop's idea of time. Default: the machine's monotonic clock.
	Clock Clock
	// Logger receives what nobody else can be told: panics of callbacks, failures
	// that no one looked at. Default: slog.Default().
	Logger *slog.Logger
	// OnError receives the panics of callbacks (and of EveryGo's coroutines, which
	// nobody awaits), as a *PanicError, instead of Logger. It runs on the loop. Default: nil, they are logged with their stack.
	OnError func(error)
	// OnUnobserved receives, instead of Logger, the errors of futures that have failed
	// and that nobody has looked at, when the collector finds them or the loop is
	// closed. It runs on the loop. Default: nil, they are logged.
	OnUnobserved func(error)
	// OffloadLimit is how many calls of Offload run at a time. Default, also for less
	// than 1: four for each processor that Go uses (GOMAXPROCS) when the loop is made,
	// and at least 16.
	OffloadLimit int
	// Offload has the calls of Offload run elsewhere than on the loop's own goroutines
	// (Tornado's set_default_executor): it is called on the loop with a job that is to
	// run once, now or later, on whichever goroutine. A job that runs in Offload itself
	// holds up the loop, for tests or as Tornado's dummy_executor; its result comes in a
	// later iteration all the same. OffloadLimit has no meaning then. A job whose fn
	// calls runtime.Goexit ends the goroutine it is run by. Default: nil.
	Offload func(job func())
	// Strict makes every loop-only method check that its caller holds the loop,
	// and makes no iteration leave its poll out. It costs about a microsecond a
	// call. Default: false, except that builds with -race always check.
	Strict bool
	// Debug takes the time of each step, for Stats.Longest, and notes where each
	// coroutine was started, for Tasks. It costs some 100 ns for each of these.
	// Default: false.
	Debug bool
	// Observer is told what the loop does. The time of steps is taken then, too.
	// Default: nil, and it costs nothing.
	Observer *Observer
	// Watchdog has a goroutine look at the loop each time this duration has passed. A
	// step of the loop that it finds twice is reported to Logger with its place, once
	// for each place, and counted in Stats. Default: 0, there is none.
	Watchdog time.Duration
	// Seed fixes what has no order by the rules: the events of one poll, posts of
	// different goroutines, and what Rand gives. With the same seed it is the same
	// each time. No iteration leaves its poll out then. Default: 0, the order in which
	// they come.
	Seed uint64
}
