package looptest_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A world is a network on which one machine listens and another dials.
type world struct {
	t    *testing.T
	co   *loop.Co
	l    *loop.Loop
	n    *looptest.Network
	got  []*stream.Stream // accepted
	ln   stream.Listener
	addr string
}

// spoiled runs body with a listener of 10.0.0.1 on a network.
func spoiled(t *testing.T, n *looptest.Network, body func(w *world) error) {
	t.Helper()
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		w := &world{t: t, co: co, l: co.Loop(), n: n, addr: "10.0.0.1:7"}
		var err error
		if w.ln, err = n.Listen(w.l, "tcp", w.addr); err != nil {
			return err
		}
		defer w.ln.Close()
		if err := w.ln.Accept(func(tr stream.Transport) {
			s, err := stream.New(w.l, tr)
			if err != nil {
				t.Error(err)
			}
			w.got = append(w.got, s)
		}); err != nil {
			return err
		}
		defer func() {
			for _, s := range w.got {
				s.Abort()
			}
		}()
		return body(w)
	})
}

// connect makes a connection from 10.0.0.2.
func (w *world) connect() (near, far *stream.Stream, err error) {
	n := len(w.got)
	near, err = stream.Dial(w.co, w.n.Host("10.0.0.2"), "tcp", w.addr)
	for err == nil && len(w.got) == n {
		err = loop.Sleep(w.co, time.Millisecond)
	}
	if err != nil {
		return nil, nil, err
	}
	return near, w.got[n], nil
}

// took is how much time passes on the loop's clock while do runs.
func (w *world) took(do func()) time.Duration {
	start := w.l.Now()
	do()
	return w.l.Now().Sub(start)
}

// A piece takes as long as Delay has it, the pieces of one connection stay in order, and
// connections overtake each other.
func TestFaultsDelay(t *testing.T) {
	const least, most = 10 * time.Millisecond, 50 * time.Millisecond
	const conns, pieces = 20, 10
	n := &looptest.Network{Faults: looptest.Faults{Delay: looptest.Span{Min: least, Max: most}}}
	spoiled(t, n, func(w *world) error {
		var start time.Time
		var order []int
		var writers []*stream.Stream
		var readers []*loop.Future[int]
		for i := range conns {
			near, far, err := w.connect()
			if err != nil {
				return err
			}
			defer near.Abort()
			writers = append(writers, near)
			readers = append(readers, loop.Spawn(w.co, func(co *loop.Co) (int, error) {
				for want := range pieces {
					p, err := loop.Await(co, far.ReadFull(1))
					if err != nil || int(p[0]) != want {
						return 0, fmt.Errorf("piece %d is %v, %w", want, p, err)
					}
					if d := w.l.Now().Sub(start); d < least || d > most {
						t.Errorf("a piece took %v", d)
					}
					order = append(order, i)
				}
				return 0, nil
			}))
		}
		start = w.l.Now()
		for i := range pieces {
			for _, s := range writers {
				s.Write([]byte{byte(i)})
			}
		}
		_, err := loop.Await(w.co, loop.All(w.l, readers...))
		if len(order) != conns*pieces || slices.IsSorted(order[:conns]) {
			t.Errorf("no connection has overtaken another: %v", order)
		}
		return err
	})
}

// Transports take and give less than they could.
func TestFaultsShort(t *testing.T) {
	n := &looptest.Network{Faults: looptest.Faults{ShortReads: 1, ShortWrites: 0.5}}
	spoiled(t, n, func(w *world) error {
		near, err := n.Dial(w.co, "tcp", w.addr)
		if err != nil {
			return err
		}
		defer near.Close(true)
		if err := loop.Yield(w.co); err != nil {
			return err
		}
		short := 0
		for range 100 {
			k, err := near.Write(make([]byte, 100))
			if err != nil || k < 1 {
				return fmt.Errorf("%d bytes, %w", k, err)
			}
			if k < 100 {
				short++
			}
		}
		if short < 30 || short > 70 {
			t.Errorf("%d of 100 writes were short", short)
		}
		w.got[0].Write(make([]byte, 100))
		for left := 100; left > 1; {
			k, err := near.Read(make([]byte, 100))
			if err != nil || k < 1 || k >= left {
				return fmt.Errorf("%d bytes of %d, %w", k, left, err)
			}
			left -= k
		}
		return nil
	})
}

