package loop

import (
	"testing"
	"time"
)

// The room that a burst of callbacks and posts needed is given back, but not before the
// loop has slept a while without needing it.
func TestBurstsRoomIsGivenBack(t *testing.T) {
	l, err := New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	const burst = 4 * keptTasks
	room := func() int {
		l.mu.Lock()
		defer l.mu.Unlock()
		return cap(l.ready) + cap(l.batch) + cap(l.posted)
	}
	_, err = RunSync(l, func(co *Co) (struct{}, error) {
		for range burst {
			l.Call(nothing)
			if err := l.Post(nothing); err != nil {
				return struct{}{}, err
			}
		}
		if err := Sleep(co, time.Microsecond); err != nil {
			return struct{}{}, err
		}
		if n := room(); n < burst {
			t.Errorf("room for %d tasks at once after the burst, want %d", n, burst)
		}
		for range 2 * trimAfter {
			if err := Sleep(co, 20*time.Microsecond); err != nil {
				return struct{}{}, err
			}
		}
		if n := room(); n > keptTasks {
			t.Errorf("room for %d tasks is left, want %d", n, keptTasks)
		}
		return struct{}{}, nil
	})
	if err != nil {
		t.Error(err)
	}
}
