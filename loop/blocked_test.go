package loop_test

import (
	"bytes"
	"log/slog"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A callback and a coroutine that block are named, once each, and counted.
func TestWatchdogNamesWhoBlocks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		l, err := loop.New(&loop.Options{Poller: "chan", Watchdog: 100 * time.Millisecond,
			Logger: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		block := func() { <-time.After(time.Second) }
		loop.Go(l, func(co *loop.Co) (int, error) {
			defer l.Stop()
			for range 3 {
				if err := loop.Sleep(co, 10*time.Second); err != nil { // asleep is not blocked
					return 0, err
				}
				blockInBody()
			}
			return 0, nil
		})
		l.After(time.Second, block)
		if err := l.Run(); err != nil {
			t.Fatal(err)
		}
		l.Close()
		sites := l.Stats().Blocked
		if len(sites) != 2 || sites[0].Count != 3 || sites[1].Count != 1 {
			t.Errorf("it found %v", sites)
		}
		for _, name := range []string{"loop_test.blockInBody (loop/blocked_test.go:", "loop_test.TestWatchdogNamesWhoBlocks.func"} {
			if n := strings.Count(log.String(), `where="`+name); n != 1 {
				t.Errorf("%s is in the log %d times:\n%s", name, n, log.String())
			}
		}
	})
}

func blockInBody() { <-time.After(500 * time.Millisecond) }

// A collector at work all the time makes no false alarm, nor does a loop with much to
// do in short steps.
func TestWatchdogIsQuietUnderGC(t *testing.T) {
	var log bytes.Buffer
	l := machineLoop(t, &loop.Options{Poller: "chan", Watchdog: 200 * time.Millisecond,
		Logger: slog.New(slog.NewTextHandler(&log, nil))})
	end := make(chan struct{})
	go func() {
		for !stopped(end) {
			runtime.GC()
		}
	}()
	l.After(time.Duration(count(10_000, 500, 500))*time.Millisecond, l.Stop)
	loop.Go(l, func(co *loop.Co) (int, error) {
		var keep [][]byte
		for loop.Yield(co) == nil {
			if keep = append(keep, make([]byte, 1<<12)); len(keep) > 1000 {
				keep = nil
			}
		}
		return 0, nil
	})
	run(t, l)
	close(end)
	l.Close()
	if log.Len() > 0 {
		t.Errorf("it reported\n%s", log.String())
	}
}

func stopped(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
