package stream_test

import (
	"errors"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// The promise is 250 bytes for an idle connection, with its place in the loop's
// table and the poller's. Both sizes are classes of the allocator.
func TestSizeAtRest(t *testing.T) {
	if stream.SizeofStream > 96 {
		t.Errorf("a Stream has %d bytes", stream.SizeofStream)
	}
	if stream.SizeofSocket > 64 {
		t.Errorf("a socket has %d bytes", stream.SizeofSocket)
	}
}

// However a stream was used, it holds nothing when it is idle again.
func TestIdleHoldsNothing(t *testing.T) {
	for name, use := range map[string]func(p *pair){
		"nothing":    func(p *pair) {},
		"read 0":     func(p *pair) { p.far.ReadFull(0) },
		"write 0":    func(p *pair) { p.near.Write(nil) },
		"read":       func(p *pair) { p.near.Write([]byte("abc")); p.gets(p.far.ReadFull(3), "abc") },
		"large read": func(p *pair) { p.near.Write(make([]byte, 40<<10)); mustRead(p, 40<<10) },
		"read into":  func(p *pair) { p.near.Write([]byte("abc")); p.fills(p.far.ReadInto(make([]byte, 3)), 3) },
		"regexp":     func(p *pair) { p.near.Write([]byte("a\n\n")); p.gets(p.far.ReadUntilRegexp(blankLine, 9), "a\n\n") },
		"sendfile": func(p *pair) {
			f := p.near.Sendfile(onDisk(p.t, noise(200_000)), 0, -1, nil)
			read := p.far.ReadFull(200_000)
			p.spin("it has come", func() bool { return f.Done() && read.Done() })
		},
		"writev and queue": func(p *pair) {
			p.near.WriteV(make([]byte, 1<<20), make([]byte, 1<<20))
			p.gets(p.far.ReadFull(2<<20), string(make([]byte, 2<<20)))
		},
		"discard":     func(p *pair) { p.near.Write([]byte("abc")); p.until("", has(p, 3)); p.far.Discard(3) },
		"withdrawn":   func(p *pair) { withdraw(p) },
		"too long":    func(p *pair) { p.refuses(p.far.ReadUntil("x", 0), stream.ErrTooLong) },
		"buffer full": func(p *pair) { p.near.Write(make([]byte, 17<<20)) },
		"consumer": func(p *pair) {
			r := newRecorder(p.far, lines)
			p.near.Write([]byte("one\ntwo"))
			p.until("", has(p, 3))
			p.near.Write([]byte("\n"))
			p.until("", func() bool { return string(r.text) == "one\ntwo\n" })
		},
		"consumer and queue": func(p *pair) {
			r := newRecorder(p.far, all)
			p.near.Write(make([]byte, 4<<20))
			p.until("", func() bool { return len(r.text) == 4<<20 })
		},
	} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				use(p)
				if err := p.turn(); err != nil {
					p.t.Error(err)
				}
				for end, s := range map[string]*stream.Stream{"near": p.near, "far": p.far} {
					if held := stream.Held(s); held != nil {
						p.t.Errorf("%s holds %v", end, held)
					}
				}
			})
		})
	}
}

func has(p *pair, n int) func() bool { return func() bool { return len(p.far.Buffered()) == n } }

func mustRead(p *pair, n int) {
	if _, err := loop.Await(p.co, p.far.ReadFull(n)); err != nil {
		p.t.Error(err)
	}
}

func withdraw(p *pair) {
	co, cancel := p.co.WithTimeout(time.Millisecond)
	defer cancel()
	if _, err := loop.Await(co, p.far.ReadSome(1)); err == nil {
		p.t.Error("it read something")
	}
}

// However a close ends, it leaves no timer behind.
func TestCloseLeavesNoTimer(t *testing.T) {
	for name, end := range map[string]func(p *pair){
		"peer closes":  func(p *pair) { p.far.Close() },
		"peer aborts":  func(p *pair) { p.far.Abort() },
		"aborted":      func(p *pair) { p.near.Abort() },
		"queue, abort": func(p *pair) { p.far.Abort() },
	} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				if name == "queue, abort" {
					p.stuff(p.near, 1)
				}
				f := p.near.Close()
				if !stream.TimerPending(p.near) {
					p.t.Error("a close has no timer")
				}
				end(p)
				if _, err := loop.Await(p.co, f); errors.Is(err, loop.ErrPending) {
					p.t.Error(err)
				}
				if stream.TimerPending(p.near) {
					p.t.Error("the timer was left behind")
				}
			})
		})
	}
	for name, before := range map[string]func(p *pair){
		"broken":  func(p *pair) { p.far.Abort(); p.until("", p.near.Closed) },
		"aborted": func(p *pair) { p.near.Abort() },
		"ended":   func(p *pair) { p.far.Close(); p.until("", p.near.EOF) },
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				before(p)
				if f := p.near.Close(); !f.Done() {
					p.t.Error("there is nothing to wait for")
				}
				if stream.TimerPending(p.near) {
					p.t.Error("the timer was left behind")
				}
			})
		})
	}
}
