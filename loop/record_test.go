package loop_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// record is a log that a test can read: one line for each record, its message and
// its attributes.
type record struct {
	mu    sync.Mutex
	lines []string
	grown chan struct{}
}

func (r *record) Enabled(context.Context, slog.Level) bool { return true }
func (r *record) WithAttrs([]slog.Attr) slog.Handler       { return r }
func (r *record) WithGroup(string) slog.Handler            { return r }

func (r *record) Handle(_ context.Context, rec slog.Record) error {
	line := rec.Message
	rec.Attrs(func(a slog.Attr) bool {
		line += fmt.Sprintf(" %s=%v", a.Key, a.Value)
		return true
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, line)
	select {
	case r.grown <- struct{}{}:
	default:
	}
	return nil
}

// count is how many lines contain part.
func (r *record) count(part string) (n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, line := range r.lines {
		if strings.Contains(line, part) {
			n++
		}
	}
	return n
}

func (r *record) String() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.lines, "\n")
}

// recorded makes a loop as looptest does, whose log is at hand.
func recorded(t testing.TB) (*loop.Loop, *record) {
	t.Helper()
	r := &record{grown: make(chan struct{}, 1)}
	l, err := loop.New(&loop.Options{
		Poller: "chan",
		Clock:  looptest.NewClock(),
		Strict: true,
		Logger: slog.New(r),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, r
}

// onLoop runs body as a coroutine of l.
func onLoop(t testing.TB, l *loop.Loop, body func(co *loop.Co) error) {
	t.Helper()
	watchdog(t)
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		return struct{}{}, body(co)
	})
	if err != nil {
		t.Fatal(err)
	}
}

// panicText is what fn panics with, "" if it does not.
func panicText(fn func()) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprint(v)
		}
	}()
	fn()
	return ""
}

// wantPanic wants fn to panic with a text that has all the parts.
func wantPanic(t testing.TB, fn func(), parts ...string) {
	t.Helper()
	text := panicText(fn)
	if text == "" {
		t.Error("no panic")
	}
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("the panic says %q, want %q in it", text, part)
		}
	}
}

// iterations is the number of the present iteration, counted from when counting
// began. Counting keeps the loop busy: a virtual clock stands still.
func iterations(l *loop.Loop) (now func() int, stop func()) {
	n, on := 0, true
	var tick func()
	tick = func() {
		if on {
			n++
			l.Call(tick)
		}
	}
	l.Call(tick)
	return func() int { return n }, func() { on = false }
}
