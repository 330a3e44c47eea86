package stream_test

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// All that was written arrives, when Close follows at once and the reader is slow.
func TestCloseDelivers(t *testing.T) {
	everywhere(t, func(p *pair) {
		sent := noise(p.size(8 << 20))
		written := p.near.Write(sent)
		closed := p.near.Close()
		var got []byte
		for len(got) < len(sent) {
			piece, err := loop.Await(p.co, p.far.ReadSome(64<<10))
			if err != nil {
				p.t.Fatalf("after %d bytes of %d: %v", len(got), len(sent), err)
			}
			got = append(got, piece...)
			if len(got)%8 == 0 {
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
		if !p.near.Closed() || !p.far.Closed() {
			p.t.Error("closed, and yet not")
		}
	})
}

// The reset problem (pitfalls 6.3): a socket that is closed over unread input
// answers with a reset, and that destroys what the peer has not read. Here the peer
// goes on sending what nobody reads, and reads the answer late.
func TestCloseOverUnreadInput(t *testing.T) {
	everywhere(t, func(p *pair) {
		answer := noise(p.size(2 << 20))
		newRecorder(p.far, nil) // it does not read
		p.near.Write(noise(p.size(4 << 20)))
		p.until("input waits", func() bool { return len(p.far.Buffered()) > 0 })
		p.far.Write(answer)
		closed := p.far.Close()
		more := p.near.Write(noise(p.size(1 << 20)))
		got, err := loop.Await(p.co, p.near.ReadFull(len(answer)))
		if err != nil || !bytes.Equal(got, answer) {
			p.t.Errorf("%d bytes of %d, %v", len(got), len(answer), err)
		}
		p.refuses(p.near.ReadSome(1), io.EOF)
		p.does(more)
		p.does(p.near.Close())
		p.does(closed)
	})
}

// Close reports a loss when the peer breaks off: with bytes that wait here, and
// with bytes that only the peer's system has.
func TestCloseReportsReset(t *testing.T) {
	for name, size := range map[string]int{"queued": 32 << 10, "sent": 1} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				if size > 1 {
					p.stuff(p.near, size)
				} else {
					p.does(p.near.Write([]byte("x")))
				}
				unread := p.near.Unsent()
				closed := p.near.Close()
				if p.near.Unsent() != unread {
					p.t.Error("Close dropped what was queued")
				}
				p.far.Abort()
				p.fails(closed, stream.ErrNotDelivered)
				if _, err := closed.Result(); !errors.Is(err, syscall.ECONNRESET) && !errors.Is(err, syscall.EPIPE) {
					p.t.Errorf("the cause is missing: %v", err)
				}
				if !p.near.Closed() {
					p.t.Error("the stream is still there")
				}
			})
		})
	}
}

// A peer that takes nothing for 30 seconds is cut off; all futures say so.
func TestCloseWithoutProgress(t *testing.T) {
	at(t, func(s site) bool { return s.memory() && s.roomy() }, func(p *pair) {
		newRecorder(p.far, nil)
		f := p.near.Write(make([]byte, 300<<10))
		low := p.near.Writable()
		p.stall()
		start := p.l.Now()
		closed := p.near.Close()
		if p.near.Close() != closed {
			p.t.Error("to close again gives another future")
		}
		p.fails(closed, stream.ErrNotDelivered, os.ErrDeadlineExceeded)
		if d := p.l.Now().Sub(start); d != 30*time.Second {
			p.t.Errorf("it took %v", d)
		}
		p.fails(f, os.ErrDeadlineExceeded)
		p.fails(low, os.ErrDeadlineExceeded)
		if !p.near.Closed() {
			p.t.Error("the stream is still there")
		}
		p.until("the peer sees a reset", p.far.Closed)
	})
}

// stall waits until nothing moves any more.
func (p *pair) stall() {
	for n := -1; n != p.near.Unsent(); {
		n = p.near.Unsent()
		for range 10 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
	}
}

// What the peer sends is no progress, or it could put the end off for ever.
func TestCloseSendingIsNoProgress(t *testing.T) {
	inMemory(t, func(p *pair) {
		p.near.Write(make([]byte, 5*p.window))
		p.stall()
		start := p.l.Now()
		closed := p.near.Close()
		for range 2 {
			if err := loop.Sleep(p.co, 14*time.Second); err != nil {
				p.t.Fatal(err)
			}
			p.far.Write([]byte("x"))
		}
		if p.near.Closed() {
			p.t.Error("given up too early")
		}
		p.does(closed) // it had everything
		if d := p.l.Now().Sub(start); d != 30*time.Second {
			p.t.Errorf("it took %v", d)
		}
	})
}

