package loop

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

// A loop whose backend fails is closed, with its coroutines; the pool goes on with the
// others, says so in the log, and Shutdown returns the error.
func TestPoolLoopFails(t *testing.T) {
	var log bytes.Buffer
	l, backend := counted(t, &Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
	backend.fail = errors.New("the wires are cut")
	waits := Go(l, func(co *Co) (int, error) { return Await(co, NewPromise[int](l).Future()) })
	p := startPool([]*Loop{l, open(t, nil)})
	<-l.Closed()
	if !waits.done || !errors.Is(waits.err, ErrClosed) {
		t.Errorf("its coroutine: %v", waits)
	}
	for range 4 {
		if v, err := Do(t.Context(), p.Next(), func(*Co) (int, error) { return 7, nil }); v != 7 || err != nil {
			t.Error(v, err)
		}
	}
	if err := p.Shutdown(context.Background()); !errors.Is(err, backend.fail) {
		t.Errorf("Shutdown: %v", err)
	}
	if !strings.Contains(log.String(), "a loop of a pool failed") {
		t.Errorf("the log has\n%s", &log)
	}
}
