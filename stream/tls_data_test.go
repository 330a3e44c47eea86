package stream_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
	"pgregory.net/rapid"
)

// All that was written arrives, when Close follows at once and the reader is slow.
func TestTLSCloseDelivers(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		sent := noise(p.size(8 << 20))
		written, closed := p.near.Write(sent), p.near.Close()
		var got []byte
		for len(got) < len(sent) {
			piece, err := loop.Await(p.co, p.far.ReadSome(64<<10))
			if err != nil {
				p.t.Fatalf("after %d bytes of %d: %v", len(got), len(sent), err)
			}
			if got = append(got, piece...); len(got)%8 == 0 {
				if err := p.turn(); err != nil {
					p.t.Fatal(err)
				}
			}
		}
		if !bytes.Equal(got, sent) {
			p.t.Error("the bytes differ")
		}
		p.refuses(p.far.ReadSome(1), io.EOF)
		p.does(written)
		p.does(p.far.Close())
		p.does(closed)
	})
}

// A write is done when its bytes are with the kernel, not when they are encrypted.
func TestTLSWriteWaits(t *testing.T) {
	secured(t, site.roomy, func(p *pair) {
		p.stuff(p.near, 1<<20)
		last := p.near.Write([]byte("last"))
		for range 10 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
		if last.Done() {
			p.t.Error("done, and nobody reads")
		}
		if n := stream.Encrypted(p.near); n == 0 || n > stream.MaxAnswers {
			p.t.Errorf("%d encrypted bytes wait", n)
		}
		newRecorder(p.far, all)
		p.does(last)
	})
}

// Each side may end alone, and go on reading.
func TestTLSHalfClose(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		p.near.Write([]byte("question"))
		if err := p.near.CloseWrite(); err != nil {
			p.t.Fatal(err)
		}
		p.gets(p.far.ReadFull(8), "question")
		p.refuses(p.far.ReadSome(1), io.EOF)
		answer := noise(p.size(1 << 20))
		p.far.Write(answer)
		if err := p.far.CloseWrite(); err != nil {
			p.t.Fatal(err)
		}
		if got := p.drain(p.near); !bytes.Equal(got, answer) {
			p.t.Errorf("%d bytes of %d", len(got), len(answer))
		}
		p.until("both have ended", func() bool { return p.near.Closed() && p.far.Closed() })
		p.fails(p.near.Write(nil), stream.ErrClosed)
	})
}

// An end without a goodbye may be someone else's doing, and is no io.EOF.
func TestTLSTruncation(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		p.near.Write([]byte("half of"))
		p.gets(p.far.ReadFull(7), "half of")
		if err := stream.Below(p.near).CloseWrite(); err != nil {
			p.t.Fatal(err)
		}
		p.refuses(p.far.ReadSome(1), io.ErrUnexpectedEOF)
		if p.far.EOF() || !p.far.Closed() {
			p.t.Error("it takes that for the end")
		}
	})
}

// To a close, many peers answer by ending the connection without a goodbye. That is
// no loss: they had everything.
func TestTLSCloseWithoutAnswer(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		closed := p.far.Close()
		if err := stream.StripTLS(p.near); err != nil {
			p.t.Fatal(err)
		}
		p.drain(p.near) // records
		if err := p.near.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.does(closed)
	})
}

// CloseIdle says goodbye too.
func TestTLSCloseIdle(t *testing.T) {
	secured(t, site.roomy, func(p *pair) {
		p.converse()
		p.near.CloseIdle()
		if !p.near.Closed() {
			p.t.Error("it was idle")
		}
		p.refuses(p.far.ReadSome(1), io.EOF)
	})
}

// A record larger than what is read at once is handed out all the same, without an
// event of the transport's (Tornado H01).
func TestTLSLevelTriggered(t *testing.T) {
	secured(t, site.roomy, func(p *pair) {
		sent := noise(p.size(1 << 20))
		p.near.Write(sent)
		r := newRecorder(p.far, all)
		p.until("all has come", func() bool { return len(r.text) == len(sent) })
		if !bytes.Equal(r.text, sent) {
			p.t.Error("the bytes differ")
		}
	})
}

