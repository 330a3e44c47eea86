//go:build unix

package loop_test

import (
	"os"
	"os/signal"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

func kill(t testing.TB, sig syscall.Signal) {
	t.Helper()
	if err := syscall.Kill(syscall.Getpid(), sig); err != nil {
		t.Error(err)
	}
}

// keepAlive keeps the signal from ending the process, whatever the test gets wrong.
func keepAlive(t testing.TB, sig os.Signal) {
	c := make(chan os.Signal, 1)
	signal.Notify(c, sig)
	t.Cleanup(func() { signal.Stop(c) })
}

// Tornado 1.12, 1.19, I07, I08: a signal wakes a loop that sleeps, or is about to, and
// the function runs on the loop.
func TestSignalWakesLoop(t *testing.T) {
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name, Strict: true})
		var got os.Signal
		defer l.OnSignal(func(s os.Signal) {
			got = s
			l.Call(l.Stop) // would panic elsewhere
		}, syscall.SIGUSR1)()
		for i := range count(2000, 200, 50) {
			got = nil
			if i%2 == 0 {
				l.Call(func() { kill(t, syscall.SIGUSR1) }) // just before the sleep
			} else {
				go kill(t, syscall.SIGUSR1)
			}
			run(t, l)
			if got != syscall.SIGUSR1 {
				t.Fatalf("got %v", got)
			}
		}
	})
}

// Each loop gets the signal.
func TestSignalOnTwoLoops(t *testing.T) {
	keepAlive(t, syscall.SIGUSR1)
	var both sync.WaitGroup
	for range 2 {
		l := machineLoop(t, nil)
		l.OnSignal(func(os.Signal) { l.Stop() }, syscall.SIGUSR1)
		both.Go(func() {
			if err := l.Run(); err != nil {
				t.Error(err)
			}
		})
	}
	kill(t, syscall.SIGUSR1)
	both.Wait()
}

// After the stop function nothing is called any more, also not for a signal that has
// come before; to call it twice does nothing.
func TestSignalStop(t *testing.T) {
	keepAlive(t, syscall.SIGUSR1)
	l := machineLoop(t, nil)
	stop := l.OnSignal(func(os.Signal) { t.Error("called after stop") }, syscall.SIGUSR1)
	came := make(chan os.Signal, 1)
	signal.Notify(came, syscall.SIGUSR1)
	defer signal.Stop(came)
	for range 20 {
		kill(t, syscall.SIGUSR1)
		within(t, came)
		runtime.Gosched() // let it be posted, perhaps
	}
	stop()
	stop()
	kill(t, syscall.SIGUSR1)
	within(t, came)
	l.After(5*time.Millisecond, l.Stop)
	run(t, l)
}

// A loop that is closed lets go of its signals.
func TestSignalAfterClose(t *testing.T) {
	keepAlive(t, syscall.SIGUSR1)
	l := machineLoop(t, nil)
	stop := l.OnSignal(func(os.Signal) { t.Error("called after Close") }, syscall.SIGUSR1)
	l.Close()
	kill(t, syscall.SIGUSR1)
	stop()
	l.OnSignal(func(os.Signal) { t.Error("called on a closed loop") }, syscall.SIGUSR1)()
}

// Tornado 1.18: signals that interrupt a backend's system call are nothing.
func TestInterruptedSleep(t *testing.T) {
	keepAlive(t, syscall.SIGURG)
	keepAlive(t, syscall.SIGUSR2)
	eachPoller(t, func(t *testing.T, name string) {
		l := machineLoop(t, &loop.Options{Poller: name})
		l.Call(func() {
			go func() {
				for range count(2000, 500, 200) {
					kill(t, syscall.SIGUSR2)
					runtime.Gosched()
				}
				l.Post(l.Stop)
			}()
		})
		run(t, l)
	})
}
