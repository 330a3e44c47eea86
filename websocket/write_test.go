package websocket

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// counting is a transport that counts the calls of Write.
type counting struct {
	stream.Transport
	writes int
}

func (c *counting) Write(p []byte) (int, error) {
	c.writes++
	return c.Transport.Write(p)
}

// TestWritesAreJoined: what is written in one iteration goes out in one write, the pongs and
// the close frame included.
func TestWritesAreJoined(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		a, b := looptest.Pipe(0)
		tr := &counting{Transport: a}
		s, err := stream.New(co.Loop(), tr)
		if err != nil {
			return err
		}
		p, err := stream.New(co.Loop(), b)
		if err != nil {
			return err
		}
		c := NewConn(s, true, "", nil)
		peer := &raw{Stream: p, t: t}
		for i := range 50 {
			if err := c.Write(co, Text, fmt.Append(nil, i)); err != nil {
				return err
			}
		}
		settle(co)
		if tr.writes != 1 {
			t.Errorf("%d writes for 50 messages", tr.writes)
		}
		for i := range 50 {
			peer.wants(co, fmt.Sprintf("text %q", fmt.Sprint(i)))
		}
		shared, err := Prepare(Text, []byte("shared"))
		if err != nil {
			return err
		}
		for _, order := range []string{"s", "sms", "ss", "ms"} { // of a shared message and another
			tr.writes = 0
			for _, kind := range order {
				if kind == 's' {
					err = c.SendPrepared(shared)
				} else {
					err = c.Send(Text, []byte("mine"))
				}
				if err != nil {
					return err
				}
			}
			settle(co)
			if tr.writes != 1 {
				t.Errorf("%d writes for %s", tr.writes, order)
			}
			for _, kind := range order {
				peer.wants(co, fmt.Sprintf("text %q", map[rune]string{'s': "shared", 'm': "mine"}[kind]))
			}
		}
		echo(c)
		tr.writes = 0
		var many []byte
		for range 20 {
			many = append(many, peer.frame(texts, "x")...)
		}
		many = append(many, peer.frame(ping, "p")...)
		p.Write(many)
		settle(co)
		if tr.writes > 2 {
			t.Errorf("%d writes for the echo of 20 messages that came together", tr.writes)
		}
		c.Abort()
		p.Abort()
		return nil
	})
}

// TestWriteWaits: above 64 KiB a writer waits for the peer; if it gives up, nothing was sent.
func TestWriteWaits(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, nil)
		big := []byte(strings.Repeat("x", 10_000))
		n := 0
		for {
			soon, done := co.WithTimeout(time.Second)
			err := c.Write(soon, Binary, big)
			done()
			if errors.Is(err, context.DeadlineExceeded) {
				break
			}
			if err != nil {
				return err
			}
			n++
		}
		if got := c.Stats().Unsent; got <= highWater/4 || got > highWater+10_004 { // a quarter ends the wait
			t.Errorf("%d bytes are unsent", got)
		}
		if n < 6 || n > 16 { // the peer's stream reads ahead, too
			t.Errorf("%d messages of 10 KB were written before somebody waited", n)
		}
		f := loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, c.Write(co, Text, []byte("last")) })
		for range n {
			peer.wants(co, "binary of 10000")
		}
		peer.wants(co, `text "last"`)
		_, err := loop.Await(co, f)
		c.Abort()
		peer.Abort()
		return err
	})
}

