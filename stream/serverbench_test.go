package stream_test

import (
	"runtime"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// An idleSite is what is measured: where it listens, how many connections it has, and
// how they end.
type idleSite struct {
	addr  string
	conns func() int
	end   func() error
}

// BenchmarkServerIdle measures what an idle connection costs in heap and stacks, on
// the server's side and without the kernel's, in the two ways to serve.
func BenchmarkServerIdle(b *testing.B) {
	for name, srv := range map[string]*stream.Server{
		"Handler": {Handler: echoLines},
		"Accept":  {Accept: func(s *stream.Stream) { s.SetConsumer(&counter{s: s}) }},
	} {
		b.Run(name, func(b *testing.B) {
			idleConns(b, func(l *loop.Loop) (idleSite, error) {
				addr, err := srv.Listen(l, "tcp", "127.0.0.1:0")
				if err != nil {
					return idleSite{}, err
				}
				none := func() error { return nil } // connections end with their clients
				return idleSite{addr.String(), func() int { return srv.Stats().Conns }, none}, nil
			})
			_ = srv.Close()
		})
	}
}

// BenchmarkBareIdle is the same for streams that no Server looks after.
func BenchmarkBareIdle(b *testing.B) {
	idleConns(b, func(l *loop.Loop) (idleSite, error) {
		ln, err := stream.System{}.Listen(l, "tcp", "127.0.0.1:0")
		if err != nil {
			return idleSite{}, err
		}
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
		return idleSite{ln.Addr().String(), func() int { return len(served) }, func() error {
			for _, s := range served {
				s.Abort()
			}
			served = nil
			return ln.Close()
		}}, err
	})
}

func idleConns(b *testing.B, listen func(l *loop.Loop) (idleSite, error)) {
	const n = 2000
	l, err := loop.New(nil)
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	for b.Loop() {
		if _, err := loop.RunSync(l, func(co *loop.Co) (int, error) {
			before := inUse()
			site, err := listen(l)
			if err != nil {
				return 0, err
			}
			dialled := make([]stream.Transport, n) // not streams: those would count too
			for i := range dialled {
				if dialled[i], err = (stream.System{}).Dial(co, "tcp", site.addr); err != nil {
					return 0, err
				}
			}
			for site.conns() < n {
				if err := loop.Yield(co); err != nil {
					return 0, err
				}
			}
			b.ReportMetric(float64(inUse()-before)/n-float64(stream.SizeofSocket), "B/conn")
			for _, t := range dialled {
				_ = t.Close(true)
			}
			if err := site.end(); err != nil {
				return 0, err
			}
			for site.conns() > 0 {
				if err := loop.Yield(co); err != nil {
					return 0, err
				}
			}
			return 0, nil
		}); err != nil {
			b.Fatal(err)
		}
	}
}

// inUse is the heap and stacks that are left when the collector has looked twice: the
// first time around, pools keep their garbage.
func inUse() int64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}
