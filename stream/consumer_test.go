package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A recorder is a Consumer that writes down what it takes and how it ends. Its
// type cannot be compared, as a Consumer's need not be.
type recorder struct {
	take  func(p []byte) int // nil: nothing
	onEnd func(error)
	seen  []string // each call's bytes
	text  []byte   // what was taken
	ends  []error
	_     []func()
}

// newRecorder makes a recorder and sets it on s, if there is one.
func newRecorder(s *stream.Stream, take func([]byte) int) *recorder {
	r := &recorder{take: take}
	if s != nil {
		s.SetConsumer(r)
	}
	return r
}

func (r *recorder) Consume(p []byte) int {
	r.seen = append(r.seen, string(p))
	if r.take == nil {
		return 0
	}
	n := r.take(p)
	r.text = append(r.text, p[:n]...)
	return n
}

func (r *recorder) Ended(err error) {
	r.ends = append(r.ends, err)
	if r.onEnd != nil {
		r.onEnd(err)
	}
}

func all(p []byte) int { return len(p) }

// lines takes whole lines, one in each call.
func lines(p []byte) int { return bytes.IndexByte(p, '\n') + 1 }

// Tornado S43: a consumer sees everything, in order, and then the end.
func TestConsumerGetsAll(t *testing.T) {
	for name, take := range map[string]func([]byte) int{
		"at once":     all,
		"in lines":    lines,
		"one by one":  func([]byte) int { return 1 },
		"all but one": func(p []byte) int { return max(1, len(p)-1) },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				want := strings.Repeat("some\nlines\n", p.size(3000)/30)
				r := newRecorder(p.far, take)
				p.near.Write([]byte(want))
				p.near.Close()
				p.until("it has ended", func() bool { return len(r.ends) > 0 })
				if string(r.text) != want {
					p.t.Errorf("got %d bytes of %d", len(r.text), len(want))
				}
				if err := p.turn(); err != nil || len(r.ends) != 1 || r.ends[0] != io.EOF {
					p.t.Errorf("ended %v", r.ends)
				}
				if p.far.Buffered() != nil {
					p.t.Error("something was kept")
				}
			})
		})
	}
}

// What a consumer leaves comes again: at once if it took some, else with more, or
// when it is offered.
func TestConsumerLeavesSome(t *testing.T) {
	everywhere(t, func(p *pair) {
		hold := false
		r := newRecorder(p.far, func(b []byte) int {
			if hold {
				return 0
			}
			return lines(b)
		})
		p.near.Write([]byte("one\ntwo\nthr"))
		p.until("two lines have come", func() bool { return string(r.text) == "one\ntwo\n" && string(p.far.Buffered()) == "thr" })
		hold = true
		p.near.Write([]byte("ee\nfour\n"))
		p.until("more has come", func() bool { return string(p.far.Buffered()) == "three\nfour\n" })
		hold = false
		p.far.Offer()
		if got := string(r.text); got != "one\ntwo\nthree\nfour\n" {
			p.t.Errorf("got %q", got)
		}
		calls := len(r.seen)
		p.far.Offer()
		if len(r.seen) != calls {
			p.t.Error("nothing was offered")
		}
	})
}

// A stream that is taken back gives the rest to its reads, and one that is given
// away gives its consumer what it has.
func TestConsumerComesAndGoes(t *testing.T) {
	everywhere(t, func(p *pair) {
		r := newRecorder(p.far, lines)
		p.near.Write([]byte("one\ntwo"))
		p.until("it has come", func() bool { return string(p.far.Buffered()) == "two" })
		p.refuses(p.far.ReadSome(1), stream.ErrReading)
		p.far.SetConsumer(nil)
		p.gets(p.far.ReadFull(2), "tw")
		p.near.Write([]byte("\nthree\nfour"))
		p.until("more has come", func() bool { return string(p.far.Buffered()) == "o\nthree\nfour" })
		second := newRecorder(p.far, lines)
		if string(second.text) != "o\nthree\n" || string(r.text) != "one\n" {
			p.t.Errorf("got %q, and before %q", second.text, r.text)
		}
		p.near.Close()
		p.until("it has ended", func() bool { return len(second.ends) == 1 })
		if len(r.ends) != 0 {
			p.t.Error("the first was told the end")
		}
		p.gets(p.take(), "four")
		late := newRecorder(p.far, all)
		p.until("the late one is told", func() bool { return len(late.ends) == 1 && late.ends[0] == io.EOF })
	})
}

