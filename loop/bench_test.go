package loop

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// Each benchmark stands beside the reference it is measured against, to be run in
// one go: docs/benchmarks.md has the bars.

func open(t testing.TB, o *Options) *Loop {
	t.Helper()
	l, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// onLoop runs body as a coroutine.
func onLoop(b *testing.B, o *Options, body func(l *Loop, co *Co)) {
	b.Helper()
	b.ReportAllocs()
	l := open(b, o)
	if _, err := RunSync(l, func(co *Co) (struct{}, error) {
		body(l, co)
		return struct{}{}, nil
	}); err != nil {
		b.Fatal(err)
	}
}

// beside runs body while the loop runs on another goroutine.
func beside(b *testing.B, o *Options, body func(l *Loop)) {
	b.Helper()
	b.ReportAllocs()
	l := open(b, o)
	go l.Run()
	body(l)
	b.StopTimer()
	l.Close()
	<-l.Closed()
}

// BenchmarkCall queues callbacks in batches of 64, and runs them.
func BenchmarkCall(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		fn := func() {}
		for i := 0; b.Loop(); i++ {
			l.Call(fn)
			if i%64 == 63 {
				Yield(co)
			}
		}
	})
}

func BenchmarkPost(b *testing.B) {
	beside(b, nil, func(l *Loop) {
		fn := func() {}
		for b.Loop() {
			l.Post(fn)
		}
	})
}

func BenchmarkRefChannelSend(b *testing.B) {
	b.ReportAllocs()
	c := drained()
	for b.Loop() {
		c <- nothing
	}
	close(c)
}

func BenchmarkPostParallel(b *testing.B) {
	beside(b, nil, func(l *Loop) {
		fn := func() {}
		eight(b, func() { l.Post(fn) })
	})
}

func BenchmarkRefChannelSendParallel(b *testing.B) {
	b.ReportAllocs()
	c := drained()
	eight(b, func() { c <- nothing })
	close(c)
}

func nothing() {}

// drained is a channel of functions that are received and called.
func drained() chan func() {
	c := make(chan func(), 1024)
	go func() {
		for fn := range c {
			fn()
		}
	}()
	return c
}

// eight calls fn b.N times, from eight goroutines.
func eight(b *testing.B, fn func()) {
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range (b.N + i) / 8 {
				fn()
			}
		})
	}
	wg.Wait()
}

func BenchmarkGoNoWait(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		for b.Loop() {
			Go(l, one)
		}
	})
}

// BenchmarkSpawnNoWait spawns in batches of 64, and runs them.
func BenchmarkSpawnNoWait(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		for i := 0; b.Loop(); i++ {
			Spawn(l, one)
			if i%64 == 63 {
				Yield(co)
			}
		}
	})
}

func one(*Co) (int, error) { return 1, nil }

// BenchmarkRefGoroutineSpawn starts a goroutine and waits for its result.
func BenchmarkRefGoroutineSpawn(b *testing.B) {
	b.ReportAllocs()
	c := make(chan int)
	for b.Loop() {
		go func() { c <- 1 }()
		<-c
	}
}

func BenchmarkYield(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		for b.Loop() {
			Yield(co)
		}
	})
}

func BenchmarkAwaitReady(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		f := Resolved(l, 1)
		for b.Loop() {
			Await(co, f)
		}
	})
}

// BenchmarkAwaitSuspend makes a promise, awaits it, and has a callback fulfil it.
func BenchmarkAwaitSuspend(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		var p *Promise[int]
		set := func() { p.Set(1) }
		for b.Loop() {
			p = NewPromise[int](l)
			l.Call(set)
			Await(co, p.Future())
		}
	})
}

// BenchmarkRefChannelPingPong sends to a goroutine and waits for its answer.
func BenchmarkRefChannelPingPong(b *testing.B) {
	b.ReportAllocs()
	ping, pong := make(chan int), make(chan int)
	go func() {
		for v := range ping {
			pong <- v
		}
	}()
	for b.Loop() {
		ping <- 1
		<-pong
	}
	close(ping)
}

// BenchmarkOffload runs a function on a goroutine of the loop's and awaits its result.
func BenchmarkOffload(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		fn := func(context.Context) (int, error) { return 1, nil }
		for b.Loop() {
			Await(co, Offload(l, fn))
		}
	})
}

// BenchmarkRefGoroutineRoundTrip hands a function with a context of its own to a
// goroutine that waits for work, and waits for the result.
func BenchmarkRefGoroutineRoundTrip(b *testing.B) {
	b.ReportAllocs()
	parent, end := context.WithCancel(context.Background())
	defer end()
	work, results := make(chan func(context.Context) (int, error)), make(chan int)
	go func() {
		for fn := range work {
			ctx, cancel := context.WithCancel(parent)
			v, _ := fn(ctx)
			cancel()
			results <- v
		}
	}()
	fn := func(context.Context) (int, error) { return 1, nil }
	for b.Loop() {
		work <- fn
		<-results
	}
	close(work)
}

// BenchmarkTimerAfterCancel100k makes and cancels a timer beside 100,000 others.
func BenchmarkTimerAfterCancel100k(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	for i := range 100_000 {
		l.After(farAway(i), nothing)
	}
	for i := 0; b.Loop(); i++ {
		l.After(farAway(i), nothing).Stop()
	}
}

func BenchmarkRefTimeAfterFunc100k(b *testing.B) {
	b.ReportAllocs()
	for i := range 100_000 {
		defer time.AfterFunc(farAway(i), nothing).Stop()
	}
	for i := 0; b.Loop(); i++ {
		time.AfterFunc(farAway(i), nothing).Stop()
	}
}

// farAway is one of many deadlines spread over an hour.
func farAway(i int) time.Duration {
	return time.Hour + time.Duration(i*7919%100_000)*36*time.Millisecond
}

// BenchmarkWakeLatency posts to a sleeping loop, and blocks at once for the answer.
func BenchmarkWakeLatency(b *testing.B) {
	beside(b, nil, func(l *Loop) {
		c := make(chan struct{})
		fn := func() { c <- struct{}{} }
		for b.Loop() {
			l.Post(fn)
			<-c
		}
	})
}

// BenchmarkWakeLatencyBusy posts to a sleeping loop, and keeps its P busy until the
// answer is there: parked under Go's poller, and blocking in epoll_wait.
func BenchmarkWakeLatencyBusy(b *testing.B) {
	for _, poller := range []string{"", "epoll-block"} {
		name := "default"
		if poller != "" {
			name = poller
		}
		b.Run(name, func(b *testing.B) {
			l, err := New(&Options{Poller: poller})
			if err != nil {
				b.Skipf("no such backend: %v", err)
			}
			l.Close()
			beside(b, &Options{Poller: poller}, func(l *Loop) {
				var answered atomic.Int64
				fn := func() { answered.Add(1) }
				for i := int64(1); b.Loop(); i++ {
					l.Post(fn)
					for answered.Load() < i {
					}
				}
			})
		})
	}
}

// BenchmarkTimerLateness waits for random deadlines on an idle loop, and reports how
// late they are.
func BenchmarkTimerLateness(b *testing.B) {
	onLoop(b, nil, func(l *Loop, co *Co) {
		var late time.Duration
		n := 0
		for b.Loop() {
			d := time.Duration(rand.Int64N(int64(3 * time.Millisecond)))
			due := l.now() + d
			Sleep(co, d)
			late += l.now() - due
			n++
		}
		b.ReportMetric(float64(late.Microseconds())/1000/float64(n), "ms-late")
	})
}