// What lies in tls.Conn, or in what was read ahead of it, is told of although the
// transport has nothing more: here a read ends in the middle of it.
func TestTLSTellsOfWhatItHolds(t *testing.T) {
	for _, size := range []int{64 << 10, 64<<10 + 1, 65<<10 + 7} {
		site{name: "memory", window: 1 << 20}.run(t, func(p *pair) {
			usual().must(p)
			sent := noise(size)
			p.near.Write(sent)
			r := newRecorder(p.far, all)
			for range 100 {
				if err := p.turn(); err != nil {
					p.t.Fatal(err)
				}
			}
			if !bytes.Equal(r.text, sent) {
				p.t.Errorf("%d bytes of %d", len(r.text), size)
			}
		})
	}
}

// However it was used, an idle stream holds nothing of TLS but tls.Conn.
func TestTLSIdleHoldsNothing(t *testing.T) {
	secured(t, anywhere, func(p *pair) {
		p.converse()
		p.near.Write(noise(p.size(300 << 10)))
		mustRead(p, p.size(300<<10))
		p.converse()
		if err := p.turn(); err != nil {
			p.t.Fatal(err)
		}
		for end, s := range map[string]*stream.Stream{"near": p.near, "far": p.far} {
			if held := append(stream.Held(s), stream.HeldTLS(s)...); held != nil {
				p.t.Errorf("%s holds %v", end, held)
			}
		}
	})
}

// A message there and back allocates what tls.Conn does and a read's own result.
func TestTLSAllocations(t *testing.T) {
	looptest.NoLeaks(t)
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if _, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		near, far, err := tlsPipe(co, 0)
		if err != nil {
			return struct{}{}, err
		}
		defer near.Abort()
		defer far.Abort()
		echo := newRecorder(nil, nil)
		echo.take = func(b []byte) int { far.Write(b); echo.text = echo.text[:0]; return len(b) }
		far.SetConsumer(echo)
		message := make([]byte, 64)
		n := testing.AllocsPerRun(200, func() {
			near.Write(message)
			if _, err := loop.Await(co, near.ReadFull(64)); err != nil {
				t.Error(err)
			}
		})
		if n > 30 {
			t.Errorf("%v allocations", n)
		}
		return struct{}{}, nil
	}); err != nil {
		t.Error(err)
	}
}

// tlsPipe is two ends that speak TLS, in memory.
func tlsPipe(co *loop.Co, window int) (near, far *stream.Stream, err error) {
	a, b := looptest.Pipe(window)
	near, err1 := stream.New(co.Loop(), a)
	far, err2 := stream.New(co.Loop(), b)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	c, s := near.StartTLS(usual().client), far.StartTLS(usual().server)
	_, err1 = loop.Await(co, c)
	_, err2 = loop.Await(co, s)
	return near, far, errors.Join(err1, err2)
}

// When the loop's budget is used up, a write of which TLS has encrypted a part cannot be
// refused any more: its bytes are on their way, and nothing may come between them.
func TestTLSWriteBeyondBudget(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		near, far, err := tlsPipe(co, 1000)
		if err != nil {
			return err
		}
		defer near.Abort()
		defer far.Abort()
		stream.SetLoopBudget(co.Loop(), 1)
		message := noise(5000) // more than there is room for
		first, second := near.Write(message[:2500]), near.Write(message[2500:])
		var got []byte
		for len(got) < 2500 {
			p, err := loop.Await(co, far.ReadSome(5000))
			if err != nil {
				return err
			}
			got = append(got, p...)
		}
		if _, err := loop.Await(co, first); err != nil {
			t.Errorf("the first write, a part of which was on its way: %v", err)
		}
		if _, err := loop.Await(co, second); !errors.Is(err, stream.ErrBufferFull) {
			t.Errorf("the second write, of which nothing was: %v", err)
		}
		if !bytes.Equal(got, message[:2500]) {
			t.Errorf("%d bytes have come, and they are not those that were written", len(got))
		}
		return nil
	})
}