func (p *pair) take() *loop.Future[[]byte] {
	p.far.SetConsumer(nil)
	return p.far.ReadFull(4)
}

// A read that waits comes before the consumer.
func TestConsumerBehindRead(t *testing.T) {
	everywhere(t, func(p *pair) {
		f := p.far.ReadFull(4)
		r := newRecorder(p.far, all)
		p.near.Write([]byte("headbody"))
		p.gets(f, "head")
		p.until("the rest has come", func() bool { return string(r.text) == "body" })
	})
}

// At the end, what is left stays with the stream: the consumer may still want it.
func TestConsumerEndsWithRest(t *testing.T) {
	everywhere(t, func(p *pair) {
		take := lines
		r := newRecorder(p.far, func(b []byte) int { return take(b) })
		p.near.Write([]byte("line\nrest"))
		p.near.Close()
		p.until("it has ended", func() bool { return len(r.ends) == 1 })
		if got := string(p.far.Buffered()); got != "rest" {
			p.t.Errorf("%q is left", got)
		}
		take = all
		p.far.Offer()
		if string(r.text) != "line\nrest" {
			p.t.Errorf("got %q", r.text)
		}
		p.does(p.far.Write([]byte("bye")))
		p.does(p.far.Close())
	})
}

func TestConsumerHearsOfReset(t *testing.T) {
	everywhere(t, func(p *pair) {
		r := newRecorder(p.far, nil)
		p.near.Write([]byte("abc"))
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 3 })
		p.near.Abort()
		p.until("it has ended", func() bool { return len(r.ends) > 0 })
		if err := p.turn(); err != nil || len(r.ends) != 1 || !errors.Is(r.ends[0], syscall.ECONNRESET) {
			p.t.Errorf("ended %v", r.ends)
		}
		if got := string(p.far.Buffered()); got != "abc" || !p.far.Closed() {
			p.t.Errorf("%q is left, Closed %v", got, p.far.Closed())
		}
		late := newRecorder(p.far, all)
		p.until("the late one is told", func() bool { return len(late.ends) == 1 })
		if string(late.text) != "abc" || !errors.Is(late.ends[0], syscall.ECONNRESET) {
			p.t.Errorf("got %q, %v", late.text, late.ends)
		}
	})
}

// A reset after the end is no second end, but the stream is gone.
func TestConsumerHearsOfOneEnd(t *testing.T) {
	onSockets(t, func(p *pair) {
		r := newRecorder(p.far, all)
		if err := p.near.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.until("it has ended", func() bool { return len(r.ends) > 0 })
		p.near.Abort()
		if p.tellsFailed() {
			p.until("far is closed", p.far.Closed)
		}
		p.fails(p.far.Write([]byte("x")), syscall.EPIPE)
		p.until("far is closed", p.far.Closed)
		if err := p.turn(); err != nil || len(r.ends) != 1 || r.ends[0] != io.EOF {
			p.t.Errorf("ended %v", r.ends)
		}
	})
}

// A consumer that takes nothing stalls the sender, and memory stays bounded.
func TestConsumerStallsSender(t *testing.T) {
	const ahead, oneRead = 64 << 10, 64 << 10
	withRoom(t, func(p *pair) {
		r := newRecorder(p.far, nil)
		sent := p.stuff(p.near, 200<<10)
		most := len(p.far.Buffered())
		if most > ahead+oneRead {
			p.t.Fatalf("%d bytes are kept", most)
		}
		p.far.SetReadAhead(1 << 10) // less than the default is the default
		for range 10 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
		if len(p.far.Buffered()) != most || p.near.Unsent() == 0 {
			p.t.Errorf("%d and then %d bytes are kept, %d wait", most, len(p.far.Buffered()), p.near.Unsent())
		}
		p.far.SetReadAhead(128 << 10)
		p.until("it reads on", func() bool { return len(p.far.Buffered()) >= 128<<10 })
		r.take = all
		p.far.Offer()
		p.until("all has come", func() bool { return len(r.text) == sent })
	})
}