// A reset reaches both ends, and what was not read is lost.
func TestFaultsReset(t *testing.T) {
	for name, faults := range map[string]looptest.Faults{
		"likely": {Reset: 1},
		"after":  {ResetAfter: 1000},
	} {
		t.Run(name, func(t *testing.T) {
			spoiled(t, &looptest.Network{Faults: faults}, func(w *world) error {
				near, far, err := w.connect()
				if err != nil {
					return err
				}
				if faults.ResetAfter > 0 {
					near.Write(make([]byte, 500))
					far.Write(make([]byte, 499))
					if _, err := loop.Await(w.co, near.ReadFull(499)); err != nil {
						t.Errorf("before the reset: %v", err)
					}
				}
				near.Write([]byte("x"))
				for _, s := range []*stream.Stream{near, far} {
					if _, err := loop.Await(w.co, s.ReadUntilClose(1<<20)); !errors.Is(err, syscall.ECONNRESET) {
						t.Errorf("got %v", err)
					}
				}
				if n := len(w.n.Conns()); n != 0 {
					t.Errorf("%d connections are left", n)
				}
				return nil
			})
		})
	}
}

// A peer that has vanished is found by whoever writes, as it takes nothing, and by
// whoever reads, by keep-alive; without that, never.
func TestFaultsVanish(t *testing.T) {
	for name, faults := range map[string]looptest.Faults{"by hand": {}, "by chance": {HalfOpen: 1}} {
		t.Run(name, func(t *testing.T) {
			n := &looptest.Network{Faults: faults, KeepAlive: 2 * time.Minute}
			spoiled(t, n, func(w *world) error {
				near, far, err := w.connect()
				if err != nil {
					return err
				}
				far.Write([]byte("lost"))
				n.Conns()[0].Vanish()
				if d := w.took(func() { _, err = loop.Await(w.co, near.Write(make([]byte, 1<<20))) }); !errors.Is(err, stream.ErrStalled) || d != time.Minute {
					t.Errorf("after %v: %v", d, err)
				}
				if d := w.took(func() { _, err = loop.Await(w.co, far.ReadSome(1)) }); !errors.Is(err, syscall.ETIMEDOUT) || d != time.Minute {
					t.Errorf("after %v more: %v", d, err)
				}
				return nil
			})
		})
	}
	t.Run("for ever", func(t *testing.T) {
		n := &looptest.Network{KeepAlive: -1}
		spoiled(t, n, func(w *world) error {
			near, far, err := w.connect()
			if err != nil {
				return err
			}
			n.Conns()[0].Vanish()
			near.Abort()
			co, stop := w.co.WithTimeout(1000 * time.Hour)
			defer stop()
			if _, err := loop.Await(co, far.ReadSome(1)); co.Err() == nil {
				t.Errorf("it has noticed: %v", err)
			}
			return nil
		})
	})
}

// raw runs body with the two ends of a connection, without streams.
func raw(t *testing.T, n *looptest.Network, body func(co *loop.Co, c *looptest.Conn, a, b stream.Transport)) {
	t.Helper()
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		ln, err := n.Listen(co.Loop(), "tcp", ":7")
		if err != nil {
			return err
		}
		defer ln.Close()
		var b stream.Transport
		if err := ln.Accept(func(tr stream.Transport) { b = tr }); err != nil {
			return err
		}
		a, err := n.Dial(co, "tcp", "10.0.0.1:7")
		if err != nil {
			return err
		}
		yield(t, co)
		body(co, n.Conns()[0], a, b)
		_, _ = a.Close(true), b.Close(true)
		return nil
	})
}

