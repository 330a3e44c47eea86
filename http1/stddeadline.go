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
	pending *stdOp // the first that it ends
}

// stdDeadlines are those of a request.
type stdDeadlines [2]stdDeadline

// whose a deadline is.
type whose int8

const (
	reading whose = iota
	writing
	none
)

// deadline is one of the request's, made if need be.
func (c *stdCall) deadline(of whose) *stdDeadline {
	if c.deadlines == nil {
		c.deadlines = &stdDeadlines{}
	}
	return &c.deadlines[of]
}

// SetReadDeadline is what http.ResponseController's calls: it counts on the loop's clock.
func (w *stdWriter) SetReadDeadline(t time.Time) error { return w.setDeadline(reading, t) }

// SetWriteDeadline is what http.ResponseController's calls. When a write has not ended by
// then, the connection is broken off at the handler's end.
func (w *stdWriter) SetWriteDeadline(t time.Time) error { return w.setDeadline(writing, t) }

func (w *stdWriter) setDeadline(of whose, t time.Time) error {
	return w.c.ask(none, func() error {
		w.c.deadline(of).set(w.c.l, t)
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
	for op := d.pending; op != nil; op = op.next {
		if op.co != nil {
			op.co.Cancel(os.ErrDeadlineExceeded)
		}
	}
}

// enter has the deadline end op.
func (d *stdDeadline) enter(op *stdOp) {
	op.next = d.pending
	d.pending = op
}

// leave is op's end: its error, if there is one and the deadline is the reason, is that.
func (d *stdDeadline) leave(op *stdOp, err error) error {
	at := &d.pending
	for *at != op {
		at = &(*at).next
	}
	*at = op.next
	if err != nil && d.passed {
		return os.ErrDeadlineExceeded
	}
	return err
}