// What a consumer may do to the stream from within Consume.
func TestConsumerActsInside(t *testing.T) {
	for _, buffered := range []bool{false, true} { // the bytes came before the consumer
		for name, c := range map[string]struct {
			act  func(p *pair, r *recorder) int // at the first call
			then func(p *pair, r *recorder)
		}{
			"close": {
				func(p *pair, r *recorder) int { p.far.Close(); return 1 },
				isGone,
			},
			"close when idle": {
				func(p *pair, r *recorder) int { p.far.CloseIdle(); return 1 },
				isGone,
			},
			"abort": {
				func(p *pair, r *recorder) int { p.far.Abort(); return 1 },
				isGone,
			},
			"take back": {
				func(p *pair, r *recorder) int { p.far.SetConsumer(nil); return 2 },
				func(p *pair, r *recorder) { p.gets(p.far.ReadFull(4), "cdef") },
			},
			"read": {
				func(p *pair, r *recorder) int {
					p.far.SetConsumer(nil)
					loop.Go(p.co, func(co *loop.Co) (int, error) { // it starts here and now
						got, err := loop.Await(co, p.far.ReadFull(3))
						r.seen = append(r.seen, "then "+string(got))
						return 0, err
					})
					return 2
				},
				func(p *pair, r *recorder) {
					p.until("the read is done", func() bool { return r.seen[len(r.seen)-1] == "then cde" })
					p.gets(p.far.ReadFull(1), "f")
				},
			},
			"hand on": {
				func(p *pair, r *recorder) int { newRecorder(p.far, all); return 2 },
				func(p *pair, r *recorder) {
					if p.far.Buffered() != nil {
						p.t.Error("the next consumer was not given the rest")
					}
				},
			},
			"hand on all": {
				func(p *pair, r *recorder) int { newRecorder(p.far, all); return 0 },
				func(p *pair, r *recorder) {
					if p.far.Buffered() != nil {
						p.t.Error("the next consumer was not given all")
					}
				},
			},
			"offer": {
				func(p *pair, r *recorder) int {
					p.far.Offer()
					if n := len(p.far.Buffered()); n != 0 {
						p.t.Errorf("%d bytes are in two hands", n)
					}
					return 2
				},
				func(p *pair, r *recorder) {
					if len(r.seen) < 2 || string(r.text) != "abcdef" {
						p.t.Errorf("got %q in %q", r.text, r.seen)
					}
				},
			},
		} {
			t.Run(fmt.Sprintf("%s/buffered=%v", name, buffered), func(t *testing.T) {
				for _, s := range sites() {
					if s.window > 0 && s.window < 6 {
						continue // the bytes would come one by one
					}
					t.Run(s.name, func(t *testing.T) { s.run(t, func(p *pair) { actInside(p, buffered, c.act, c.then) }) })
				}
			})
		}
	}
}

// isGone checks that far was closed by its own consumer.
func isGone(p *pair, r *recorder) {
	p.refuses(p.far.ReadSome(1), stream.ErrClosed)
	if b := p.far.Buffered(); b != nil {
		p.t.Errorf("%q is still there", b)
	}
}