func sleep(t *testing.T, co *loop.Co, d time.Duration) {
	t.Helper()
	if err := loop.Sleep(co, d); err != nil {
		t.Fatal(err)
	}
}

// What has come can still be read when keep-alive has given the connection up, which it
// does after 150 s.
func TestFaultsKeepAliveDefault(t *testing.T) {
	raw(t, &looptest.Network{}, func(co *loop.Co, c *looptest.Conn, a, b stream.Transport) {
		_, _ = a.Write([]byte("came"))
		c.Vanish()
		_, _ = a.Write([]byte("did not"))
		sleep(t, co, 150*time.Second-1)
		if s, err := read(a, 9); err != stream.ErrAgain {
			t.Errorf("early: %q, %v", s, err)
		}
		sleep(t, co, 2)
		if s, err := read(b, 9); s != "came" || err != nil {
			t.Error(s, err)
		}
		for _, x := range []stream.Transport{a, b} {
			if s, err := read(x, 9); err != syscall.ETIMEDOUT {
				t.Errorf("%q, %v", s, err)
			}
		}
	})
}

// A reset and a vanishing take with them what is on its way, and a reset what is unread.
func TestFaultsLoseWhatIsOnItsWay(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(c *looptest.Conn)
		unread string
		err    error
	}{
		"reset":  {(*looptest.Conn).Reset, "", syscall.ECONNRESET},
		"vanish": {(*looptest.Conn).Vanish, "a", stream.ErrAgain},
	} {
		t.Run(name, func(t *testing.T) {
			n := &looptest.Network{Faults: looptest.Faults{Delay: looptest.Span{Min: time.Second}}}
			raw(t, n, func(co *loop.Co, conn *looptest.Conn, a, b stream.Transport) {
				_, _ = a.Write([]byte("a"))
				sleep(t, co, time.Second)
				_, _ = a.Write([]byte("b"))
				sleep(t, co, time.Millisecond)
				c.spoil(conn)
				_, _ = a.Write([]byte("c"))
				sleep(t, co, time.Minute)
				if s, _ := read(b, 9); s != c.unread {
					t.Errorf("read %q", s)
				}
				if s, err := read(b, 9); s != "" || err != c.err {
					t.Errorf("read %q, %v", s, err)
				}
			})
		})
	}
}

// A piece that is quick does not overtake one that is slow.
func TestFaultsDelayChanges(t *testing.T) {
	n := &looptest.Network{Faults: looptest.Faults{Delay: looptest.Span{Min: time.Second}}}
	raw(t, n, func(co *loop.Co, c *looptest.Conn, a, b stream.Transport) {
		_, _ = a.Write([]byte("slow "))
		c.Faults.Delay = looptest.Span{}
		_, _ = a.Write([]byte("quick"))
		_ = a.CloseWrite()
		sleep(t, co, time.Second-1)
		if s, err := read(b, 20); err != stream.ErrAgain {
			t.Errorf("early: %q, %v", s, err)
		}
		sleep(t, co, 2)
		if s, err := read(b, 20); s != "slow quick" || err != nil {
			t.Errorf("read %q, %v", s, err)
		}
		if s, err := read(b, 20); err != io.EOF {
			t.Errorf("read %q, %v", s, err)
		}
	})
}

// Connecting is slow, or refused.
func TestFaultsConnect(t *testing.T) {
	const least, most = time.Second, 3 * time.Second
	n := &looptest.Network{Faults: looptest.Faults{Refuse: 0.5, Connect: looptest.Span{Min: least, Max: most}}}
	spoiled(t, n, func(w *world) error {
		refused := 0
		for range 100 {
			var s *stream.Stream
			var err error
			if d := w.took(func() { s, err = stream.Dial(w.co, n, "tcp", w.addr) }); d < least || d > most {
				t.Errorf("it took %v", d)
			}
			switch {
			case err == nil:
				s.Abort()
			case errors.Is(err, syscall.ECONNREFUSED):
				refused++
			default:
				return err
			}
		}
		if refused < 30 || refused > 70 {
			t.Errorf("%d of 100 were refused", refused)
		}
		return nil
	})
}

