package websocket

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestPingWithoutReader: pings before the next message are answered although nobody reads.
func TestPingWithoutReader(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		peer.send(ping, "a")
		peer.wants(co, `pong "a"`)
		peer.send(texts, "m")
		peer.send(ping, "b")
		peer.wants(co, "open")
		reads(t, co, c, `text "m"`)
		peer.wants(co, `pong "b"`)
		peer.send(bye, "\x03\xe8")
		peer.wants(co, `close 1000 ""`)
		peer.Close()
		return nil
	})
}

// TestManualPing is W31.
func TestManualPing(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		s, c := conns(t, co, nil)
		got := ""
		c.OnPong(func(data []byte) { got += string(data) + ";" })
		for _, data := range []string{"hello", "", "\xff\x00", strings.Repeat("x", 125)} {
			if err := c.Ping([]byte(data)); err != nil {
				return err
			}
		}
		settle(co)
		if want := "hello;;\xff\x00;" + strings.Repeat("x", 125) + ";"; got != want {
			t.Errorf("pongs %q", got)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("a ping of 126 bytes is taken")
				}
			}()
			c.Ping(make([]byte, 126))
		}()
		s.Abort()
		c.Abort()
		return nil
	})
}

// TestPeriodicPing (W28): each connection is pinged once in each interval, not all together,
// and one that answers lives on. Without connections there is no timer.
func TestPeriodicPing(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		const many = 200
		o := &Options{PingInterval: 80 * time.Second}
		pings := map[int]int{}
		moments := map[time.Duration]int{}
		began := co.Loop().Now()
		var all []*Conn
		for i := range many {
			c, peer := pair(t, co, true, func(s *settings) { *s = o.settings(co.Loop(), true) })
			all = append(all, c)
			loop.Go(co, func(co *loop.Co) (struct{}, error) {
				for {
					b, err := loop.Await(co, peer.ReadSome(1000))
					if err != nil {
						return struct{}{}, nil
					}
					peer.got = append(peer.got, b...)
					for ev, ok := peer.event(); ok; ev, ok = peer.event() {
						if show(ev) == `ping ""` {
							pings[i]++
							moments[co.Loop().Now().Sub(began)]++
							peer.send(pong, "")
						}
					}
				}
			})
		}
		if err := loop.Sleep(co, 9*80*time.Second); err != nil {
			return err
		}
		for i := range many {
			if pings[i] < 8 || pings[i] > 10 {
				t.Errorf("connection %d was pinged %d times in nine intervals", i, pings[i])
			}
		}
		for at, n := range moments {
			if n > many/3 {
				t.Errorf("%d of %d pings at %v", n, many, at)
			}
		}
		for _, c := range all {
			if c.Err() != nil {
				t.Fatal(c.Err())
			}
			c.Abort()
		}
		before := co.Loop().Stats().Timers
		if err := loop.Sleep(co, time.Hour); err != nil {
			return err
		}
		if n := co.Loop().Stats().Timers - before; n > 1 {
			t.Errorf("%d timers ran without a connection", n)
		}
		return nil
	})
}

// TestPongTimeout (W29): who does not answer is cut off after PongTimeout, one who says
// something else is not.
func TestPongTimeout(t *testing.T) {
	for _, timeout := range []time.Duration{0, 20 * time.Second, time.Hour} {
		looptest.Run(t, func(co *loop.Co) error {
			o := &Options{PingInterval: 80 * time.Second, PongTimeout: timeout}
			use := func(s *settings) { *s = o.settings(co.Loop(), true) }
			c, silent := pair(t, co, true, use)
			d, lively := pair(t, co, true, use)
			d.OnMessage(func(*loop.Co, Message) error { return nil })
			tick := co.Loop().Every(10*time.Second, func() { lively.send(texts, "x") })
			defer tick.Stop()
			var pinged, ended time.Time
			c.OnClose(func(error) { ended = co.Loop().Now() })
			for silent.next(co) != `ping ""` {
				if err := loop.Sleep(co, time.Second); err != nil {
					return err
				}
			}
			pinged = co.Loop().Now()
			_, _, err := c.Read(co)
			var ce *CloseError
			if !errors.As(err, &ce) || ce.Code != Abnormal || ce.Reason != "ping timed out" || !errors.Is(err, ErrPongTimeout) || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("read gave %v", err)
			}
			settle(co)
			want := 80 * time.Second
			if timeout == 20*time.Second {
				want = timeout
			}
			if took := ended.Sub(pinged); took < want*8/10 || took > want*12/10 {
				t.Errorf("cut off after %v, want %v", took, want)
			}
			if err := loop.Sleep(co, time.Hour); err != nil {
				return err
			}
			if d.Err() != nil {
				t.Errorf("the lively one was cut off: %v", d.Err())
			}
			d.Abort()
			lively.Abort()
			silent.Abort()
			return nil
		})
	}
}

// TestPongFlood: a peer that pings and takes nothing does not have pongs pile up.
func TestPongFlood(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		data := strings.Repeat("x", 125)
		for range 2_000 {
			peer.send(ping, data)
		}
		settle(co)
		if n := c.Stats().Unsent; n > 2*highWater {
			t.Errorf("%d bytes of pongs wait", n)
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}
