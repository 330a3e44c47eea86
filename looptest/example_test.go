package looptest_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// On this network each piece is up to a second on its way, and one connection in three
// is broken off. A test leaves the loop to Run or Explore.
func ExampleNetwork() {
	n := &looptest.Network{
		Faults: looptest.Faults{Delay: looptest.Span{Min: 100 * time.Millisecond, Max: time.Second}},
	}
	conns := 0
	n.OnConnect = func(c *looptest.Conn) {
		if conns++; conns%3 == 0 {
			c.Faults.ResetAfter = 1
		}
	}
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock(), Seed: 1})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		srv := &stream.Server{Network: n, Handler: func(co *loop.Co, s *stream.Stream) error {
			_, err := loop.Await(co, s.Write([]byte("hello")))
			return err
		}}
		if _, err := srv.Listen(l, "tcp", "10.0.0.1:7"); err != nil {
			return struct{}{}, err
		}
		for range 3 {
			s, err := stream.Dial(co, n.Host("10.0.0.2"), "tcp", "10.0.0.1:7")
			if err != nil {
				return struct{}{}, err
			}
			start := l.Now()
			got, err := loop.Await(co, s.ReadUntilClose(100))
			d := l.Now().Sub(start)
			fmt.Printf("%q, %v, at once: %v\n", got, err, d < 100*time.Millisecond)
			s.Abort()
		}
		return struct{}{}, srv.Close()
	})
	if err != nil {
		panic(err)
	}
	// Output:
	// "hello", <nil>, at once: false
	// "hello", <nil>, at once: false
	// "", connection reset by peer, at once: true
}

// Machines that are cut off from each other hear of each other when the cut is healed.
func ExampleNetwork_Partition() {
	n := &looptest.Network{}
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock()})
	if err != nil {
		panic(err)
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		ln, err := n.Host("10.0.0.1").Listen(l, "tcp", ":7")
		if err != nil {
			return struct{}{}, err
		}
		defer ln.Close()
		start := l.Now()
		n.Partition("10.0.0.1")
		l.After(time.Minute, n.Heal)
		s, err := stream.Dial(co, n.Host("10.0.0.2"), "tcp", "10.0.0.1:7")
		if err != nil {
			return struct{}{}, err
		}
		fmt.Println("connected after", l.Now().Sub(start))
		s.Abort()
		return struct{}{}, nil
	})
	if err != nil {
		panic(err)
	}
	// Output: connected after 1m0s
}

// A transport of one's own, here one that counts, is tested on what it stands on.
func ExampleTestTransport() {
	test := func(t *testing.T) { // in a test file: func TestCounting
		looptest.TestTransport(t, looptest.Transports{
			Pair: func(*loop.Co) (a, b stream.Transport, err error) {
				a, b = looptest.Pipe(1000)
				return &counting{Transport: a}, &counting{Transport: b}, nil
			},
		})
	}
	_ = test
}

type counting struct {
	stream.Transport
	read int
}

func (c *counting) Read(p []byte) (int, error) {
	n, err := c.Transport.Read(p)
	c.read += n
	return n, err
}
