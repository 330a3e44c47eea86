package stream_test

import (
	"bytes"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// Pitfalls 7: 8 MiB are written, Close follows at once, and the peer begins to read
// after 300 ms. Every byte arrives, also when the peer has sent what nobody read.
func TestCloseDeliversToLateReader(t *testing.T) {
	for _, junk := range []bool{false, true} {
		t.Run(fmt.Sprintf("junk=%v", junk), func(t *testing.T) {
			withRoom(t, func(p *pair) {
				if junk {
					newRecorder(p.near, nil) // it takes nothing
					p.far.Write(noise(p.size(200 << 10)))
					p.until("junk has come", func() bool { return len(p.near.Buffered()) > 0 })
				}
				sent := noise(p.size(8 << 20))
				written := p.near.Write(sent)
				closed := p.near.Close()
				if err := loop.Sleep(p.co, 300*time.Millisecond); err != nil {
					p.t.Fatal(err)
				}
				got, err := loop.Await(p.co, p.far.ReadUntilClose(len(sent)))
				if err != nil || !bytes.Equal(got, sent) {
					p.t.Errorf("%d bytes of %d, %v", len(got), len(sent), err)
				}
				p.does(written)
				p.does(p.far.Close())
				p.does(closed)
			})
		})
	}
}

// 64 MiB to a reader of 8 MiB a second: nothing is lost, the writer is held back, and
// it takes 8 seconds of virtual time.
func TestSlowReader(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		const total, rate, piece = 64 << 20, 8 << 20, 32 << 10
		a, b := looptest.Pipe(0)
		near, err := stream.New(co.Loop(), a)
		if err != nil {
			return err
		}
		defer near.Abort()
		far, err := stream.New(co.Loop(), b)
		if err != nil {
			return err
		}
		defer far.Abort()
		chunk := noise(total / 64)
		begin := co.Loop().Now()
		writer := loop.Go(co, func(co *loop.Co) (int, error) {
			for range 64 {
				near.Write(chunk)
				if _, err := loop.Await(co, near.Writable()); err != nil {
					return 0, err
				}
				if n := near.Unsent(); n > len(chunk) {
					return 0, fmt.Errorf("%d bytes wait", n)
				}
			}
			_, err := loop.Await(co, near.Close())
			return 0, err
		})
		room := make([]byte, piece)
		for n := 0; n < total; n += piece {
			if err := loop.Sleep(co, time.Second*piece/rate); err != nil {
				return err
			}
			if _, err := loop.Await(co, far.ReadInto(room)); err != nil {
				return fmt.Errorf("after %d bytes: %w", n, err)
			}
			if at := n % len(chunk); !bytes.Equal(room, chunk[at:at+piece]) {
				return fmt.Errorf("the bytes from %d on differ", n)
			}
		}
		if d := co.Loop().Now().Sub(begin); d < 8*time.Second || d > 8100*time.Millisecond {
			t.Errorf("it took %v", d)
		}
		if _, err := loop.Await(co, far.ReadSome(1)); err != io.EOF {
			t.Errorf("then came %v", err)
		}
		far.Close()
		_, err = loop.Await(co, writer)
		return err
	})
}

// What BenchmarkWriteRead measures is a message and its echo, over memory.
func BenchmarkWriteRead(b *testing.B) {
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		x, y := looptest.Pipe(0)
		near, err := stream.New(l, x)
		if err != nil {
			return 0, err
		}
		defer near.Abort()
		far, err := stream.New(l, y)
		if err != nil {
			return 0, err
		}
		defer far.Abort()
		far.SetConsumer(echoer{far})
		message, room := make([]byte, 64), make([]byte, 64)
		b.ReportAllocs()
		for b.Loop() {
			near.Write(message)
			if _, err := loop.Await(co, near.ReadInto(room)); err != nil {
				return 0, err
			}
		}
		return 0, nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

type echoer struct{ s *stream.Stream }

func (e echoer) Consume(p []byte) int { e.s.Write(p); return len(p) }
func (e echoer) Ended(error)          {}

// A write that the transport takes at once costs no memory.
func TestWriteAllocatesNothing(t *testing.T) {
	follow(t, &script{}, func(p *pair, s *stream.Stream) {
		message := make([]byte, 64)
		if n := testing.AllocsPerRun(100, func() { s.Write(message) }); n != 0 {
			t.Errorf("%v allocations", n)
		}
	})
}
