package http1

import (
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A stdDeadline is that of reading a request's body, or of writing its response. It
// belongs to the loop.
type stdDeadline struct {
	timer   loop.Timer
	passed  bool
	pending map[*stdOp]struct{} // that it ends
}

// SetReadDeadline is what http.ResponseController's calls: it counts on the loop's clock.
func (w *stdWriter) SetReadDeadline(t time.Time) error { return w.setDeadline(&w.c.reading, t) }

// SetWriteDeadline is what http.ResponseController's calls. When a write has not ended by
// then, the connection is broken off at the handler's end.
func (w *stdWriter) SetWriteDeadline(t time.Time) error { return w.setDeadline(&w.c.writing, t) }

func (w *stdWriter) setDeadline(d *stdDeadline, t time.Time) error {
	return w.c.ask(nil, func() error {
		d.set(w.c.l, t)
		return nil
	})
}

// set moves the deadline. The zero time is none.
func (d *stdDeadline) set(l *loop.Loop, t time.Time) {
	d.timer.Stop()
	d.passed = false
	if !t.IsZero() {
		// One that has passed ends what is under way, too.
		d.timer = l.After(max(0, t.Sub(l.Now())), d.expire)
		if !t.After(l.Now()) {
			d.timer.Stop()
			d.expire()
		}
	}
}

func (d *stdDeadline) expire() {
	d.passed = true
	for op := range d.pending {
		if op.co != nil {
			op.co.Cancel(os.ErrDeadlineExceeded)
		}
	}
}

// enter has the deadline end op.
func (d *stdDeadline) enter(op *stdOp) {
	if d.pending == nil {
		d.pending = make(map[*stdOp]struct{}, 1)
	}
	d.pending[op] = struct{}{}
}

// leave is op's end: its error, if there is one and the deadline is the reason, is that.
func (d *stdDeadline) leave(op *stdOp, err error) error {
	delete(d.pending, op)
	if err != nil && d.passed {
		return os.ErrDeadlineExceeded
	}
	return err
}
