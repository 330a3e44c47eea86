package stream_test

import (
	"runtime"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// BenchmarkServerIdle measures what an idle connection costs in heap and stacks, on
// the server's side and without the kernel's, in the two ways to serve.
func BenchmarkServerIdle(b *testing.B) {
	for name, srv := range map[string]*stream.Server{
		"Handler": {Handler: echoLines},
		"Accept":  {Accept: func(s *stream.Stream) { s.SetConsumer(&counter{s: s}) }},
	} {
		b.Run(name, func(b *testing.B) { idleConns(b, srv) })
	}
}

func idleConns(b *testing.B, srv *stream.Server) {
	const n = 2000
	l, err := loop.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		if _, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
			before := inUse()
			addr, err := srv.Listen(l, "tcp", "127.0.0.1:0")
			if err != nil {
				return 0, err
			}
			dialled := make([]stream.Transport, n) // not streams: those would count too
			for i := range dialled {
				if dialled[i], err = (stream.System{}).Dial(co, "tcp", addr.String()); err != nil {
					return 0, err
				}
			}
			for srv.Stats().Conns < n {
				if err := loop.Yield(co); err != nil {
					return 0, err
				}
			}
			b.ReportMetric(float64(inUse()-before)/n-float64(stream.SizeofSocket), "B/conn")
			for _, t := range dialled {
				_ = t.Close(true)
			}
			for srv.Stats().Conns > 0 {
				if err := loop.Yield(co); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}); err != nil {
			b.Fatal(err)
		}
	}
	_ = srv.Close()
}

func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// BenchmarkBareIdle is the same for streams that no Server looks after.
func BenchmarkBareIdle(b *testing.B) {
	const n = 2000
	l, err := loop.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		if _, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
			before := inUse()
			ln, err := stream.System{}.Listen(l, "tcp", "127.0.0.1:0")
			if err != nil {
				return 0, err
			}
			defer ln.Close()
			var served []*stream.Stream
			err = ln.Accept(func(t stream.Transport) {
				s, err := stream.New(l, t)
				if err != nil {
					b.Error(err)
					return
				}
				s.SetConsumer(&counter{s: s})
				served = append(served, s)
			})
			if err != nil {
				return 0, err
			}
			dialled := make([]stream.Transport, n)
			for i := range dialled {
				if dialled[i], err = (stream.System{}).Dial(co, "tcp", ln.Addr().String()); err != nil {
					return 0, err
				}
			}
			for len(served) < n {
				if err := loop.Yield(co); err != nil {
					return 0, err
				}
			}
			b.ReportMetric(float64(inUse()-before)/n-float64(stream.SizeofSocket), "B/conn")
			for i := range dialled {
				_ = dialled[i].Close(true)
				served[i].Abort()
			}
			return 0, nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}
