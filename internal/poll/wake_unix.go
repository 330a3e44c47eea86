//go:build unix && !aix

package poll

import (
	"encoding/binary"
	"sync"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// A waker ends the sleep of a backend that blocks in a system call. Its flag is
// the level that a Wake leaves behind; the descriptor (or a kqueue's own event) is
// only the nudge that makes the system call return. So one Wake before each sleep costs a system
// call, the others an atomic load.
//
// The sleeper asks take before it blocks and again whenever the nudge was seen,
// and always before its caller looks at the sources of work for the last time.
// Since take clears the flag before that look, a Wake either finds the flag
// cleared and nudges, or has published its work before the look. Cleared after
// the look, the flag would swallow a Wake that came in between.
//
// A nudge without the flag is the rest of a Wake that take has seen earlier, and
// means nothing.
type waker struct {
	pending atomic.Bool

	mu     sync.Mutex // a Wake after Close must not write to a reused number
	closed bool
	read   int // watched by the sleeper; -1: there is a trigger instead
	write  int // the same descriptor for an eventfd
	nudge  [8]byte

	trigger func() // makes an event that the sleeper sees, once

	buf [64]byte // owned by the sleeper: where drain reads to
}

// wake may be called from any goroutine.
func (w *waker) wake() {
	if w.pending.Load() || !w.pending.CompareAndSwap(false, true) {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return
	}
	if w.trigger != nil {
		w.trigger()
		return
	}
	// An eventfd takes no less than eight bytes, a pipe does not mind.
	binary.NativeEndian.PutUint64(w.nudge[:], 1)
	for {
		_, err := unix.Write(w.write, w.nudge[:])
		if err != unix.EINTR {
			return // EAGAIN: it is full, so the sleeper is nudged already
		}
	}
}

// take reports whether there was a Wake, and forgets it.
func (w *waker) take() bool { return w.pending.Load() && w.pending.Swap(false) }

// drain takes the nudges out, for who watches the descriptor level-triggered.
func (w *waker) drain() {
	for w.trigger == nil {
		n, err := unix.Read(w.read, w.buf[:])
		if err == unix.EINTR {
			continue
		}
		if n < len(w.buf) {
			return // all of it, or an error: EAGAIN is the usual one
		}
	}
}

func (w *waker) close() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.closed = true
	if w.trigger != nil {
		return
	}
	unix.Close(w.read)
	if w.write != w.read {
		unix.Close(w.write)
	}
}
