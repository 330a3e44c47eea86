package stream_test

import (
	"errors"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// idleTLS is how many connections the benchmark has open.
const idleTLS = 200

// What the server's end of an idle TLS connection holds after one exchange of 64 bytes,
// on the heap and on stacks, in B/conn. The bar is 7.5 KB; the client's end, of about
// 200 B, is counted in. An operation is all the
// connections, so it wants -benchtime=1x.
func BenchmarkIdleTLS(b *testing.B) {
	for range b.N {
		held, err := measureIdleTLS()
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(float64(held), "B/conn")
	}
}

func measureIdleTLS() (perServer int64, err error) {
	l, err := loop.New(nil)
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return loop.RunSync(l, func(co *loop.Co) (int64, error) {
		var open []*stream.Stream
		defer func() {
			for _, s := range open {
				s.Abort()
			}
		}()
		var before int64
		e := usual() // a server has one, too
		for i := range idleTLS + 1 {
			near, far, err := idlePair(co, e)
			if err != nil {
				return 0, err
			}
			open = append(open, near, far)
			if i == 0 { // it made what all of them share
				before = inUse()
			}
		}
		return (inUse() - before) / idleTLS, nil
	})
}

// idlePair is a connection on which 64 bytes have been echoed. Its client is taken
// apart, so that what that held for TLS is garbage.
func idlePair(co *loop.Co, e tlsEnds) (near, far *stream.Stream, err error) {
	ln, err := stream.System{}.Listen(co.Loop(), "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	if near, far, err = connect(co, stream.System{}, ln); err != nil {
		return nil, nil, err
	}
	c, s := near.StartTLS(e.client), far.StartTLS(e.server)
	_, err1 := loop.Await(co, c)
	_, err2 := loop.Await(co, s)
	if err := errors.Join(err1, err2); err != nil {
		return nil, nil, err
	}
	near.Write(make([]byte, 64))
	got, err := loop.Await(co, far.ReadFull(64))
	if err != nil {
		return nil, nil, err
	}
	far.Write(got)
	if _, err := loop.Await(co, near.ReadFull(64)); err != nil {
		return nil, nil, err
	}
	return near, far, stream.StripTLS(near)
}

// 64 bytes there and back over TLS, in memory: both ends' work.
func BenchmarkTLSEcho(b *testing.B) {
	b.ReportAllocs()
	l, err := loop.New(nil)
	if err != nil {
		b.Fatal(err)
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
		echo.take = func(p []byte) int { far.Write(p); echo.text, echo.seen = nil, nil; return len(p) }
		far.SetConsumer(echo)
		message := make([]byte, 64)
		for range b.N {
			near.Write(message)
			if _, err := loop.Await(co, near.ReadFull(64)); err != nil {
				return struct{}{}, err
			}
		}
		return struct{}{}, nil
	}); err != nil {
		b.Fatal(err)
	}
}
