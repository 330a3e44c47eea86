package loop

import (
	"fmt"
	"io/fs"

	"github.com/zonda-go/zonda/internal/poll"
)

// Events is a set of kinds of readiness of a descriptor.
type Events = poll.Events

const (
	// Readable: a read or an accept would not block; so does the end of input.
	Readable = poll.Readable
	// Writable: a write would not block, or a connect has ended.
	Writable = poll.Writable
	// Failed: an error waits on the descriptor, or it is shut in both directions.
	// It is always reported, again and again until the watch is stopped. The
	// backends kqueue and select tell less of it: there what was asked for is
	// reported instead, where a read or a write would find the error.
	Failed = poll.Failed
)

// A Handler is told when a watched descriptor is ready. Ready runs on the loop.
type Handler interface {
	// Ready is called once in each iteration in which there is something to tell.
	Ready(Events)
}

// HandlerFunc makes a function a Handler.
type HandlerFunc func(Events)

// Ready calls f.
func (f HandlerFunc) Ready(e Events) { f(e) }

// A Watch is one registration of a descriptor. It belongs to the loop. The zero
// Watch watches nothing.
type Watch struct {
	l    *Loop
	slot uint32
	gen  uint32
}

// watches maps tokens to handlers. A token is slot | generation<<32, and the
// generation changes when a slot is given back, so an event that was fetched
// before never reaches the slot's next tenant.
type watches struct {
	slots []watchSlot
	free  []uint32
}

type watchSlot struct {
	h   Handler // nil: free
	fd  int32
	gen uint32
}

// Watch has h told when fd is ready for what want asks: level-triggered, so again
// in each iteration as long as it is. The descriptor should be non-blocking, and
// the watch must be stopped before the descriptor is closed. A descriptor that is
// watched already gives an error matching fs.ErrExist (Tornado I05).
func (l *Loop) Watch(fd int, want Events, h Handler) (Watch, error) {
	l.check("Watch")
	if l.closed {
		return Watch{}, ErrClosed
	}
	w := l.watches.take(l, fd, h)
	if err := l.poller.Add(fd, want, w.token()); err != nil {
		l.watches.give(w)
		return Watch{}, fmt.Errorf("loop: watch: %w", err)
	}
	return w, nil
}

// Set changes what the watch asks for. On a watch that was stopped the error matches
// fs.ErrClosed, on a closed loop ErrClosed.
func (w Watch) Set(want Events) error {
	s := w.lookup("Watch.Set")
	if s == nil && w.l != nil && w.l.closed {
		return ErrClosed
	}
	if s == nil {
		return fmt.Errorf("loop: watch: %w", fs.ErrClosed)
	}
	if err := w.l.poller.Modify(int(s.fd), want, w.token()); err != nil {
		return fmt.Errorf("loop: watch: %w", err)
	}
	return nil
}

// Stop ends the watch, also for events that were fetched but not yet handled
// (Tornado I24). To stop twice, or the zero Watch, does nothing.
func (w Watch) Stop() {
	s := w.lookup("Watch.Stop")
	if s == nil {
		return
	}
	// Nothing can be done about an error here, and nothing needs to be: the new
	// generation keeps the descriptor's events away.
	_ = w.l.poller.Remove(int(s.fd))
	w.l.watches.give(w)
}

// lookup finds the watch's slot; nil: it was stopped, or the loop is closed.
func (w Watch) lookup(op string) *watchSlot {
	if w.l == nil {
		return nil
	}
	w.l.check(op)
	if w.l.closed {
		return nil
	}
	if s := &w.l.watches.slots[w.slot]; s.gen == w.gen && s.h != nil {
		return s
	}
	return nil
}

func (w Watch) token() poll.Token {
	return poll.Token(w.slot) | poll.Token(w.gen)<<32
}

func (t *watches) take(l *Loop, fd int, h Handler) Watch {
	var i uint32
	if n := len(t.free); n > 0 {
		i, t.free = t.free[n-1], t.free[:n-1]
	} else {
		i = uint32(len(t.slots))
		t.slots = append(t.slots, watchSlot{})
	}
	s := &t.slots[i]
	s.h, s.fd = h, int32(fd)
	return Watch{l, i, s.gen}
}

func (t *watches) give(w Watch) {
	s := &t.slots[w.slot]
	s.h, s.fd = nil, -1
	// The highest generations would make tokens that belong to the backends.
	if s.gen++; s.gen >= 1<<31 {
		s.gen = 0
	}
	t.free = append(t.free, w.slot)
}

// dispatch hands each fetched event to its handler, if it still has one.
func (l *Loop) dispatch() {
	for l.event < len(l.events) {
		e := l.events[l.event]
		l.event++
		s := &l.watches.slots[uint32(e.Token)]
		if s.gen != uint32(e.Token>>32) || s.h == nil {
			continue
		}
		l.count.Events++
		if l.times {
			h := s.h
			l.timed(StepHandler, h, func() { h.Ready(e.Events) })
		} else {
			s.h.Ready(e.Events)
		}
	}
}