// Without descriptors nobody connects, and who has connected is accepted when it is over.
func TestFaultsExhausted(t *testing.T) {
	n := &looptest.Network{}
	spoiled(t, n, func(w *world) error {
		early, err := stream.Dial(w.co, n, "tcp", w.addr) // not accepted yet
		if err != nil {
			return err
		}
		defer early.Abort()
		n.Exhaust(w.l, time.Second)
		if _, err := stream.Dial(w.co, n, "tcp", w.addr); !errors.Is(err, syscall.EMFILE) {
			t.Errorf("got %v", err)
		}
		if err := loop.Sleep(w.co, 999*time.Millisecond); err != nil || len(w.got) != 0 {
			t.Errorf("%d accepted, %v", len(w.got), err)
		}
		if err := loop.Sleep(w.co, 2*time.Millisecond); err != nil || len(w.got) != 1 {
			t.Errorf("%d accepted, %v", len(w.got), err)
		}
		late, err := stream.Dial(w.co, n, "tcp", w.addr)
		if err != nil {
			return err
		}
		late.Abort()
		return nil
	})
}

// A listener that is paused stays so when descriptors are back, and one that is resumed
// too early goes on waiting for them.
func TestFaultsExhaustedAndPaused(t *testing.T) {
	n := &looptest.Network{}
	spoiled(t, n, func(w *world) error {
		w.ln.Pause()
		s, err := stream.Dial(w.co, n, "tcp", w.addr)
		if err != nil {
			return err
		}
		defer s.Abort()
		yield(t, w.co)
		n.Exhaust(w.l, time.Second)
		w.ln.Resume()
		if err := loop.Sleep(w.co, time.Second/2); err != nil || len(w.got) != 0 {
			t.Errorf("resumed: %d accepted, %v", len(w.got), err)
		}
		w.ln.Pause()
		if err := loop.Sleep(w.co, time.Second); err != nil || len(w.got) != 0 {
			t.Errorf("paused: %d accepted, %v", len(w.got), err)
		}
		w.ln.Resume()
		if err := loop.Sleep(w.co, time.Millisecond); err != nil || len(w.got) != 1 {
			t.Errorf("in the end: %d accepted, %v", len(w.got), err)
		}
		return nil
	})
}

// A network without faults leaves the loop's random numbers to others.
func TestNoFaultsDrawNothing(t *testing.T) {
	for _, f := range []looptest.Faults{{}, {ShortReads: 0.1}} {
		spoiled(t, &looptest.Network{Faults: f}, func(w *world) error {
			*w.l.Rand() = *rand.New(rand.NewPCG(1, 1))
			near, far, err := w.connect()
			if err != nil {
				return err
			}
			defer near.Abort()
			for range 10 { // one end at a time has something to tell: nothing to put in order
				near.Write(make([]byte, 100))
				if _, err := loop.Await(w.co, far.ReadFull(100)); err != nil {
					return err
				}
			}
			untouched := w.l.Rand().Uint64() == rand.New(rand.NewPCG(1, 1)).Uint64()
			if untouched != (f == looptest.Faults{}) {
				t.Errorf("with %+v: nothing was drawn is %v", f, untouched)
			}
			return nil
		})
	}
}

