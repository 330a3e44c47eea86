package loop

import (
	"sync"
	"testing"
	"time"
)

func BenchmarkRefGoroutineSpawn(b *testing.B) {
	b.ReportAllocs()
	done := make(chan struct{})
	for b.Loop() {
		go func() { done <- struct{}{} }()
		<-done
	}
}

func BenchmarkGoNoWait(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	RunSync(l, func(co *Co) (int, error) {
		for b.Loop() {
			Go(l, func(co *Co) (int, error) { return 1, nil })
		}
		return 0, nil
	})
}

func BenchmarkSpawnNoWait(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	RunSync(l, func(co *Co) (int, error) {
		i := 0
		for b.Loop() {
			Spawn(l, func(co *Co) (int, error) { return 1, nil })
			if i++; i%64 == 0 {
				Yield(co)
			}
		}
		return 0, nil
	})
}

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

func BenchmarkYield(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	RunSync(l, func(co *Co) (int, error) {
		for b.Loop() {
			Yield(co)
		}
		return 0, nil
	})
}

func BenchmarkAwaitSuspend(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	RunSync(l, func(co *Co) (int, error) {
		var p *Promise[int]
		set := func() { p.Set(1) }
		for b.Loop() {
			p = NewPromise[int](l)
			l.Call(set)
			Await(co, p.Future())
		}
		return 0, nil
	})
}

func BenchmarkAwaitReady(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	f := Resolved(l, 1)
	RunSync(l, func(co *Co) (int, error) {
		for b.Loop() {
			Await(co, f)
		}
		return 0, nil
	})
}

func BenchmarkCall(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	n := 0
	var f func()
	f = func() {
		if n++; n < b.N {
			l.Call(f)
		} else {
			l.Stop()
		}
	}
	l.Call(f)
	l.Run()
}

func BenchmarkRefChannelSend(b *testing.B) {
	b.ReportAllocs()
	c := make(chan int, 1024)
	go func() {
		for range c {
		}
	}()
	for b.Loop() {
		c <- 1
	}
	close(c)
}

func BenchmarkPost(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	go l.Run()
	f := func() {}
	for b.Loop() {
		l.Post(f)
	}
	l.Close()
	<-l.Closed()
}

func BenchmarkRefChannelSendParallel(b *testing.B) {
	b.ReportAllocs()
	c := make(chan int, 1024)
	go func() {
		for range c {
		}
	}()
	parallel(b, func() { c <- 1 })
	close(c)
}

func parallel(b *testing.B, f func()) {
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range b.N / 8 {
				f()
			}
		})
	}
	wg.Wait()
}

func BenchmarkPostParallel(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	go l.Run()
	f := func() {}
	parallel(b, func() { l.Post(f) })
	l.Close()
	<-l.Closed()
}

func BenchmarkRefTimeAfterFunc100k(b *testing.B) {
	b.ReportAllocs()
	f := func() {}
	for range 100_000 {
		defer time.AfterFunc(time.Hour, f).Stop()
	}
	i := 0
	for b.Loop() {
		i++
		time.AfterFunc(time.Duration(i%1000)*time.Millisecond+time.Hour, f).Stop()
	}
}

func BenchmarkTimerAfterCancel100k(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	f := func() {}
	for range 100_000 {
		l.After(time.Hour, f)
	}
	i := 0
	for b.Loop() {
		i++
		l.After(time.Duration(i%1000)*time.Millisecond+time.Hour, f).Stop()
	}
}

func BenchmarkWakeLatency(b *testing.B) {
	b.ReportAllocs()
	l := open(b, nil)
	go l.Run()
	c := make(chan struct{})
	f := func() { c <- struct{}{} }
	for b.Loop() {
		l.Post(f)
		<-c
	}
	l.Close()
	<-l.Closed()
}