// Progress extends the time: the peer takes a little now and then, and says nothing.
func TestCloseWithProgressOfSending(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		near, far := looptest.Pipe(10)
		s, err := stream.New(co.Loop(), near)
		if err != nil {
			return err
		}
		s.Write(make([]byte, 100))
		closed := s.Close()
		for range 10 {
			if err := loop.Sleep(co, 29*time.Second); err != nil {
				return err
			}
			if n, err := far.Read(make([]byte, 20)); n != 10 || err != nil {
				t.Fatalf("%d bytes, %v", n, err)
			}
		}
		if err := far.Close(false); err != nil {
			return err
		}
		_, err = loop.Await(co, closed)
		return err
	})
}

// A peer that has been sent everything and does not end its own side is left after
// 30 seconds; as far as this side can tell, nothing is lost.
func TestCloseOfPeerThatStays(t *testing.T) {
	inMemory(t, func(p *pair) {
		start := p.l.Now()
		p.near.Write([]byte("bye"))
		p.does(p.near.Close())
		if d := p.l.Now().Sub(start); d < 30*time.Second || d > 31*time.Second || !p.near.Closed() {
			p.t.Errorf("after %v, Closed %v", d, p.near.Closed())
		}
		p.gets(p.far.ReadFull(3), "bye")
		p.refuses(p.far.ReadSome(1), io.EOF)
	})
}

// Tornado S05: whoever reads is told; S07: and whoever writes later.
func TestCloseTellsUsers(t *testing.T) {
	everywhere(t, func(p *pair) {
		waiting := p.near.ReadSome(1)
		closed := p.near.Close()
		p.refuses(waiting, stream.ErrClosed)
		p.refuses(waiting, net.ErrClosed)
		p.fails(p.near.Write([]byte("x")), stream.ErrClosed)
		p.fails(p.near.Writable(), stream.ErrClosed)
		if err := p.near.CloseWrite(); !errors.Is(err, net.ErrClosed) {
			p.t.Error(err)
		}
		p.far.Close()
		p.does(closed)
		p.fails(p.near.Write([]byte("x")), stream.ErrClosed)
		p.refuses(p.near.ReadSome(1), stream.ErrClosed)
		p.near.Abort()
		p.near.CloseIdle()
		p.does(p.near.Close())
	})
}

// Half a close (nc -N): the peer's answer can still be read, and then both sides
// have ended and the stream with them.
func TestCloseWrite(t *testing.T) {
	everywhere(t, func(p *pair) {
		question, answer := noise(p.size(1<<20)), noise(p.size(2<<20))
		written := p.near.Write(question)
		if err := p.near.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.fails(p.near.Write([]byte("x")), stream.ErrClosed)
		if err := p.near.CloseWrite(); !errors.Is(err, stream.ErrClosed) {
			p.t.Errorf("twice: %v", err)
		}
		if got := p.drain(p.far); !bytes.Equal(got, question) {
			p.t.Errorf("%d bytes of %d", len(got), len(question))
		}
		p.does(written)
		p.far.Write(answer)
		closed := p.far.Close() // the far side has both ends now
		if got := p.drain(p.near); !bytes.Equal(got, answer) {
			p.t.Errorf("%d bytes of %d", len(got), len(answer))
		}
		p.does(closed)
		p.until("near is closed", p.near.Closed)
		p.refuses(p.near.ReadSome(1), io.EOF)
		p.fails(p.near.Write([]byte("x")), stream.ErrClosed)
		p.does(p.near.Close())
	})
}

// When both sides have ended, what has come can still be read. The transport is
// gone: a socket in that state would report itself without end.
func TestCloseWriteThenEnd(t *testing.T) {
	for name, order := range map[string]func(p *pair){
		"ours first": func(p *pair) { _ = p.near.CloseWrite(); p.far.Write([]byte("rest")); _ = p.far.CloseWrite() },
		"theirs first": func(p *pair) {
			p.far.Write([]byte("rest"))
			p.far.Close()
			p.until("end", p.near.EOF)
			_ = p.near.CloseWrite()
		},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				order(p)
				p.until("near is closed", p.near.Closed)
				p.gets(p.near.ReadFull(2), "re")
				p.refuses(p.near.ReadFull(3), io.ErrUnexpectedEOF)
				late := newRecorder(p.near, all)
				p.until("the consumer knows", func() bool { return len(late.ends) == 1 })
				if string(late.text) != "st" || late.ends[0] != io.EOF {
					p.t.Errorf("%q, ended %v", late.text, late.ends)
				}
				p.does(p.near.Close())
			})
		})
	}
}

// The peer's end comes while we close, or long before.
func TestCloseAfterEnd(t *testing.T) {
	everywhere(t, func(p *pair) {
		if err := p.far.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.until("it has ended", p.near.EOF)
		sent := noise(p.size(4 << 20))
		p.near.Write(sent)
		closed := p.near.Close()
		if got := p.drain(p.far); !bytes.Equal(got, sent) {
			p.t.Errorf("%d bytes of %d", len(got), len(sent))
		}
		p.does(closed)
	})
}

