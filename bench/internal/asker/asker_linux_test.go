package asker

import (
	"bufio"
	"errors"
	"io"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/bench/internal/live"
)

// TestDriveCountsFailures has one request of three fail once: it is not asked again,
// and the others go on.
func TestDriveCountsFailures(t *testing.T) {
	o := Options{Addr: "127.0.0.1:1", Conns: 3, Window: 20 * time.Millisecond}
	var asked atomic.Int64
	run, err := Drive(o, func(o Options, rec *Recorder) (func(int), error) {
		return Workers(rec, func() error {
			if asked.Add(1) == 2 {
				return errors.New("failed")
			}
			return nil
		}), nil
	})
	if err != nil || run.Errors != 1 || run.Requests == 0 || run.Requests > asked.Load() {
		t.Errorf("%+v of %d, %v", run, asked.Load(), err)
	}
}

func TestDriveRefuses(t *testing.T) {
	open := func(Options, *Recorder) (func(int), error) { return func(int) {}, nil }
	for name, o := range map[string]Options{
		"a name":      {Addr: "localhost:1", Conns: 1, Window: 1},
		"no requests": {Addr: "127.0.0.1:1", Window: 1},
		"no window":   {Addr: "127.0.0.1:1", Conns: 1},
	} {
		if run, err := Drive(o, open); err == nil {
			t.Errorf("%s: no error, %+v", name, run)
		}
	}
	failed := errors.New("failed")
	o := Options{Addr: "127.0.0.1:1", Conns: 1, Window: 1}
	if _, err := Drive(o, func(Options, *Recorder) (func(int), error) { return nil, failed }); err != failed {
		t.Errorf("%v, want %v", err, failed)
	}
}

// TestHold begins requests in two steps, each of them once.
func TestHold(t *testing.T) {
	var asked atomic.Int64
	release, done := make(chan struct{}), make(chan struct{})
	in, ask := io.Pipe()
	replies, out := io.Pipe()
	go func() {
		defer close(done)
		err := hold(Options{Addr: "127.0.0.1:1", Conns: 3, Window: 1}, func(o Options, rec *Recorder) (func(int), error) {
			return Workers(rec, func() error {
				asked.Add(1)
				<-release
				return nil
			}), nil
		}, in, out)
		if err != nil {
			t.Error(err)
		}
	}()
	lines := bufio.NewScanner(replies)
	reply := func(line string) string {
		io.WriteString(ask, line+"\n")
		lines.Scan()
		return lines.Text()
	}
	for _, line := range []string{"2", "3", "1", "3"} {
		if got := reply(line); got != line {
			t.Errorf("%s: %q", line, got)
		}
	}
	if got := reply(AskAnswered); got != "0" {
		t.Errorf("answered %s of none", got)
	}
	if n, err := strconv.Atoi(reply(live.Ask)); err != nil || n <= 0 {
		t.Errorf("live: %d, %v", n, err)
	}
	close(release)
	for reply(AskAnswered) != "3" {
	}
	ask.Close()
	<-done
	if asked.Load() != 3 {
		t.Errorf("%d requests, want 3", asked.Load())
	}
}

func TestCheck(t *testing.T) {
	if Check(200, []byte("Hello, World!")) != nil || Check(201, []byte("Hello, World!")) == nil || Check(200, nil) == nil {
		t.Error("the wrong answers pass")
	}
}
