package http1_test

import (
	"bytes"
	"io"
	"math"
	"net/http"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// counter is a client's end that only counts, and stops the loop when it has all.
type counter struct {
	l    *loop.Loop
	n    int
	want int
}

func (c *counter) Consume(p []byte) int {
	if c.n += len(p); c.n >= c.want {
		c.l.Stop()
	}
	return len(p)
}

func (c *counter) Ended(error) { c.l.Stop() }

// helloHandlers are the same answer, native and not.
var helloHandlers = map[string]http1.Handler{
	"native": site["/"],
	"std": http1.Std(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain")
		io.WriteString(w, "hello")
	})),
}

// A bench is a loop without checks, a network in memory, and what listens there.
type bench struct {
	t       testing.TB
	l       *loop.Loop
	network *looptest.Network
}

func newBench(t testing.TB) *bench {
	l, err := loop.New(&loop.Options{Poller: "chan"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return &bench{t, l, &looptest.Network{}}
}

// roundTrip returns a function that has inFlight requests, sent at once, answered by h.
func roundTrip(t testing.TB, h http1.Handler, inFlight int) (run func()) {
	b := newBench(t)
	srv := &http1.Server{Handler: h, Network: b.network}
	if _, err := srv.Listen(b.l, address); err != nil {
		t.Fatal(err)
	}
	return b.client(inFlight)
}

// packetRoundTrip is roundTrip without HTTP: every packet is answered by another.
func packetRoundTrip(t testing.TB) (run func()) {
	b := newBench(t)
	ln, err := b.network.Listen(b.l, "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if err := ln.Accept(func(tr stream.Transport) {
		s, err := stream.New(b.l, tr)
		if err != nil {
			t.Error(err)
			return
		}
		s.SetConsumer(&answerer{s, []byte(wire(hello))})
	}); err != nil {
		t.Fatal(err)
	}
	return b.client(1)
}

type answerer struct {
	s      *stream.Stream
	answer []byte
}

func (a *answerer) Consume(p []byte) int {
	a.s.Write(a.answer)
	return len(p)
}

func (a *answerer) Ended(error) {}

// client returns a function that sends requests at once and waits for the answers.
func (b *bench) client(inFlight int) (run func()) {
	s, err := loop.RunSync(b.l, func(co *loop.Co) (*stream.Stream, error) {
		return stream.Dial(co, b.network, "tcp", address)
	})
	if err != nil {
		b.t.Fatal(err)
	}
	got := &counter{l: b.l, want: 1}
	s.SetConsumer(got)
	one := []byte(wire("GET / HTTP/1.1|Host: localhost|User-Agent: bench|Accept: */*||"))
	var request []byte
	run = func() {
		got.n = 0
		s.Write(request)
		if err := b.l.Run(); err != nil {
			b.t.Fatal(err)
		}
	}
	request = one
	run()
	got.want = got.n * inFlight
	request = bytes.Repeat(one, inFlight)
	return run
}

func BenchmarkHello(b *testing.B) {
	for _, name := range []string{"native", "std"} {
		b.Run(name, func(b *testing.B) {
			run := roundTrip(b, helloHandlers[name], 1)
			b.ReportAllocs()
			for b.Loop() {
				run()
			}
		})
	}
}

// BenchmarkPipelined has sixteen requests in flight; an operation is all of them.
func BenchmarkPipelined(b *testing.B) {
	run := roundTrip(b, helloHandlers["native"], 16)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
}

// TestAllocations bounds what a request costs on top of its transport: the head's
// string, the exchange and the coroutine.
func TestAllocations(t *testing.T) {
	transport := testing.AllocsPerRun(100, packetRoundTrip(t))
	for name, most := range map[string]float64{"native": 3, "std": 15} {
		run := roundTrip(t, helloHandlers[name], 1)
		n := math.Inf(1)
		for range 5 { // the race detector has pools forget things
			n = min(n, testing.AllocsPerRun(100, run)-transport)
		}
		if n > most {
			t.Errorf("%s: %v allocations, want at most %v", name, n, most)
		}
	}
}