// TestSendQueues without waiting, in order, and shares what is prepared.
func TestSendQueues(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue = 1 << 20 })
		p, err := Prepare(Binary, make([]byte, 10_000))
		if err != nil {
			return err
		}
		n := 0
		for ; err == nil; n++ {
			err = c.SendPrepared(p)
			c.uncork()
		}
		if !errors.Is(err, ErrQueueFull) || !errors.Is(err, stream.ErrBufferFull) || n != 105 {
			t.Errorf("after %d messages: %v", n, err)
		}
		if got := c.Stats(); got.Unsent < 1_000_000 || got.Dropped != 0 {
			t.Errorf("%+v", got)
		}
		q := c.tx.queue[c.tx.head:]
		if len(q) < 80 || &q[0].b[0] != &q[70].b[0] {
			t.Errorf("of %d that wait, each has a copy", len(q))
		}
		if err := c.Ping(nil); err != nil { // it waits like the others
			return err
		}
		for range 104 {
			peer.wants(co, "binary of 10000")
		}
		peer.wants(co, `ping ""`, "open")
		if c.tx != nil {
			t.Errorf("it holds %.200v", fmt.Sprintf("%+v", c.tx))
		}
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestPolicies: what becomes of messages for a peer that takes nothing.
func TestPolicies(t *testing.T) {
	body := func(i int) []byte { return []byte(fmt.Sprintf("%03d", i) + strings.Repeat("x", 9_997)) }
	run := func(t *testing.T, p Policy, check func(co *loop.Co, c *Conn, errs []error, got []string)) {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue, s.slow = 300_000, p })
			var errs []error
			for i := range 100 {
				errs = append(errs, c.Write(co, Text, body(i)))
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			var got []string
			for {
				settle(co)
				ev, ok := peer.event()
				if ok && len(ev.Payload) > 100 { // which message it is
					ev.Payload = ev.Payload[:3]
				}
				if ok {
					got = append(got, show(ev))
					continue
				}
				soon, done := co.WithTimeout(time.Second)
				b, err := loop.Await(soon, peer.ReadSome(1<<20))
				done()
				if peer.got = append(peer.got, b...); err != nil {
					break
				}
			}
			check(co, c, errs, got)
			c.Abort()
			peer.Abort()
			return nil
		})
	}
	t.Run("DropOldest", func(t *testing.T) {
		run(t, DropOldest, func(_ *loop.Co, c *Conn, errs []error, got []string) {
			s := c.Stats()
			if errors.Join(errs...) != nil || len(got) >= 40 || got[0] != `text "000"` || got[len(got)-1] != `text "099"` {
				t.Errorf("%.300v; got %q", errs[25:], got)
			}
			if s.Dropped != uint64(100-len(got)) || s.DroppedBytes != 10_004*s.Dropped {
				t.Errorf("%+v, and %d came", s, len(got))
			}
		})
	})
	t.Run("DropNewest", func(t *testing.T) {
		run(t, DropNewest, func(_ *loop.Co, c *Conn, errs []error, got []string) {
			if !errors.Is(errs[99], ErrDropped) || errs[0] != nil || len(got) < 25 || got[20] != `text "020"` {
				t.Errorf("%.300v; got %q", errs[25:], got)
			}
			if s := c.Stats(); s.Dropped != uint64(100-len(got)) {
				t.Errorf("%+v, and %d came", s, len(got))
			}
		})
	})
	t.Run("CloseSlow", func(t *testing.T) {
		run(t, CloseSlow, func(_ *loop.Co, c *Conn, errs []error, got []string) {
			if !errors.Is(errs[99], ErrClosed) || errs[20] != nil || len(got) == 0 || got[len(got)-1] != `close 1013 "too slow"` {
				t.Errorf("%.300v; got %q", errs[25:], got)
			}
		})
	})
}

// TestCloseSlowNotForever: a peer that takes nothing at all is cut off.
func TestCloseSlowNotForever(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pairWindow(t, co, true, 1000, func(s *settings) { s.queue, s.slow = 100_000, CloseSlow })
		began := co.Loop().Now()
		for c.Err() == nil {
			_ = c.Send(Binary, make([]byte, 1000)) // in the end it fails
		}
		_, err := loop.Await(co, c.Close(Normal, ""))
		if err == nil || co.Loop().Now().Sub(began) != 5*time.Second {
			t.Errorf("after %v: %v", co.Loop().Now().Sub(began), err)
		}
		peer.Abort()
		return nil
	})
}