// Random bytes in random pieces, both ways at once and with any kind of read, come out
// the same.
func TestTLSRandomTraffic(t *testing.T) {
	looptest.NoLeaks(t)
	runs := 0
	check := func(t *rapid.T) {
		runs++
		window := rapid.IntRange(100, 70<<10).Draw(t, "window")
		there, back := drawTraffic(t, "there"), drawTraffic(t, "back")
		version := rapid.SampledFrom([]uint16{tls.VersionTLS12, tls.VersionTLS13}).Draw(t, "version")
		if err := there.exchange(back, window, version); err != nil {
			t.Fatal(err)
		}
	}
	if !deep() {
		rapid.Check(t, check)
		return
	}
	for runs < 10_000 {
		rapid.Check(t, check)
	}
}

// traffic is what goes one way: pieces to write, pauses between them, and reads.
type traffic struct {
	writes []int
	reads  []int // negative: ReadSome
	pause  []bool
}

func drawTraffic(t *rapid.T, way string) traffic {
	size := rapid.OneOf(rapid.IntRange(0, 100), rapid.IntRange(0, 20<<10), rapid.Just(40<<10))
	return traffic{
		writes: rapid.SliceOfN(size, 0, 8).Draw(t, way+" writes"),
		reads:  rapid.SliceOfN(rapid.OneOf(rapid.IntRange(-70<<10, -1), rapid.IntRange(0, 3000)), 1, 8).Draw(t, way+" reads"),
		pause:  rapid.SliceOfN(rapid.Bool(), 1, 8).Draw(t, way+" pauses"),
	}
}

// exchange sends a one way and b the other.
func (a traffic) exchange(b traffic, window int, version uint16) error {
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		near, far, err := tlsPipe(co, window)
		if err != nil {
			return struct{}{}, err
		}
		defer near.Abort()
		defer far.Abort()
		var g []*loop.Future[struct{}]
		for _, way := range []struct {
			traffic
			from, to *stream.Stream
		}{{a, near, far}, {b, far, near}} {
			g = append(g,
				loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, way.send(co, way.from) }),
				loop.Go(co, func(co *loop.Co) (struct{}, error) { return struct{}{}, way.receive(co, way.to) }))
		}
		for _, f := range g {
			_, one := loop.Await(co, f)
			err = errors.Join(err, one)
		}
		return struct{}{}, err
	})
	return err
}

func (a traffic) bytes() []byte {
	n := 0
	for _, w := range a.writes {
		n += w
	}
	return noise(n)
}

func (a traffic) send(co *loop.Co, s *stream.Stream) error {
	rest := a.bytes()
	for i, n := range a.writes {
		f := s.Write(rest[:n])
		rest = rest[n:]
		if a.pause[i%len(a.pause)] {
			if _, err := loop.Await(co, f); err != nil {
				return err
			}
			if err := loop.Sleep(co, time.Millisecond); err != nil {
				return err
			}
		}
	}
	return s.CloseWrite()
}

func (a traffic) receive(co *loop.Co, s *stream.Stream) error {
	rest := a.bytes()
	for i := 0; ; i++ {
		var f *loop.Future[[]byte]
		if n := a.reads[i%len(a.reads)]; n < 0 {
			f = s.ReadSome(-n)
		} else if n == 0 {
			f = s.ReadSome(1)
		} else {
			f = s.ReadFull(min(n, max(len(rest), 1)))
		}
		got, err := loop.Await(co, f)
		if err == io.EOF && len(rest) == 0 {
			return nil
		}
		if err != nil || !bytes.HasPrefix(rest, got) {
			return fmt.Errorf("%d bytes before the end: %w, or other bytes", len(rest), err)
		}
		rest = rest[len(got):]
	}
}
