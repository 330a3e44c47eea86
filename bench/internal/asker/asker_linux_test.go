package asker

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

// TestDriveCountsFailures has one request of three fail once: it is not asked again,
// and the others go on.
func TestDriveCountsFailures(t *testing.T) {
	o := Options{Addr: "127.0.0.1:1", Conns: 3, Window: 20 * time.Millisecond}
	var asked atomic.Int64
	run, err := Drive(o, func(o Options, rec *Recorder) error {
		Workers(o, rec, func() error {
			if asked.Add(1) == 2 {
				return errors.New("failed")
			}
			return nil
		})
		return nil
	})
	if err != nil || run.Errors != 1 || run.Requests == 0 || run.Requests > asked.Load() {
		t.Errorf("%+v of %d, %v", run, asked.Load(), err)
	}
}

func TestDriveRefuses(t *testing.T) {
	start := func(Options, *Recorder) error { return nil }
	for name, o := range map[string]Options{
		"a name":      {Addr: "localhost:1", Conns: 1, Window: 1},
		"no requests": {Addr: "127.0.0.1:1", Window: 1},
		"no window":   {Addr: "127.0.0.1:1", Conns: 1},
	} {
		if run, err := Drive(o, start); err == nil {
			t.Errorf("%s: no error, %+v", name, run)
		}
	}
	failed := errors.New("failed")
	o := Options{Addr: "127.0.0.1:1", Conns: 1, Window: 1}
	if _, err := Drive(o, func(Options, *Recorder) error { return failed }); err != failed {
		t.Errorf("%v, want %v", err, failed)
	}
}

func TestCheck(t *testing.T) {
	if Check(200, []byte("Hello, World!")) != nil || Check(201, []byte("Hello, World!")) == nil || Check(200, nil) == nil {
		t.Error("the wrong answers pass")
	}
}
