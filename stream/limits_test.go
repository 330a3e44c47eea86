package stream_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// choked is a transport that takes nothing until it is let go.
func choked() *script {
	return &script{write: func([]byte) (int, error) { return 0, stream.ErrAgain }}
}

func TestWriteLimits(t *testing.T) {
	follow(t, choked(), func(p *pair, s *stream.Stream) {
		s.SetWriteLimits(stream.WriteLimits{Queue: 1000, High: 200, Low: 100})
		p.fails(s.Write(make([]byte, 1001)), stream.ErrBufferFull)
		if s.Unsent() != 0 {
			t.Errorf("%d bytes of it were taken", s.Unsent())
		}
		s.Write(make([]byte, 199))
		if !s.Writable().Done() {
			t.Error("below High it is not writable")
		}
		s.Write(make([]byte, 1))
		f := s.Writable()
		if f.Done() {
			t.Error("at High it is writable")
		}
		p.fails(s.Write(make([]byte, 1000-200-2*128+1)), stream.ErrBufferFull)
		p.fails(s.WriteV(make([]byte, 1000-200-2*128), []byte("x")), stream.ErrBufferFull)
		s.Write(make([]byte, 1000-200-2*128))
		s.SetWriteLimits(stream.WriteLimits{High: 1000}) // its Low is above what waits
		if f.Done() {
			t.Error("Writable does not wait for the new mark")
		}
		s.SetWriteLimits(stream.WriteLimits{High: 4 * 744})
		if !f.Done() {
			t.Error("Writable waits for the old mark")
		}
		if msg := panicOf(func() { s.SetWriteLimits(stream.WriteLimits{High: 1, Low: 2}) }); !strings.HasPrefix(msg, "stream: ") {
			t.Errorf("panic %q", msg)
		}
	})
}

// The budget of a loop holds for all its streams together, and what is given back
// counts no more.
func TestLoopBudget(t *testing.T) {
	looptest.NoLeaks(t)
	looptest.Run(t, func(co *loop.Co) error {
		l := co.Loop()
		p := &pair{t: t, co: co, l: l}
		stream.SetLoopBudget(l, 1<<20)
		var all []*stream.Stream
		var trs []*script
		for range 5 {
			tr := choked()
			s, err := stream.New(l, tr)
			if err != nil {
				return err
			}
			defer s.Abort()
			all, trs = append(all, s), append(trs, tr)
		}
		piece := make([]byte, 300<<10)
		for _, s := range all[:3] {
			s.Write(piece)
		}
		if n := stream.LoopUnsent(l); n != 3*(300<<10+128) {
			t.Errorf("%d bytes are counted", n)
		}
		for name, f := range map[string]*loop.Future[struct{}]{
			"one that waits":     all[0].Write(piece),
			"one that is idle":   all[3].Write(piece),
			"the same, together": all[3].WriteV(piece[:10], piece[10:]),
		} {
			if _, err := f.Result(); !errors.Is(err, stream.ErrBufferFull) || !strings.Contains(err.Error(), "of this loop") {
				t.Errorf("%s: %v", name, err)
			}
		}
		all[3].Write(piece[:100<<10]) // it fits

		// Slow peers do not silence the others.
		small := piece[:64<<10]
		p.fails(all[4].Write(small), stream.ErrBufferFull)
		p.fails(all[4].WriteV(small[:1], small[1:]), stream.ErrBufferFull)
		trs[4].write = func(p []byte) (int, error) { return len(p), nil }
		p.does(all[4].Write(small))
		room := 1000
		trs[4].write = func(p []byte) (int, error) {
			n := min(room, len(p))
			room -= n
			if n == 0 {
				return 0, stream.ErrAgain
			}
			return n, nil
		}
		if _, err := all[4].Write(small).Result(); err != loop.ErrPending {
			t.Errorf("a write that went in part: %v", err)
		}
		p.fails(all[4].Write(piece[:1<<10]), stream.ErrBufferFull)

		for _, s := range all {
			s.Abort()
		}
		if n := stream.LoopUnsent(l); n != 0 {
			t.Errorf("%d bytes are still counted", n)
		}
		stream.SetLoopBudget(l, 0) // the default again
		return nil
	})
}

// What a queue keeps is bounded by what waits in it: also when much has gone, and also
// when it is made of many small writes.
func TestQueueMemory(t *testing.T) {
	var room int
	tr := &script{write: func(p []byte) (int, error) {
		n := min(room, len(p))
		room -= n
		if n == 0 {
			return 0, stream.ErrAgain
		}
		return n, nil
	}}
	follow(t, tr, func(p *pair, s *stream.Stream) {
		before := heap()
		s.Write(make([]byte, 15<<20))
		kept := func(what string, most int) {
			t.Helper()
			if n := heap() - before; n > most {
				t.Errorf("%s: %d bytes are kept for %d", what, n, s.Unsent())
			}
		}
		kept("full", 16<<20)
		room = 15<<20 - 1000
		tr.h.Ready(loop.Writable)
		kept("almost empty", 256<<10)
		for range 5_000 { // in a steady flow
			s.Write(make([]byte, 1000))
			room = 1000
			tr.h.Ready(loop.Writable)
		}
		if s.Unsent() != 1000 {
			t.Fatalf("%d bytes wait", s.Unsent())
		}
		kept("flowing", 512<<10)
		s.SetWriteLimits(stream.WriteLimits{Queue: 2 << 20})
		writes := 0
		for ; ; writes++ {
			if f := s.Write([]byte("x")); f.Done() {
				break // full
			}
		}
		kept("one by one", 4<<20)
		room = 16 << 20
		tr.h.Ready(loop.Writable)
		if writes < 10_000 || s.Unsent() != 0 {
			t.Errorf("%d writes, %d bytes are left", writes, s.Unsent())
		}
		kept("empty", 512<<10)
	})
}

func heap() int {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}
