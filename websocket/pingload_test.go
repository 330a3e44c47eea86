package websocket

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// TestPongOvertakes: a peer that takes what it is sent slowly, and pings meanwhile, is answered
// before all that is queued has gone, and between frames; of several pings the last.
func TestPongOvertakes(t *testing.T) {
	for _, server := range []bool{true, false} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, server, 1000, nil)
			const many = 50
			if err := c.Send(Binary, make([]byte, 2*slice)); err != nil {
				return err
			}
			for range many {
				if err := c.Send(Binary, make([]byte, 10_000)); err != nil {
					return err
				}
			}
			settle(co)
			for i := range 5 {
				peer.send(ping, fmt.Sprint(i))
			}
			var got []string
			for len(got) < many+2 {
				s := peer.next(co)
				if s == "open" {
					if err := loop.Sleep(co, time.Millisecond); err != nil {
						return err
					}
					continue
				}
				got = append(got, s)
			}
			if got[0] != fmt.Sprintf("binary of %d", 2*slice) || strings.Count(strings.Join(got, ","), "pong") != 1 {
				t.Errorf("server %v: got %q", server, got)
			}
			for i, s := range got {
				if strings.HasPrefix(s, "pong") && (s != `pong "4"` || i > many/2) {
					t.Errorf("server %v: frame %d is %s", server, i, s)
				}
			}
			peer.send(ping, "now")
			peer.wants(co, `pong "now"`, "open")
			if c.tx != nil {
				t.Errorf("it holds %.200v", fmt.Sprintf("%+v", c.tx))
			}
			c.Abort()
			peer.Abort()
			return nil
		})
	}
}

// TestPongBeforeClose: what was asked before this side closes is answered before the close
// frame, or not at all.
func TestPongBeforeClose(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		for range 10 {
			if err := c.Send(Binary, make([]byte, 10_000)); err != nil {
				return err
			}
		}
		settle(co)
		peer.send(ping, "a")
		settle(co)
		c.Close(Normal, "")
		peer.send(ping, "b")
		var got []string
		for len(got) < 12 {
			s := peer.next(co)
			if s == "open" {
				if err := loop.Sleep(co, time.Millisecond); err != nil {
					return err
				}
				continue
			}
			got = append(got, s)
		}
		if all := strings.Join(got, ","); !strings.Contains(all, `pong "a"`) || strings.Contains(all, `pong "b"`) || got[11] != `close 1000 ""` {
			t.Errorf("got %q", got)
		}
		peer.send(bye, "")
		peer.wants(co, "end")
		peer.Close()
		return nil
	})
}

// TestPongBehindMessages: while nobody reads, the peer's pongs lie behind messages that wait.
// That is no silence of the peer's.
func TestPongBehindMessages(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		o := &Options{PingInterval: 10 * time.Second}
		c, peer := pair(t, co, true, func(s *settings) { *s = o.settings(co.Loop(), true) })
		peer.SetWriteLimits(stream.WriteLimits{Stall: -1}) // the other end must wait for long
		tick := co.Loop().Every(time.Second, func() {
			for ev, ok := peer.event(); ok; ev, ok = peer.event() {
				if show(ev) == `ping ""` {
					peer.send(pong, "")
				}
			}
		})
		loop.Go(co, func(co *loop.Co) (struct{}, error) {
			for {
				b, err := loop.Await(co, peer.ReadSome(1000))
				if err != nil {
					return struct{}{}, nil
				}
				peer.got = append(peer.got, b...)
			}
		})
		const many = 100
		for range many {
			peer.send(bins, strings.Repeat("x", 10_000))
		}
		if err := loop.Sleep(co, 10*time.Minute); err != nil {
			return err
		}
		for range many {
			reads(t, co, c, fmt.Sprintf("binary %q", strings.Repeat("x", 10_000)))
		}
		if err := loop.Sleep(co, time.Minute); err != nil { // and it answers still
			return err
		}
		if c.Err() != nil {
			t.Error(c.Err())
		}
		tick.Stop()
		if err := loop.Sleep(co, time.Minute); err != nil {
			return err
		}
		if c.Err() == nil {
			t.Error("nothing is answered, and nothing waits to be read, and nobody minds")
		}
		peer.Abort()
		return nil
	})
}

// TestSweepMeetsFullStreams: connections that a ping ends, because their loop has no memory for
// it, leave the sweep while it goes round.
func TestSweepMeetsFullStreams(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		o := &Options{PingInterval: 8 * time.Second}
		var all []*Conn
		for range 64 {
			c, peer := pairWindow(t, co, true, 1000, func(s *settings) { *s = o.settings(co.Loop(), true) })
			defer peer.Abort()
			all = append(all, c)
		}
		stream.SetLoopBudget(co.Loop(), 1)
		fill := func() {
			for _, c := range all {
				if c.Err() == nil && c.tx == nil {
					_ = c.Send(Binary, make([]byte, corkSize-30)) // the cork is full, and goes with the ping
				}
			}
		}
		s := all[0].local().sweep(all[0].set)
		for range 2 * buckets {
			fill()
			s.tick()
			settle(co)
		}
		ended := 0
		for _, c := range all {
			if c.Err() != nil {
				ended++
			}
			c.Abort()
		}
		if ended == 0 {
			t.Error("no ping has ended a connection: the test shows nothing")
		}
		return nil
	})
}
