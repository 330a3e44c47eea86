package loop

import (
	"testing"
	"time"
)

// Only a step that is found twice, by looks that came in time, is suspect, and it is
// reported once.
func TestSuspicion(t *testing.T) {
	const limit = 100 * time.Millisecond
	type sight struct {
		after time.Duration
		step  uint64
		want  bool
	}
	for name, sights := range map[string][]sight{
		"asleep":         {{limit, 2, false}, {limit, 2, false}, {limit, 2, false}},
		"busy":           {{limit, 1, false}, {limit, 3, false}, {limit, 5, false}},
		"blocked":        {{limit, 1, false}, {limit, 1, true}, {limit, 1, false}, {limit, 1, false}},
		"twice":          {{limit, 1, false}, {limit, 1, true}, {limit, 3, false}, {limit, 3, true}},
		"suspended":      {{limit, 1, false}, {time.Hour, 1, false}, {limit, 1, true}},
		"a late look":    {{limit, 1, false}, {2 * limit, 1, false}, {2 * limit, 1, false}},
		"late, reported": {{limit, 1, false}, {limit, 1, true}, {time.Hour, 1, false}, {limit, 1, false}},
	} {
		now := time.Unix(0, 0)
		s := suspicion{limit: limit, last: now}
		for i, look := range sights {
			now = now.Add(look.after)
			if got := s.look(now, look.step); got != look.want {
				t.Errorf("%s: look %d says %v", name, i, got)
			}
		}
	}
}

// What works for the collector is not blamed.
func TestCollecting(t *testing.T) {
	for stack, want := range map[string]bool{
		"goroutine 7 [GC assist wait]:\nmain.f()":                           true,
		"goroutine 7 [runnable]:\nruntime.gcAssistAlloc1(0xc000\n\t/x.go:1": true,
		"goroutine 7 [running]:\nmain.collect()\n\t/main.go:3":              false,
	} {
		if collecting(stack) != want {
			t.Errorf("%q: %v", stack, !want)
		}
	}
}

// The place is that of the program, not Go's own that it stands in.
func TestInnermost(t *testing.T) {
	for stack, want := range map[string]string{
		"goroutine 1 [chan receive]:\ntime.Sleep(0x1)\n\t/go/src/time/sleep.go:7 +0x1\n" +
			"main.(*server).handle(0xc0000, 0x2)\n\t/src/app/main.go:12 +0x25\nmain.main()\n\t/src/app/main.go:3 +0x1": "main.(*server).handle (app/main.go:12)",
		"goroutine 1 [sleep]:\nos.Open({0x1, 0x2})\n\t/go/src/os/file.go:7\n" +
			"example.org/mod/pkg.Load(...)\n\t/src/mod/pkg/load.go:9": "pkg.Load (pkg/load.go:9)",
		"goroutine 1 [running]:\nruntime.main()\n\t/go/src/runtime/proc.go:7": "unknown",
	} {
		if got := innermost(stack); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