// TestNextWriter: a message in pieces, with a ping in between, and other messages behind it.
func TestNextWriter(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, server := range []bool{true, false} {
			c, peer := pairWindow(t, co, server, 5000, nil)
			w, err := c.NextWriter(co, Text)
			if err != nil {
				return err
			}
			fmt.Fprintf(w, "a\xe6\x97")
			if err := w.Flush(); err != nil {
				return err
			}
			if err := c.Send(Text, []byte("other")); err != nil {
				return err
			}
			f := loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, c.Write(co, Binary, []byte("third")) })
			if err := c.Ping([]byte("p")); err != nil {
				return err
			}
			peer.wants(co, `text piece "a\xe6\x97"`, `ping "p"`)
			fmt.Fprintf(w, "\xa5")
			g := loop.Go(co, func(co *loop.Co) (struct{}, error) {
				if _, err := w.Write(make([]byte, 40_000)); err != nil {
					return struct{}{}, err
				}
				return struct{}{}, w.Close()
			})
			n := 0
			for s := peer.next(co); s != "text of 7233" && n < 100; s = peer.next(co) {
				n++
			}
			peer.wants(co, `text "other"`, `binary "third"`, "open")
			if _, err := loop.Await(co, loop.All(co.Loop(), f, g)); err != nil {
				return err
			}
			if err := w.Close(); err != ErrClosed {
				t.Errorf("closed twice: %v", err)
			}
			settle(co)
			if c.tx != nil {
				t.Errorf("it holds %.200v", fmt.Sprintf("%+v", c.tx))
			}
			c.Abort()
			peer.Abort()
		}
		return nil
	})
}

// TestNextWriterSpoiled: a message that cannot be ended breaks the connection off.
func TestNextWriterSpoiled(t *testing.T) {
	for _, last := range []string{"\xe6x", "\xe6"} {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, true, nil)
			w, err := c.NextWriter(co, Text)
			if err != nil {
				return err
			}
			_, err = w.Write([]byte(last))
			if err == nil {
				err = w.Close()
			}
			if err != ErrNotUTF8 || c.Err() == nil {
				t.Errorf("%q: %v", last, err)
			}
			peer.wants(co, "broken")
			return nil
		})
	}
}

// TestWriteLong: in pieces, at the pace of the peer.
func TestWriteLong(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		s, c := conns(t, co, &Options{MaxMessage: -1, Queue: 100_000})
		echo(s)
		long := strings.Repeat("0123456789", 2_000_000)
		if err := c.Write(co, Text, []byte(long)); err != nil {
			return err
		}
		if _, got, err := c.Read(co); err != nil || string(got) != long {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		c.Abort()
		s.Abort()
		return nil
	})
}

func TestNotUTF8(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		c, peer := pair(t, co, true, nil)
		_, perr := Prepare(Text, []byte("\xff"))
		for _, err := range []error{c.Write(co, Text, []byte("\xff")), c.Send(Text, []byte("\xff")), perr} {
			if err != ErrNotUTF8 {
				t.Errorf("%v", err)
			}
		}
		peer.wants(co, "open")
		c.Abort()
		peer.Abort()
		return nil
	})
}

// TestPrepared: one encoding for all connections of a server, one masked for a client's.
func TestPrepared(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		p, err := Prepare(Text, []byte("hello"))
		if err != nil {
			return err
		}
		for _, server := range []bool{true, true, false} {
			c, peer := pair(t, co, server, nil)
			if err := c.WritePrepared(co, p); err != nil {
				return err
			}
			peer.wants(co, `text "hello"`, "open")
			c.Abort()
			peer.Abort()
			if err := c.SendPrepared(p); err != ErrClosed {
				t.Errorf("afterwards: %v", err)
			}
		}
		return nil
	})
}