func TestAbort(t *testing.T) {
	withRoom(t, func(p *pair) {
		reading := p.near.ReadSome(1)
		p.stuff(p.near, 100<<10)
		writing, low := p.near.Write([]byte("x")), p.near.Writable()
		p.near.Abort()
		if !p.near.Closed() {
			p.t.Error("not at once")
		}
		p.refuses(reading, stream.ErrClosed)
		p.fails(writing, stream.ErrClosed)
		p.fails(low, stream.ErrClosed)
		p.near.Abort()
		p.does(p.near.Close())
		for {
			if _, err := loop.Await(p.co, p.far.ReadSome(1<<20)); err != nil {
				if !errors.Is(err, syscall.ECONNRESET) {
					p.t.Errorf("the peer got %v", err)
				}
				break
			}
		}
	})
}

// Abort ends a Close that takes too long, and that is a loss.
func TestAbortDuringClose(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("x"))
		closed := p.near.Close()
		p.near.Abort()
		p.fails(closed, stream.ErrNotDelivered, stream.ErrClosed)
		if p.near.Close() != closed {
			p.t.Error("to close again gives another future")
		}
	})
}

// An idle stream is closed at once, in order.
func TestCloseIdle(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("x"))
		p.gets(p.far.ReadSome(1), "x")
		r := newRecorder(p.near, all)
		p.near.CloseIdle()
		p.near.CloseIdle()
		if !p.near.Closed() {
			p.t.Error("not at once")
		}
		p.refuses(p.far.ReadSome(1), io.EOF)
		p.does(p.near.Close())
		if len(r.ends) != 0 {
			p.t.Errorf("ended %v, by itself", r.ends)
		}
	})
}

// A stream that is in use is closed by CloseIdle as by Close.
func TestCloseIdleInUse(t *testing.T) {
	for name, use := range map[string]func(p *pair){
		"reading":    func(p *pair) { p.near.ReadFull(5) },
		"unconsumed": func(p *pair) { p.far.Write([]byte("x")); p.until("", func() bool { return p.near.Buffered() != nil }) },
		"unread":     func(p *pair) { p.far.Write([]byte("x")) }, // and near has not looked
		"unsent":     func(p *pair) { p.stuff(p.near, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				p.near.Write([]byte("answer"))
				p.gets(p.far.ReadFull(3), "ans")
				use(p)
				p.near.CloseIdle()
				if p.near.Closed() {
					p.t.Error("closed at once")
				}
				if got := p.drain(p.far); !bytes.HasPrefix(got, []byte("wer")) {
					p.t.Errorf("the peer got %q", clip(got))
				}
				p.far.Close()
				p.does(p.near.Close())
			})
		})
	}
}

// A loop that is closed under its streams leaves the descriptors to them.
func TestAbortOnClosedLoop(t *testing.T) {
	for _, s := range sites() {
		t.Run(s.name, func(t *testing.T) {
			looptest.NoLeaks(t)
			l := s.loop(t)
			var near, far *stream.Stream
			var closing *loop.Future[struct{}]
			_, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
				n := s.network()
				ln, err := n.Listen(l, "tcp", "127.0.0.1:0")
				if err != nil {
					return 0, err
				}
				defer ln.Close()
				near, far, err = connect(co, n, ln)
				closing = near.Close()
				return 0, err
			})
			if err := errors.Join(err, l.Close()); err != nil {
				t.Fatal(err)
			}
			near.Abort()
			far.Abort()
			if _, err := closing.Result(); !errors.Is(err, stream.ErrNotDelivered) || !near.Closed() || !far.Closed() {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever ends a stream, nobody is left waiting.
func TestEveryFutureIsSettled(t *testing.T) {
	for name, end := range map[string]func(p *pair){
		"abort":                  func(p *pair) { p.near.Abort() },
		"reset":                  func(p *pair) { p.far.Abort() },
		"close, then abort":      func(p *pair) { p.near.Close(); p.near.Abort() },
		"close, then reset":      func(p *pair) { p.near.Close(); p.far.Abort() },
		"close idle, then reset": func(p *pair) { p.near.CloseIdle(); p.far.Abort() },
	} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				read := p.near.ReadFull(10)
				p.far.Write([]byte("x"))
				p.stuff(p.near, 100<<10)
				var rest []*loop.Future[struct{}]
				for range 3 {
					rest = append(rest, p.near.Write([]byte("x")), p.near.Writable())
				}
				end(p)
				p.until("near is closed", p.near.Closed)
				if !read.Done() {
					p.t.Error("a read waits")
				}
				for i, f := range append(rest, p.near.Close()) {
					if !f.Done() {
						p.t.Errorf("future %d is pending", i)
					}
				}
				if p.near.Unsent() != 0 {
					p.t.Errorf("%d bytes wait", p.near.Unsent())
				}
			})
		})
	}
}
