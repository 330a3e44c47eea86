package stream_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Tornado S32: many writes may be outstanding, each has its future, and they
// resolve in order.
func TestWriteMany(t *testing.T) {
	everywhere(t, func(p *pair) {
		const writes = 100
		piece := p.size(5000) / 10
		var sent []byte
		var order []int
		for i := range writes {
			b := bytes.Repeat([]byte{byte(i)}, piece)
			sent = append(sent, b...)
			p.near.Write(b).OnDone(func(f *loop.Future[struct{}]) {
				if _, err := f.Result(); err != nil {
					p.t.Errorf("write %d: %v", i, err)
				}
				order = append(order, i)
			})
			clear(b) // the stream has its own copy
		}
		p.gets(p.far.ReadFull(len(sent)), string(sent))
		p.until("all are done", func() bool { return len(order) == writes })
		if !slices.IsSorted(order) {
			p.t.Errorf("the order was %v", order)
		}
	})
}

// Several coroutines write at once: each write stays in one piece.
func TestWriteFromMany(t *testing.T) {
	everywhere(t, func(p *pair) {
		const writers, each = 10, 8
		line := p.size(1000) / 10
		var done []*loop.Future[int]
		for i := range writers {
			done = append(done, loop.Go(p.co, func(co *loop.Co) (int, error) {
				for range each {
					text := strings.Repeat(string(rune('a'+i)), line)
					if _, err := loop.Await(co, p.near.Write([]byte(text+"\n"))); err != nil {
						return 0, err
					}
				}
				return 0, nil
			}))
		}
		count := map[string]int{}
		for range writers * each {
			got, err := loop.Await(p.co, p.far.ReadUntil("\n", line+1))
			if err != nil {
				p.t.Fatal(err)
			}
			count[string(got)]++
		}
		if _, err := loop.Await(p.co, loop.All(p.l, done...)); err != nil {
			p.t.Error(err)
		}
		for i := range writers {
			if n := count[strings.Repeat(string(rune('a'+i)), line)+"\n"]; n != each {
				p.t.Errorf("%d whole lines of writer %d", n, i)
			}
		}
	})
}

// Tornado S07: an empty write is done, behind those before it.
func TestWriteNothing(t *testing.T) {
	withRoom(t, func(p *pair) {
		if f := p.near.Write(nil); !f.Done() {
			p.t.Error("it waits for nothing")
		}
		p.stuff(p.near, 1)
		f := p.near.Write(nil)
		if f.Done() {
			p.t.Error("it overtakes others")
		}
		loop.Go(p.co, func(co *loop.Co) (int, error) {
			for {
				if _, err := loop.Await(co, p.far.ReadSome(1<<20)); err != nil {
					return 0, nil
				}
			}
		})
		p.does(f)
	})
}

// A write that does not fit into the queue takes nothing.
func TestWriteBufferFull(t *testing.T) {
	const limit = 16 << 20
	withRoom(t, func(p *pair) {
		p.does(p.near.Write([]byte("a")))
		p.fails(p.near.Write(make([]byte, limit+1)), stream.ErrBufferFull)
		p.gets(p.far.ReadSome(10), "a")
		p.stuff(p.near, 1)
		waits, room := p.near.Unsent(), limit-stream.LoopUnsent(p.l) // which counts futures too
		p.fails(p.near.Write(make([]byte, room+1)), stream.ErrBufferFull)
		if p.near.Unsent() != waits {
			p.t.Errorf("%d bytes wait, before it were %d", p.near.Unsent(), waits)
		}
		f := p.near.Write(make([]byte, room))
		if _, err := f.Result(); !errors.Is(err, loop.ErrPending) || p.near.Unsent() != waits+room {
			p.t.Errorf("to the limit: %v, %d bytes wait", err, p.near.Unsent())
		}
		p.fails(p.near.Write(nil), stream.ErrBufferFull) // its future counts
	})
}

func TestWritableMarks(t *testing.T) {
	const low, high = 16 << 10, 64 << 10
	withRoom(t, func(p *pair) {
		if !p.near.Writable().Done() {
			p.t.Error("an idle stream is not writable")
		}
		p.stuff(p.near, 1)
		p.near.Write(make([]byte, high-1-p.near.Unsent()%high))
		p.stuff(p.near, high)
		f := p.near.Writable()
		if f.Done() || p.near.Writable() != f {
			p.t.Error("want one future that waits")
		}
		for !f.Done() {
			if p.near.Unsent() <= low {
				p.t.Errorf("%d bytes wait, and it is not done", p.near.Unsent())
			}
			if _, err := loop.Await(p.co, p.far.ReadSome(1<<20)); err != nil {
				p.t.Fatal(err)
			}
		}
		if p.near.Unsent() > low {
			p.t.Errorf("done while %d bytes wait", p.near.Unsent())
		}
		if p.near.Unsent() > 0 && !p.near.Writable().Done() {
			p.t.Error("below the high-water mark, and it waits")
		}
	})
}

