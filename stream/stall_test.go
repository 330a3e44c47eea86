package stream_test

import (
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A peer that takes nothing for a minute is given up; one that takes a little now and
// then is not.
func TestStall(t *testing.T) {
	for _, limit := range []time.Duration{0, 5 * time.Second} {
		want := limit
		if limit == 0 {
			want = time.Minute
		}
		at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
			if limit != 0 {
				p.near.SetWriteLimits(stream.WriteLimits{Stall: limit})
			}
			reason := loop.NewPromise[error](p.l)
			p.near.OnClose(func(err error) { reason.Set(err) })
			reading := p.near.ReadSome(1)
			newRecorder(p.far, nil)
			f := p.near.Write(make([]byte, 300<<10))
			low := p.near.Writable()
			p.stall()
			start := p.l.Now()
			for range 3 { // a little progress, each time within the limit
				if err := loop.Sleep(p.co, want-time.Second); err != nil {
					p.t.Fatal(err)
				}
				start = p.l.Now()
				before := p.near.Unsent()
				p.far.Discard(10 << 10)
				p.until("a little goes", func() bool { return p.near.Unsent() < before })
				p.stall()
			}
			p.fails(f, stream.ErrStalled)
			d := p.l.Now().Sub(start)
			if d < want || d > want+time.Millisecond {
				p.t.Errorf("it took %v, not %v", d, want)
			}
			for _, f := range []*loop.Future[struct{}]{f, low} {
				p.fails(f, stream.ErrStalled)
			}
			p.refuses(reading, stream.ErrStalled)
			if err, _ := loop.Await(p.co, reason.Future()); err != stream.ErrStalled {
				p.t.Errorf("OnClose says %v", err)
			}
			p.until("the peer sees a reset", p.far.Closed)
		})
	}
}

// Nothing waits, or nobody minds: then the peer may take its time.
func TestNoStall(t *testing.T) {
	for name, use := range map[string]func(p *pair){
		"idle":    func(p *pair) { p.near.Write([]byte("x")) },
		"reading": func(p *pair) { p.near.ReadSome(1) },
		"off": func(p *pair) {
			p.near.SetWriteLimits(stream.WriteLimits{Stall: -1})
			p.stuff(p.near, 1)
		},
		"switched off": func(p *pair) {
			p.stuff(p.near, 1)
			p.near.SetWriteLimits(stream.WriteLimits{Stall: -1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
				use(p)
				p.stall()
				if stream.TimerPending(p.near) {
					p.t.Error("a timer watches the peer")
				}
				if err := loop.Sleep(p.co, 10*time.Hour); err != nil || p.near.Closed() {
					p.t.Errorf("closed %v, %v", p.near.Closed(), err)
				}
			})
		})
	}
}

// Without a limit of its own, a stream that is closed is still given up.
func TestStallOffThenClose(t *testing.T) {
	at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
		p.near.SetWriteLimits(stream.WriteLimits{Stall: -1})
		newRecorder(p.far, nil)
		p.near.Write(make([]byte, 300<<10))
		p.stall()
		start := p.l.Now()
		p.fails(p.near.Close(), stream.ErrNotDelivered, stream.ErrStalled)
		if d := p.l.Now().Sub(start); d != 30*time.Second {
			p.t.Errorf("it took %v", d)
		}
	})
}

// Progress does not touch the timer.
func TestStallTimerIsLazy(t *testing.T) {
	room := 0
	tr := &script{write: func(p []byte) (int, error) {
		if room == 0 {
			return 0, stream.ErrAgain
		}
		room--
		return 1, nil
	}}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		s.Write(make([]byte, 1000))
		first := stream.StallTimer(s)
		for range 500 {
			room = 1
			tr.h.Ready(loop.Writable)
		}
		if s.Unsent() != 500 || stream.StallTimer(s) != first {
			t.Errorf("%d bytes wait, the timer is another", s.Unsent())
		}
	})
}
