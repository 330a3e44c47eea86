package websocket

import (
	"runtime"
	"testing"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// An echoed is a server in memory that echoes, and a client's end that only counts.
type echoed struct {
	l     *loop.Loop
	conn  *Conn
	peer  *stream.Stream
	frame []byte
	got   int
}

func (e *echoed) Consume(p []byte) int {
	if e.got += len(p); e.got >= 66 {
		e.l.Stop()
	}
	return len(p)
}

func (e *echoed) Ended(error) { e.l.Stop() }

func newEchoed(t testing.TB, on func(e *echoed)) *echoed {
	l, err := loop.New(&loop.Options{Poller: "chan"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	e := &echoed{l: l, frame: appendFrame(nil, wswire.Header{Fin: true, Opcode: wswire.Binary, Masked: true, Key: 0x01020304, Length: 64}, make([]byte, 64))}
	a, b := looptest.Pipe(0)
	s, err := stream.New(l, a)
	if err != nil {
		t.Fatal(err)
	}
	if e.peer, err = stream.New(l, b); err != nil {
		t.Fatal(err)
	}
	e.conn = NewConn(s, true, "", nil)
	e.peer.SetConsumer(e)
	on(e)
	return e
}

func (e *echoed) round() {
	e.got = 0
	e.peer.Write(e.frame)
	_ = e.l.Run()
}

var echoes = map[string]func(e *echoed){
	"OnMessage": func(e *echoed) { echo(e.conn) },
	"Read": func(e *echoed) {
		loop.Go(e.l, func(co *loop.Co) (struct{}, error) {
			for m, err := range e.conn.Messages(co) {
				if err == nil {
					err = e.conn.Write(co, m.Type, m.Data)
				}
				if err != nil {
					return struct{}{}, err
				}
			}
			return struct{}{}, nil
		})
	},
}

// TestEchoAllocates what a message needs on top of its transport: itself, and the coroutine or
// the future that waits for it. (The race detector adds up to three.)
func TestEchoAllocates(t *testing.T) {
	bare := newEchoed(t, func(e *echoed) { e.conn.s.SetConsumer(reflecting{e.conn.s}) })
	bare.round()
	transport := testing.AllocsPerRun(1000, bare.round)
	for name, on := range echoes {
		e := newEchoed(t, on)
		e.round()
		if n := testing.AllocsPerRun(1000, e.round) - transport; n > 5 {
			t.Errorf("%s: %v allocations for an echo", name, n)
		}
	}
}

// reflecting gives back what comes, as it is.
type reflecting struct{ s *stream.Stream }

func (r reflecting) Consume(p []byte) int {
	r.s.Write(p)
	return len(p)
}

func (reflecting) Ended(error) {}

func BenchmarkEcho(b *testing.B) {
	for name, on := range echoes {
		b.Run(name, func(b *testing.B) {
			e := newEchoed(b, on)
			b.ReportAllocs()
			for b.Loop() {
				e.round()
			}
		})
	}
}

// BenchmarkIdle is what a connection holds that has echoed a message, with its stream and its
// transport in memory at this end; its peer's are not counted.
func BenchmarkIdle(b *testing.B) {
	const many = 20_000
	for name, change := range map[string]func(*settings){
		"plain": func(*settings) {},
		"compressed": func(s *settings) {
			*s = s.deflated(wswire.Deflate{ServerNoTakeover: true, ClientNoTakeover: true}, &Compression{})
		},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				l, err := loop.New(&loop.Options{Poller: "chan"})
				if err != nil {
					b.Fatal(err)
				}
				sinks := make([]*sink, many)
				conns := make([]*Conn, many)
				for i := range sinks {
					sinks[i] = &sink{}
				}
				before := live()
				for i := range conns {
					s, err := stream.New(l, sinks[i])
					if err != nil {
						b.Fatal(err)
					}
					set := (&Options{}).settings(l, true)
					change(&set)
					conns[i] = newConn(s, set)
					echo(conns[i])
				}
				b.ReportMetric(float64(live()-before)/many, "B/conn")
				runtime.KeepAlive(conns)
				l.Close()
			}
		})
	}
}

// sink is a transport on which nothing comes.
type sink struct{ stream.Transport }

func (*sink) Start(*loop.Loop, loop.Handler) error { return nil }
func (*sink) Want(loop.Events) error               { return nil }
func (*sink) Read([]byte) (int, error)             { return 0, stream.ErrAgain }
func (*sink) Write(p []byte) (int, error)          { return len(p), nil }
func (*sink) Close(bool) error                     { return nil }

func live() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// A scripted transport brings the same frame whenever it is ready, and counts what is written.
type scripted struct {
	sink
	h     loop.Handler
	frame []byte
	sent  *int
}

func (s *scripted) Start(_ *loop.Loop, h loop.Handler) error { s.h = h; return nil }
func (s *scripted) Read(p []byte) (int, error)               { return copy(p, s.frame), nil }
func (s *scripted) Write(p []byte) (int, error)              { *s.sent++; return len(p), nil }

// BenchmarkCrowd is an echo of one of 64 connections that are all ready at once, without what
// the system takes for it.
func BenchmarkCrowd(b *testing.B) {
	const many = 64
	for name, on := range echoes {
		b.Run(name, func(b *testing.B) {
			l, err := loop.New(&loop.Options{Poller: "chan"})
			if err != nil {
				b.Fatal(err)
			}
			defer l.Close()
			frame := appendFrame(nil, wswire.Header{Fin: true, Opcode: wswire.Binary, Masked: true, Key: 0x01020304, Length: 64}, make([]byte, 64))
			sent := 0
			all := make([]*scripted, many)
			for i := range all {
				all[i] = &scripted{frame: frame, sent: &sent}
				s, err := stream.New(l, all[i])
				if err != nil {
					b.Fatal(err)
				}
				on(&echoed{l: l, conn: NewConn(s, true, "", nil)})
			}
			b.ReportAllocs()
			left := 0
			var round func()
			round = func() {
				if left -= many; left <= 0 {
					l.Stop()
					return
				}
				for _, t := range all {
					t.h.Ready(loop.Readable)
				}
				l.Call(func() { l.Call(round) }) // when they have answered
			}
			left = b.N + many
			l.Call(round)
			b.ResetTimer()
			_ = l.Run()
			b.StopTimer()
			if sent < b.N-many {
				b.Errorf("%d of %d were answered", sent, b.N)
			}
		})
	}
}
