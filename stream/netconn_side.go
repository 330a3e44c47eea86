package stream

import (
	"os"
	"slices"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// A side is one direction of a conn: its calls take turns, and have a deadline. It
// belongs to the loop.
type side struct {
	turn  *loop.Mutex
	timer loop.Timer
	over  error // why nobody may wait here: the deadline has passed, or it is closed
	waits []*wait
}

// A wait can be ended from elsewhere.
type wait struct {
	cancel func(cause error)
	why    error // it was
}

// enter waits for the caller's turn. leave ends it.
func (d *side) enter(co *loop.Co) error {
	if d.over != nil {
		return d.over
	}
	if _, err := await(co, d, d.turn.Lock()); err != nil {
		return err
	}
	if d.over != nil { // the turn came in the same iteration
		d.leave()
		return d.over
	}
	return nil
}

func (d *side) leave() { d.turn.Unlock() }

// await is loop.Await that the side can end. What f stands for is withdrawn then.
func await[T any](co *loop.Co, d *side, f *loop.Future[T]) (T, error) {
	if f.Done() {
		return f.Result()
	}
	scope, cancel := co.WithCancel()
	w := &wait{cancel: cancel}
	d.waits = append(d.waits, w)
	defer func() {
		d.waits = slices.DeleteFunc(d.waits, func(o *wait) bool { return o == w })
		cancel(nil)
	}()
	v, err := loop.Await(scope, f)
	if err != nil && w.why != nil {
		err = w.why
	}
	return v, err
}

// end ends the calls that wait, and all later ones.
func (d *side) end(why error) {
	d.timer.Stop()
	d.over = why
	for _, w := range d.waits {
		w.why = why
		w.cancel(why)
	}
}

func (d *side) setDeadline(l *loop.Loop, t time.Time) {
	d.timer.Stop()
	d.over = nil
	if t.IsZero() {
		return
	}
	// Not At: t may be of another clock than the loop's.
	left := t.Sub(l.Now())
	if left <= 0 {
		d.end(os.ErrDeadlineExceeded)
		return
	}
	d.timer = l.After(left, func() { d.end(os.ErrDeadlineExceeded) })
}