func actInside(p *pair, buffered bool, act func(*pair, *recorder) int, then func(*pair, *recorder)) {
	r := &recorder{}
	acted := false
	r.take = func(b []byte) int {
		if acted {
			return len(b)
		}
		acted = true
		return act(p, r)
	}
	if !buffered {
		p.far.SetConsumer(r)
	}
	p.near.Write([]byte("abcdef"))
	if buffered {
		p.until("it has come", func() bool { return len(p.far.Buffered()) == 6 })
		p.far.SetConsumer(r)
	}
	p.until("it has acted", func() bool { return acted })
	then(p, r)
	for range 3 {
		if err := p.turn(); err != nil {
			p.t.Error(err)
		}
	}
	if len(r.ends) != 0 {
		p.t.Errorf("ended %v, by itself", r.ends)
	}
}

// A read that is started inside Consume gets what Consume leaves, also if the
// stream has ended or breaks at that moment.
func TestConsumerStartsReadAtEnd(t *testing.T) {
	for name, broken := range map[string]error{"ended": nil, "broken": syscall.EIO} {
		t.Run(name, func(t *testing.T) {
			tr := &script{reads: []step{{data: "abcd"}, {err: io.EOF}}}
			follow(t, tr, func(p *pair, s *stream.Stream) {
				tr.h.Ready(loop.Readable)
				if broken == nil {
					tr.h.Ready(loop.Readable)
				}
				var read *loop.Future[[]byte]
				newRecorder(s, func([]byte) int {
					s.SetConsumer(nil)
					tr.wantErr = broken
					read = s.ReadFull(2)
					return 1
				})
				p.gets(read, "bc")
				if broken != nil && !s.Closed() {
					t.Error("it did not break")
				}
				p.gets(s.ReadSome(9), "d")
			})
		})
	}
}

// What it may do from within Ended.
func TestConsumerActsAtEnd(t *testing.T) {
	for name, act := range map[string]func(s *stream.Stream){
		"close":     func(s *stream.Stream) { s.Close() },
		"abort":     func(s *stream.Stream) { s.Abort() },
		"take back": func(s *stream.Stream) { s.SetConsumer(nil) },
		"offer":     func(s *stream.Stream) { s.Offer() },
		"write":     func(s *stream.Stream) { s.Write([]byte("bye")); s.Close() },
	} {
		for _, reset := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/reset=%v", name, reset), func(t *testing.T) {
				everywhere(t, func(p *pair) {
					r := newRecorder(p.far, all)
					r.onEnd = func(error) { act(p.far) }
					if reset {
						p.near.Abort()
					} else {
						p.near.Close()
					}
					p.until("it has ended", func() bool { return len(r.ends) > 0 })
					for range 3 {
						if err := p.turn(); err != nil {
							p.t.Error(err)
						}
					}
					if len(r.ends) != 1 {
						p.t.Errorf("ended %v", r.ends)
					}
				})
			})
		}
	}
}

// Tornado S43, 1.60: when a consumer panics, the loop reports it and the stream is
// broken off; nobody goes on in the middle of a message.
func TestConsumerPanics(t *testing.T) {
	for _, s := range sites() {
		s.trouble = true
		t.Run(s.name, func(t *testing.T) { s.run(t, consumerPanics) })
	}
}

func consumerPanics(p *pair) {
	r := newRecorder(p.far, func([]byte) int { panic("oops") })
	p.near.Write([]byte("abc"))
	p.until("it has ended", func() bool { return len(r.ends) > 0 })
	if len(r.seen) != 1 || !p.far.Closed() {
		p.t.Errorf("called with %q, Closed %v", r.seen, p.far.Closed())
	}
	if msg := r.ends[0].Error(); msg != "stream: the consumer panicked" {
		p.t.Errorf("ended with %q", msg)
	}
	if _, err := loop.Await(p.co, p.near.ReadSome(1)); err == nil {
		p.t.Error("the peer was not told")
	}
}

func TestConsumerOfClosedStream(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.far.Close()
		r := newRecorder(p.far, all)
		if err := p.turn(); err != nil || len(r.ends) != 0 {
			p.t.Errorf("closing: ended %v", r.ends)
		}
		p.far.Abort()
		r = newRecorder(p.far, all)
		if err := p.turn(); err != nil || len(r.ends) != 0 {
			p.t.Errorf("closed: ended %v", r.ends)
		}
	})
}
