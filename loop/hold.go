package loop

import (
	"fmt"

	"github.com/zonda-go/zonda/internal/owner"
)

// The loop remembers the goroutine that holds it, where that is checked: in
// builds with -race and with Options.Strict, and for the watchdog. A goroutine's id can
// only be parsed from a stack trace, which costs a microsecond.

// hold makes this goroutine the holder.
func (l *Loop) hold() {
	if owner.Enabled || l.tracks {
		l.holder.Store(owner.ID())
	}
}

// release says that nobody runs the loop: it belongs to the goroutine that has
// it, which cannot be checked.
func (l *Loop) release() { l.holder.Store(0) }

// check panics if the caller does not hold the loop.
func (l *Loop) check(op string) {
	if owner.Enabled || l.strict {
		l.checkHolder(op)
	}
}

// checkOutside panics if the caller holds the loop: it is about to wait for the loop,
// which would be for itself, for ever.
func (l *Loop) checkOutside(op string) {
	if (owner.Enabled || l.strict) && l.holder.Load() == owner.ID() {
		panic("loop: " + op + " called by the goroutine that holds the loop, which it would wait for; use Go or Await")
	}
}

func (l *Loop) checkHolder(op string) {
	holder := l.holder.Load()
	if holder == 0 {
		return
	}
	id := owner.ID()
	if id == holder {
		return
	}
	// A body may run an iter.Pull of its own and await inside that: another
	// goroutine, but the loop waits for it all the same.
	if parent, pulled := owner.Parent(); pulled && parent == holder {
		return
	}
	panic(fmt.Sprintf("loop: %s called by goroutine %d, but goroutine %d holds the loop; use Post or Do. The holder:\n%s",
		op, id, holder, owner.Stack(holder)))
}
