package http1

import (
	"cmp"
	"errors"
	"time"

	"github.com/zonda-go/zonda/stream"
)

const (
	// DefaultHeadTimeout is Server.HeadTimeout's default.
	DefaultHeadTimeout = 60 * time.Second
	// DefaultIdleTimeout is Server.IdleTimeout's default.
	DefaultIdleTimeout = time.Hour
	// DefaultBodyTimeout is Server.BodyTimeout's default.
	DefaultBodyTimeout = 60 * time.Second
	// DefaultMinRate is Server.MinRate's default in bytes per second.
	DefaultMinRate = 240
)

const (
	// Between two sweeps passes an eighth of the shortest timeout, within these.
	minSweep, maxSweep = time.Second, 30 * time.Second
	// rateGrace is how long a body is waited for before its rate counts.
	rateGrace = 5 * time.Second
)

var errHeadTimeout = errors.New("http1: the request's head did not come in time")

// timeouts are a Server's, with the defaults in place; 0: none.
type timeouts struct {
	head, idle, body time.Duration
	rate             int64
}

func (s *Server) timeouts() timeouts {
	return timeouts{
		head: max(0, cmp.Or(s.HeadTimeout, DefaultHeadTimeout)),
		idle: max(0, cmp.Or(s.IdleTimeout, DefaultIdleTimeout)),
		body: max(0, cmp.Or(s.BodyTimeout, DefaultBodyTimeout)),
		rate: max(0, int64(cmp.Or(s.MinRate, DefaultMinRate))),
	}
}

// period is the time between two sweeps; 0: there is nothing to sweep for.
func (t timeouts) period() time.Duration {
	if t == (timeouts{}) {
		return 0
	}
	p := maxSweep
	for _, d := range [...]time.Duration{t.head, t.idle, t.body} {
		if d > 0 {
			p = min(p, d/8)
		}
	}
	return max(p, minSweep)
}

// clock is the time since the service was made.
func (sv *service) clock() time.Duration { return sv.l.Now().Sub(sv.made) }

// stamp is the time in milliseconds, as of a moment ago.
func (sv *service) stamp() uint32 { return uint32(sv.l.Recent() / time.Millisecond) }

// watch has the connections swept while there are any. A timer for each would be a
// place in the loop's heap, and a clock to be read with each request.
func (sv *service) watch() {
	switch period := sv.times.period(); {
	case period == 0:
	case sv.sweeper == nil:
		sv.sweeper = sv.l.Every(period, sv.sweep)
	default:
		sv.sweeper.Start()
	}
}

func (sv *service) sweep() {
	now, conns := sv.clock(), 0
	sv.srv.conns.Each(sv.l, func(s *stream.Stream) {
		conns++
		if c, ok := s.Consumer().(*conn); ok { // and not what has become of one
			c.sweep(now)
		}
	})
	if conns == 0 {
		sv.sweeper.Stop()
	}
}

// sweep ends the connection if its client takes too long. The time counts from the
// first sweep that finds the connection as it is: that is late, and never early.
func (c *conn) sweep(now time.Duration) {
	stamp := uint32(now/time.Millisecond) | 1
	begun := c.parser != nil // a head has
	limit := c.sv.times.idle
	if begun || c.fresh {
		limit = c.sv.times.head
	}
	switch {
	case c.ex != nil:
		c.ex.sweep(now)
	case c.since == 0:
		c.since = stamp
	case limit == 0 || time.Duration(stamp-c.since)*time.Millisecond < limit:
	case begun:
		c.refuse(408, errHeadTimeout)
	default:
		c.s.CloseIdle()
		c.close()
	}
}

// A wait is the time that a body's reader has waited for the client.
type wait struct {
	on    bool
	since time.Duration // on the service's clock, if on
	spent time.Duration // before that
}

func (w *wait) begin(now time.Duration) { w.on, w.since = true, now }

func (w *wait) end(now time.Duration) {
	w.spent += now - w.since
	w.on = false
}

// sweep ends the request if its body, which somebody waits for, comes too slowly.
func (ex *exchange) sweep(now time.Duration) {
	if ex.rare == nil || !ex.rare.body.on {
		return
	}
	w, t := &ex.rare.body, ex.c.sv.times
	still := now - w.since
	spent := w.spent + still
	slow := t.rate > 0 && spent > rateGrace && float64(ex.body.total) < float64(t.rate)*spent.Seconds()
	switch {
	case !slow && (t.body == 0 || still < t.body):
	case ex.over:
		ex.c.close()
	default:
		ex.body.err, ex.body.close = ErrBodyTimeout, true
		ex.body.wake()
	}
}
