package owner

import (
	"iter"
	"strings"
	"testing"
)

// in runs fn on a goroutine of its own and returns when it is done.
func in(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

func TestIDTellsGoroutinesApart(t *testing.T) {
	mine := ID()
	if mine == 0 {
		t.Fatal("ID() = 0")
	}
	seen := map[uint64]bool{mine: true}
	for range 100 {
		in(func() {
			id := ID()
			if seen[id] || id != ID() {
				t.Errorf("goroutine %d is not new, or not the same twice", id)
			}
			seen[id] = true
		})
	}
	if ID() != mine {
		t.Errorf("ID() = %d, was %d", ID(), mine)
	}
}

// A coroutine has its own number, the same at each resumption, whoever resumes.
func TestIDInCoroutine(t *testing.T) {
	next, stop := iter.Pull(func(yield func(uint64) bool) {
		for yield(ID()) {
		}
	})
	defer stop()
	first, _ := next()
	if first == ID() {
		t.Error("a coroutine has the number of who resumes it")
	}
	in(func() {
		if id, _ := next(); id != first {
			t.Errorf("resumed from elsewhere the number is %d, was %d", id, first)
		}
	})
}

func TestIDAllocatesNothing(t *testing.T) {
	if n := testing.AllocsPerRun(100, func() { ID() }); n >= 1 {
		t.Errorf("ID allocates %v times", n)
	}
}

func TestParentOfGoroutine(t *testing.T) {
	mine := ID()
	in(func() {
		if id, byPull := Parent(); id != mine || byPull {
			t.Errorf("Parent = %d, %v, want %d, false", id, byPull, mine)
		}
	})
}

func TestParentOfCoroutine(t *testing.T) {
	mine := ID()
	check := func(kind string) {
		t.Helper()
		if id, byPull := Parent(); id != mine || !byPull {
			t.Errorf("%s: Parent = %d, %v, want %d, true", kind, id, byPull, mine)
		}
	}
	next, stop := iter.Pull(func(yield func(int) bool) { check("iter.Pull") })
	next()
	stop()
	next2, stop2 := iter.Pull2(func(yield func(string, error) bool) { check("iter.Pull2") })
	next2()
	stop2()
}

// deep calls fn from n frames down.
func deep(n int, fn func()) {
	if n == 0 {
		fn()
		return
	}
	deep(n-1, fn)
}

// The runtime leaves out the middle of a long trace, but not its end.
func TestParentFromDeepDown(t *testing.T) {
	mine := ID()
	next, stop := iter.Pull(func(yield func(int) bool) {
		deep(1000, func() {
			if id, byPull := Parent(); id != mine || !byPull {
				t.Errorf("Parent = %d, %v, want %d, true", id, byPull, mine)
			}
		})
	})
	next()
	stop()
}

func TestParentOf(t *testing.T) {
	for _, c := range []struct {
		trace  string
		id     uint64
		byPull bool
	}{
		{"", 0, false},
		{"goroutine 1 [running]:\nmain.main()\n\t/m.go:1\n", 0, false},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by main.run in goroutine 4\n\t/m.go:2\n", 4, false},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by iter.Pull[...] in goroutine 4\n\t/m.go:2\n", 4, true},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by iter.Pull2[...] in goroutine 41\n\t/m.go:2\n", 41, true},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by my/iter.Pull[...] in goroutine 4\n\t/m.go:2\n", 4, false},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by iter.Pull[...].func1 in goroutine 4\n", 4, false},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by iter.Puller in goroutine 4\n\t/m.go:2\n", 4, false},
		{"goroutine 9 [running]:\nf()\n\t/m.go:1\ncreated by runtime.main\n\t/m.go:2\n", 0, false},
	} {
		if id, byPull := parentOf([]byte(c.trace)); id != c.id || byPull != c.byPull {
			t.Errorf("%q: %d, %v, want %d, %v", c.trace, id, byPull, c.id, c.byPull)
		}
	}
}

func waitHere(ready chan<- uint64, release <-chan struct{}) {
	ready <- ID()
	<-release
}

func TestStack(t *testing.T) {
	ready, release := make(chan uint64), make(chan struct{})
	go waitHere(ready, release)
	id := <-ready
	if got := Stack(id); !strings.Contains(got, "waitHere") || strings.Contains(got, "TestStack(") ||
		strings.Count(got, "goroutine ") > 2 {
		t.Errorf("the stack of a goroutine in waitHere is\n%s", got)
	}
	close(release)
	if got := Stack(ID()); !strings.Contains(got, "TestStack(") {
		t.Errorf("the stack of this goroutine is\n%s", got)
	}
	if got := Stack(1 << 60); got != "" {
		t.Errorf("a goroutine that does not exist has the stack\n%s", got)
	}
}

// Goroutine 1 is not goroutine 12.
func TestStackInWholeNumber(t *testing.T) {
	all := []byte("goroutine 12 [running]:\na()\n\ngoroutine 1 [chan receive]:\nb()\n\ngoroutine 3 gp=0x1 m=nil [select]:\nc()\n")
	for id, want := range map[uint64]string{
		12: "goroutine 12 [running]:\na()",
		1:  "goroutine 1 [chan receive]:\nb()",
		3:  "goroutine 3 gp=0x1 m=nil [select]:\nc()",
		2:  "",
	} {
		if got := stackIn(all, id); got != want {
			t.Errorf("goroutine %d: %q, want %q", id, got, want)
		}
	}
}
