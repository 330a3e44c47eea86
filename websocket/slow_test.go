package websocket

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// drain takes all that comes, and gives the first bytes of each message.
func drain(co *loop.Co, peer *raw) (got []string) {
	for idle := 0; idle < 3; {
		ev, ok := peer.event()
		if !ok {
			s := len(peer.got)
			if b := peer.Buffered(); len(b) > 0 {
				peer.got = append(peer.got, b...)
				peer.Discard(len(b))
			}
			settle(co)
			if len(peer.got) == s {
				idle++
			}
			continue
		}
		idle = 0
		if len(ev.Payload) > 10 {
			ev.Payload = ev.Payload[:10]
		}
		got = append(got, show(ev))
	}
	return got
}

// TestDropOldestBegun: a message of which a part is gone is not dropped, nor are pings, pongs
// or pieces of a message that is being written; what is dropped is the oldest of the rest.
func TestDropOldestBegun(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue, s.slow = 1<<20, DropOldest })
		long := strings.Repeat("long", 200_000)
		if err := c.Send(Text, []byte(long)); err != nil {
			return err
		}
		settle(co)
		for i := range 10 {
			if err := c.Send(Text, []byte(fmt.Sprint(i)+strings.Repeat("x", 99_999))); err != nil {
				return err
			}
		}
		settle(co)
		got := drain(co, peer)
		if len(got) < 3 || got[0] != `text "longlonglo"` || got[1] == `text "0xxxxxxxxx"` || got[len(got)-1] != `text "9xxxxxxxxx"` {
			t.Errorf("got %q", got)
		}
		if s := c.Stats(); s.Dropped != uint64(11-len(got)) || s.Dropped == 0 {
			t.Errorf("%+v, and %d came", s, len(got))
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestDropOldestKeepsControls: what is dropped is messages.
func TestDropOldestKeepsControls(t *testing.T) {
	for _, piecewise := range []bool{false, true} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue, s.slow = 200_000, DropOldest })
			var w *MessageWriter
			if piecewise {
				var err error
				if w, err = c.NextWriter(co, Text); err != nil {
					return err
				}
			}
			send := func(i int) {
				if err := c.Send(Text, []byte(fmt.Sprintf("%02d", i)+strings.Repeat("x", 9_998))); err != nil {
					t.Errorf("message %d: %v", i, err)
				}
			}
			for i := range 10 {
				send(i)
			}
			settle(co)
			if piecewise {
				if _, err := w.Write([]byte("piece")); err != nil {
					return err
				}
				if err := w.Flush(); err != nil {
					return err
				}
			}
			if err := c.Ping([]byte("p")); err != nil {
				return err
			}
			for i := range 30 {
				send(10 + i)
			}
			if piecewise {
				if err := w.Close(); err != nil {
					return err
				}
			}
			settle(co)
			got := drain(co, peer)
			all := strings.Join(got, ",")
			if !strings.Contains(all, `ping "p"`) || piecewise && !strings.Contains(all, `piece`) || !strings.HasSuffix(all, `text "39xxxxxxxx"`) || c.Stats().Dropped == 0 {
				t.Errorf("piecewise %v: %+v, got %q", piecewise, c.Stats(), got)
			}
			if c.tx != nil {
				t.Errorf("it holds %.200v", fmt.Sprintf("%+v", c.tx))
			}
			c.Abort()
			peer.Abort()
			return nil
		})
	}
}

// TestTooLongForQueue: a message that is longer than all that may wait is dropped itself.
func TestTooLongForQueue(t *testing.T) {
	for _, p := range []Policy{DropOldest, DropNewest} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, true, func(s *settings) { s.queue, s.slow = 100_000, p })
			if err := c.Send(Text, make([]byte, 100_001)); err != ErrDropped {
				t.Errorf("policy %d: %v", p, err)
			}
			if s := c.Stats(); s.Dropped != 1 || s.DroppedBytes != 100_001 || s.Unsent != 0 {
				t.Errorf("policy %d: %+v", p, s)
			}
			peer.wants(co, "open")
			c.Abort()
			peer.Abort()
			return nil
		})
	}
}

// TestSlowIsNotSilent: a peer that is behind with what it was sent cannot answer pings that come
// behind that, and is not cut off for it.
func TestSlowIsNotSilent(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		o := &Options{PingInterval: 8 * time.Second, PongTimeout: time.Second}
		c, peer := pairWindow(t, co, true, 1000, func(s *settings) { *s = o.settings(co.Loop(), true) })
		for range 1000 {
			if err := c.Send(Binary, make([]byte, 10_000)); err != nil {
				return err
			}
		}
		for range 40 {
			if err := loop.Sleep(co, time.Second); err != nil {
				return err
			}
			peer.Discard(len(peer.Buffered()))
		}
		if c.Err() != nil || !c.crowded() {
			t.Errorf("crowded: %v, %v", c.crowded(), c.Err())
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}
