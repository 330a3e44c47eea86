package stream

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// Out of descriptors, a listener waits this long before it tries again, if no
// connection ends earlier.
const minAcceptPause, maxAcceptPause = 5 * time.Millisecond, time.Second

// room is what a loop knows of a shortage of descriptors. It belongs to the loop,
// except for freed.
type room struct {
	// Immutable.
	l *loop.Loop

	// Owned by the loop.
	resting []*door
	pause   time.Duration // of the present shortage; 0: none
	retry   loop.Timer

	// Any goroutine.
	short atomic.Bool // doors rest, and nobody has called resume since
}

func roomOf(l *loop.Loop) *room {
	r := loop.Local[room](l)
	r.l = l
	return r
}

// rest leaves the waiting connections where they are for a while. The socket would
// report itself ready in each iteration, and the loop would spin. Of each shortage
// one line is logged.
func (r *room) rest(d *door, err error) {
	if r.pause == 0 {
		level := slog.LevelError
		if sock.IsExhausted(err) {
			level = slog.LevelWarn
		}
		r.l.Logger().Log(context.Background(), level, "zonda: cannot accept connections for now",
			"addr", d.n.addr.String(), "error", err)
	}
	d.rests = true
	d.update()
	r.resting = append(r.resting, d)
	if !r.retry.Pending() {
		r.pause = min(max(2*r.pause, minAcceptPause), maxAcceptPause)
		r.retry = r.l.After(r.pause, r.resume)
	}
	r.short.Store(true)
}

// freed ends a pause early: a descriptor of the loop's was closed. Any goroutine may
// call it, as a connection may live on another loop than its listener.
func (r *room) freed() {
	if r.short.Load() && r.short.CompareAndSwap(true, false) {
		_ = r.l.Post(r.resume) // a closed loop accepts nothing any more
	}
}

func (r *room) resume() {
	r.short.Store(false)
	r.retry.Stop()
	doors := r.resting
	r.resting = nil
	for _, d := range doors {
		d.rests = false
		d.update()
	}
}

func (r *room) recovered() { r.pause = 0 }

// leave forgets a listener that is closed, and its own descriptors are room for others.
func (r *room) leave(n *listener) {
	r.resting = slices.DeleteFunc(r.resting, func(d *door) bool { return d.n == n })
	if len(r.resting) == 0 {
		r.retry.Stop()
	}
	r.freed()
}
