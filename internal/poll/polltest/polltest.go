// Package polltest is the suite that every backend of package poll has to pass.
// It holds no expectation about how fast a machine is: of a sleep it asks that it
// ends, and that it does not end too early.
package polltest

import (
	"bytes"
	"context"
	"errors"
	"runtime"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
)

// patience is how long a test may take before it counts as hanging. What is
// tested for takes milliseconds, or for ever.
const patience = 60 * time.Second

// A fixture is one test with one poller.
type fixture struct {
	*testing.T
	p    poll.Poller
	caps Capabilities
	open func() (poll.Poller, error)
	dst  []poll.Event
	fds  map[int]bool // open ones that the test has made
}

type test struct {
	name string
	run  func(f *fixture)
}

// Run runs the suite against the backend that open makes. Each test opens its
// own Poller and closes it.
func Run(t *testing.T, open func() (poll.Poller, error), caps Capabilities) {
	before := runtime.NumGoroutine()
	fds := caps.Descriptors
	for _, set := range []struct {
		name  string
		able  bool
		tests []test
	}{
		{"", true, timeTests},
		{"", true, wakeTests},
		{"", true, lifeTests},
		{"Descriptors", fds, readyTests},
		{"Descriptors", fds, hangUpTests},
		{"Failed", caps.Failed, failedTests},
		{"FailedUnasked", caps.FailedUnasked, unaskedTests},
		{"Descriptors", fds, registryTests},
		{"Descriptors", fds, staleTests},
		{"Descriptors", fds, closedTests},
		{"TellsClosed", caps.TellsClosed, tellsClosedTests},
		{"MaxFD", caps.MaxFD > 0, limitTests},
		{"AnyFD", caps.MaxFD == 0, noLimitTests},
		{"Descriptors", fds, mixedTests},
	} {
		for _, c := range set.tests {
			t.Run(c.name, func(t *testing.T) {
				if set.name != "" && !fds {
					t.Skip("the backend does not have the capability Descriptors")
				}
				if !set.able {
					t.Skipf("the backend does not have the capability %s", set.name)
				}
				runOne(t, open, caps, c.run)
			})
		}
	}
	settle(t, before)
}

func runOne(t *testing.T, open func() (poll.Poller, error), caps Capabilities, run func(*fixture)) {
	t.Helper()
	defer watch(t.Name())()
	p, err := open()
	if err != nil {
		t.Fatalf("open: %v", err)
	}
	defer p.Close() // a second time in some tests, which does no harm
	f := &fixture{T: t, p: p, caps: caps, open: open, dst: make([]poll.Event, 16), fds: make(map[int]bool)}
	defer f.closeAll()
	run(f)
}

// watch ends the process with a dump of all goroutines unless the function it
// returns is called in time. A sleeper that nobody wakes cannot be failed any
// other way.
func watch(name string) (stop func()) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	unhook := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return
		}
		var dump bytes.Buffer
		pprof.Lookup("goroutine").WriteTo(&dump, 2)
		panic("polltest: " + name + " hangs\n\n" + dump.String())
	})
	return func() {
		unhook()
		cancel()
	}
}

// settle fails the test if more goroutines run than before, after those that are
// on their way out have had their time.
func settle(t *testing.T, before int) {
	t.Helper()
	for end := time.Now().Add(patience); runtime.NumGoroutine() > before; runtime.Gosched() {
		if time.Now().After(end) {
			var dump bytes.Buffer
			pprof.Lookup("goroutine").WriteTo(&dump, 2)
			t.Fatalf("%d goroutines, %d before\n\n%s", runtime.NumGoroutine(), before, &dump)
		}
	}
}

// wait is Wait with the fixture's dst; an error ends the test.
func (f *fixture) wait(timeout time.Duration) []poll.Event {
	f.Helper()
	n, err := f.p.Wait(f.dst, timeout)
	if err != nil {
		f.Fatalf("Wait(%v): %v", timeout, err)
	}
	if n < 0 || n > len(f.dst) {
		f.Fatalf("Wait(%v) = %d events for a dst of %d", timeout, n, len(f.dst))
	}
	return f.dst[:n]
}

// maxEarly is how many sleeps may end for no reason before one that does not.
// The contract allows it; a backend that does it all the time is broken.
const maxEarly = 8

// sleep sleeps the whole timeout although nothing happens, and returns how many
// sleeps ended early. Events end the test.
func (f *fixture) sleep(timeout time.Duration) (early int) {
	f.Helper()
	for ; early <= maxEarly; early++ {
		began := time.Now()
		if got := f.wait(timeout); len(got) != 0 {
			f.Fatalf("Wait(%v) reports %v, though nothing is ready", timeout, got)
		}
		if time.Since(began) >= timeout {
			return early
		}
	}
	f.Fatalf("%d sleeps of %v ended early in a row", early, timeout)
	return early
}

// next sleeps until there are events.
func (f *fixture) next() []poll.Event {
	f.Helper()
	for range maxEarly {
		if got := f.wait(-1); len(got) > 0 {
			return got
		}
	}
	f.Fatalf("%d sleeps ended without an event", maxEarly)
	return nil
}

// want sleeps until there is an event, which must be this one and the only one.
func (f *fixture) want(tok poll.Token, evs poll.Events) {
	f.Helper()
	got := f.next()
	if len(got) != 1 || got[0] != (poll.Event{Token: tok, Events: evs}) {
		f.Fatalf("Wait reports %v, want token %d with %03b alone", got, tok, evs)
	}
}

// quiet looks, and there must be nothing.
func (f *fixture) quiet() {
	f.Helper()
	for range 3 {
		if got := f.wait(0); len(got) != 0 {
			f.Fatalf("Wait(0) reports %v, want nothing", got)
		}
	}
}

func (f *fixture) must(err error) {
	f.Helper()
	if err != nil {
		f.Fatal(err)
	}
}

func (f *fixture) wantErr(err, target error) {
	f.Helper()
	if !errors.Is(err, target) {
		f.Errorf("error %v, want one that matches %q", err, target)
	}
}