// A shortage may begin by itself, for those who connect and for those who accept.
func TestFaultsExhaust(t *testing.T) {
	n := &looptest.Network{Faults: looptest.Faults{Exhaust: 0.2}}
	spoiled(t, n, func(w *world) error {
		failed, late := 0, 0
		for range 200 {
			before := len(w.got)
			s, err := stream.Dial(w.co, n, "tcp", w.addr)
			if err != nil {
				if !errors.Is(err, syscall.EMFILE) {
					return err
				}
				failed++
				if err := loop.Sleep(w.co, time.Second); err != nil {
					return err
				}
				continue
			}
			if err := loop.Sleep(w.co, time.Millisecond); err != nil {
				return err
			}
			for len(w.got) == before {
				late++
				if err := loop.Sleep(w.co, time.Second); err != nil {
					return err
				}
			}
			s.Abort()
		}
		if failed < 10 || late < 10 {
			t.Errorf("%d attempts failed, and the listener rested %d times", failed, late)
		}
		return nil
	})
}

// A test may choose the connection that something happens to.
func TestOnConnect(t *testing.T) {
	n := &looptest.Network{}
	conns := 0
	n.OnConnect = func(c *looptest.Conn) {
		if conns++; conns == 2 {
			c.Faults.Delay.Min = time.Hour
		}
	}
	spoiled(t, n, func(w *world) error {
		for i := range 3 {
			near, far, err := w.connect()
			if err != nil {
				return err
			}
			near.Write([]byte("x"))
			near.CloseWrite()
			d := w.took(func() { _, err = loop.Await(w.co, far.ReadUntilClose(9)) })
			if err != nil || d >= time.Hour != (i == 1) {
				t.Errorf("connection %d: %v, %v", i, d, err)
			}
			if i == 1 {
				if c := n.Conns()[1]; c.From.Addr().String() != "10.0.0.2" || c.To.String() != w.addr {
					t.Errorf("from %v to %v", c.From, c.To)
				}
			}
			defer near.Abort()
		}
		return nil
	})
}

// Under every kind of fault at once, two runs with one seed tell the same story, and
// another seed another one.
func TestFaultsAreRepeatable(t *testing.T) {
	tell := func(seed string) string {
		t.Setenv("ZONDA_SEED", seed)
		return troubled(t)
	}
	first := tell("7")
	if second := tell("7"); second != first {
		t.Errorf("two runs differ:\n%s\nand\n%s", first, second)
	}
	if other := tell("8"); other == first {
		t.Error("another seed changes nothing")
	}
}

func troubled(t *testing.T) string {
	var told bytes.Buffer
	n := &looptest.Network{Window: 500, KeepAlive: time.Minute, Faults: looptest.Faults{
		Delay: looptest.Span{Max: 100 * time.Millisecond}, Connect: looptest.Span{Max: time.Second},
		ShortReads: 0.3, ShortWrites: 0.3, Reset: 0.005, HalfOpen: 0.005, Refuse: 0.1, Exhaust: 0.05,
	}}
	spoiled(t, n, func(w *world) error {
		start := w.l.Now()
		var clients []*loop.Future[int]
		for i := range 10 {
			clients = append(clients, loop.Spawn(w.co, func(co *loop.Co) (int, error) {
				s, err := stream.Dial(co, n, "tcp", w.addr)
				for range 20 {
					if err != nil {
						break
					}
					defer s.Abort()
					_, err = loop.Await(co, s.Write(make([]byte, 300)))
				}
				fmt.Fprintf(&told, "%v client %d: %v\n", w.l.Now().Sub(start), i, err)
				return 0, nil
			}))
		}
		if err := loop.Sleep(w.co, 5*time.Second); err != nil {
			return err
		}
		for i, s := range w.got {
			p, err := loop.Await(w.co, s.ReadSome(1<<20))
			fmt.Fprintf(&told, "%v server %d: %d bytes, %v, %v\n", w.l.Now().Sub(start), i, len(p), err, s.RemoteAddr())
			s.Abort()
		}
		_, err := loop.Await(w.co, loop.All(w.l, clients...))
		return err
	})
	return told.String()
}
