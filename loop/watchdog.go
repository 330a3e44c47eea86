package loop

import (
	"cmp"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/zonda-go/zonda/internal/owner"
)

// A BlockedSite is a place in the code that has held up a loop.
type BlockedSite struct {
	// Where is the innermost function of the program, or of a library, that stood
	// there, with its file and line.
	Where string
	// Count is how often it was found there.
	Count int
}

// A watchdog looks from outside whether a loop is stuck in one step: a callback or a
// coroutine that blocks or computes. Two looks that find the same step are a
// suspicion; then the loop's goroutine is looked up among the stacks of all, which
// stops the world for a moment, and the place is reported, once for each place.
//
// A machine that was suspended, a collector that stopped the world, a process that got
// no processor: all of these make the watchdog itself late. A look that comes late
// says nothing, and the count begins again.
type watchdog struct {
	// Immutable. The zero watchdog watches nothing.
	limit  time.Duration
	log    *slog.Logger
	holder *atomic.Uint64 // goroutine id of whoever holds the loop

	// Written by the loop, read by the watchdog: odd during a step.
	step atomic.Uint64

	mu    sync.Mutex
	found map[string]int
}

func (w *watchdog) begin() { w.step.Add(1) }
func (w *watchdog) end()   { w.step.Add(1) }

// start watches until gone is closed.
func (w *watchdog) start(gone <-chan struct{}) {
	if w.limit > 0 {
		go w.watch(gone)
	}
}

func (w *watchdog) watch(gone <-chan struct{}) {
	tick := time.NewTicker(w.limit)
	defer tick.Stop()
	s := suspicion{limit: w.limit, last: time.Now()}
	for {
		select {
		case <-gone:
			return
		case <-tick.C:
		}
		if s.look(time.Now(), w.step.Load()) {
			w.bark(s.step)
		}
	}
}

// suspicion is what the looks of a watchdog add up to.
type suspicion struct {
	limit time.Duration
	last  time.Time // of the last look
	step  uint64    // that it found
	barks bool      // about that step already
}

// look says whether the step that is found now is stuck and not reported yet.
func (s *suspicion) look(now time.Time, step uint64) bool {
	late := now.Sub(s.last) > s.limit+s.limit/2
	s.last = now
	if step != s.step || step%2 == 0 || late {
		// Another step, no step, or one that may have had as little time as we.
		s.barks = s.barks && step == s.step
		s.step = step
		return false
	}
	bark := !s.barks
	s.barks = true
	return bark
}

// bark reports where the loop stands, if it is still in that step.
func (w *watchdog) bark(step uint64) {
	stack := owner.Stack(w.holder.Load())
	if w.step.Load() != step || stack == "" || collecting(stack) {
		return
	}
	where := innermost(stack)
	w.mu.Lock()
	if w.found == nil {
		w.found = make(map[string]int)
	}
	w.found[where]++
	first := w.found[where] == 1
	w.mu.Unlock()
	if first {
		w.log.Warn("zonda: the loop is blocked", "where", where, "longer than", w.limit, "stack", stack)
	}
}

// sites is what has been found, the most frequent first.
func (w *watchdog) sites() (all []BlockedSite) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for where, n := range w.found {
		all = append(all, BlockedSite{where, n})
	}
	slices.SortFunc(all, func(a, b BlockedSite) int {
		return cmp.Or(cmp.Compare(b.Count, a.Count), strings.Compare(a.Where, b.Where))
	})
	return all
}

// collecting: the goroutine works for the garbage collector, or waits for it.
func collecting(stack string) bool {
	return strings.Contains(stack, "\nruntime.gcAssistAlloc") || strings.Contains(stack, "[GC ")
}

// innermost is the first function in a stack that is not Go's own: its package's path
// begins with a domain, or it is main or a test. A stack has two lines for each
// function, its name with arguments and its place.
func innermost(stack string) string {
	lines := strings.Split(stack, "\n")
	for i := 1; i+1 < len(lines); i += 2 {
		name, place := lines[i], strings.TrimSpace(lines[i+1])
		if at := strings.LastIndex(name, "("); at > 0 {
			name = name[:at]
		}
		if root, _, _ := strings.Cut(name, "/"); strings.HasPrefix(name, "main.") || strings.Contains(root, ".") && strings.Contains(name, "/") {
			file, _, _ := strings.Cut(place, " +0x")
			return withoutPath(name) + " (" + shortPath(file) + ")"
		}
	}
	return "unknown"
}