// Writing to a peer that is gone fails, and is the end of the stream.
func TestWriteToClosedPeer(t *testing.T) {
	everywhere(t, func(p *pair) {
		ended := newRecorder(p.near, nil)
		p.far.CloseIdle()
		var err error
		p.until("writing fails", func() bool {
			_, err = loop.Await(p.co, p.near.Write([]byte("x")))
			return err != nil
		})
		if !errors.Is(err, syscall.EPIPE) && !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, stream.ErrClosed) {
			p.t.Errorf("got %v", err)
		}
		p.until("the stream is closed", p.near.Closed)
		p.fails(p.near.Write([]byte("x")), err)
		p.fails(p.near.Writable(), err)
		if err := p.near.CloseWrite(); err == nil {
			p.t.Error("CloseWrite of a broken stream")
		}
		p.until("the consumer knows", func() bool { return len(ended.ends) > 0 })
		if err := p.turn(); err != nil || len(ended.ends) != 1 {
			p.t.Errorf("ended %v", ended.ends)
		}
		p.fails(p.near.Close(), stream.ErrNotDelivered)
	})
}

// A server that does not want a body answers and goes. What it said can be read,
// although writing to it fails.
func TestWriteFailureKeepsAnswer(t *testing.T) {
	onSockets(t, func(p *pair) {
		p.far.Write([]byte("no"))
		p.far.Abort()
		var err error
		for err == nil {
			_, err = p.near.Write([]byte("body")).Result()
		}
		p.gets(p.near.ReadFull(2), "no")
		p.refuses(p.near.ReadFull(2), syscall.ECONNRESET)
	})
}

// The same, without leaving anything to the kernel: the bytes that lie in the
// transport are taken in before the stream ends with the error of the write.
func TestWriteFailureTakesInWhatCame(t *testing.T) {
	for _, last := range []error{stream.ErrAgain, io.EOF, syscall.ECONNRESET} {
		t.Run(last.Error(), func(t *testing.T) {
			tr := &script{write: func([]byte) (int, error) { return 0, syscall.EPIPE }}
			follow(t, tr, func(p *pair, s *stream.Stream) {
				got := newRecorder(s, func(b []byte) int { return len(b) })
				tr.reads = []step{{data: "no "}, {data: "thanks"}, {err: last}}
				f := s.Write([]byte("body"))
				if _, err := f.Result(); err != syscall.EPIPE {
					t.Errorf("write: %v", err)
				}
				if len(got.text) > 0 {
					t.Error("the consumer was called from within Write")
				}
				p.fails(s.Write([]byte("more")), syscall.EPIPE)
				p.fails(s.Writable(), syscall.EPIPE)
				p.until("the stream is closed", s.Closed)
				p.until("the consumer knows", func() bool { return len(got.ends) > 0 })
				if string(got.text) != "no thanks" || got.ends[0] != syscall.EPIPE {
					t.Errorf("got %q, %v", got.text, got.ends)
				}
				if tr.closes != 1 {
					t.Errorf("the transport was closed %d times", tr.closes)
				}
			})
		})
	}
}

// After a write has failed, an end of input proves nothing: the system reports a
// reset once, to whoever asks first.
func TestWriteFailureMakesNoEnd(t *testing.T) {
	tr := &script{write: func([]byte) (int, error) { return 0, syscall.ECONNRESET }}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		f := s.ReadSome(1)
		s.Write([]byte("x"))
		tr.reads = []step{{err: io.EOF}}
		tr.h.Ready(loop.Readable | loop.Failed)
		p.refuses(f, syscall.ECONNRESET)
		if s.EOF() {
			t.Error("the peer has ended, it says")
		}
	})
}

// The same for bytes that were queued: their futures fail, all of them.
func TestWriteFailureOfQueue(t *testing.T) {
	for _, failure := range []struct {
		n    int
		err  error
		want error
	}{{0, syscall.EPIPE, syscall.EPIPE}, {0, nil, io.ErrShortWrite}} {
		answer := func() (int, error) { return 0, stream.ErrAgain }
		tr := &script{write: func([]byte) (int, error) { return answer() }}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			a, b := s.Write(make([]byte, 100<<10)), s.Write([]byte("b"))
			low := s.Writable()
			if tr.want&loop.Writable == 0 {
				t.Error("the transport was not asked to tell when it is writable")
			}
			answer = func() (int, error) { return failure.n, failure.err }
			tr.h.Ready(loop.Writable)
			for _, f := range []*loop.Future[struct{}]{a, b, low} {
				if _, err := f.Result(); err != failure.want {
					t.Errorf("got %v, want %v", err, failure.want)
				}
			}
			if tr.want&loop.Writable != 0 || s.Unsent() != 0 {
				t.Error("it waits to write what cannot be written")
			}
			tr.h.Ready(loop.Writable) // an event may have been fetched
			p.fails(s.Write([]byte("x")), failure.want)
			p.fails(s.Close(), stream.ErrNotDelivered, failure.want)
			if err := loop.Yield(p.co); err != nil || tr.closes != 1 {
				t.Errorf("%v, closed %d times", err, tr.closes)
			}
		})
	}
}

func TestUnsent(t *testing.T) {
	withRoom(t, func(p *pair) {
		if n := p.near.Unsent(); n != 0 {
			p.t.Errorf("%d at first", n)
		}
		total := p.stuff(p.near, 1000)
		n := p.near.Unsent()
		if n < 1000 || n >= total {
			p.t.Errorf("%d of %d", n, total)
		}
		p.near.Write(make([]byte, 10))
		if p.near.Unsent() != n+10 {
			p.t.Errorf("%d after 10 more than %d", p.near.Unsent(), n)
		}
	})
}
