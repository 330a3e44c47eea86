package stream_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// What streams stand on keeps the contract: sockets on each backend, and TLS over them,
// over a pipe, and over a network in memory that is slow and takes and gives little.
func TestTransports(t *testing.T) {
	looptest.NoLeaks(t)
	memory := func(f looptest.Faults) func(co *loop.Co) (a, b stream.Transport, err error) {
		return func(co *loop.Co) (a, b stream.Transport, err error) {
			return transportPair(co, &looptest.Network{Faults: f}, "tcp", "127.0.0.1:0")
		}
	}
	slow := looptest.Faults{Delay: looptest.Span{Max: 50 * time.Millisecond}, ShortReads: 0.3, ShortWrites: 0.3}
	for name, tr := range map[string]looptest.Transports{
		"TLS/memory": {Pair: overTLS(memory(looptest.Faults{}))},
		"TLS/faults": {Pair: overTLS(memory(slow))},
		"TLS/pipe": {Pair: overTLS(func(*loop.Co) (a, b stream.Transport, err error) {
			a, b = looptest.Pipe(1000)
			return a, b, nil
		})},
	} {
		t.Run(name, func(t *testing.T) { looptest.TestTransport(t, tr) })
	}
	for _, s := range sites() {
		if s.memory() {
			continue
		}
		tcp := func(co *loop.Co) (a, b stream.Transport, err error) {
			return transportPair(co, stream.System{}, "tcp", "127.0.0.1:0")
		}
		path := filepath.Join(t.TempDir(), "s")
		unix := func(co *loop.Co) (a, b stream.Transport, err error) {
			return transportPair(co, stream.System{}, "unix", path)
		}
		onLoop := func(t testing.TB) *loop.Loop { return s.loop(t) }
		for name, tr := range map[string]looptest.Transports{
			s.name:                     {Pair: tcp, Loop: onLoop},
			"TLS/" + s.name:            {Pair: overTLS(tcp), Loop: onLoop},
			"unix/" + s.poller:         {Pair: unix, Loop: onLoop, NoReset: true},
			"TLS/unix/" + s.poller:     {Pair: overTLS(unix), Loop: onLoop, NoReset: true},
			"TLS/TLS/unix/" + s.poller: {Pair: overTLS(overTLS(unix)), Loop: onLoop, NoReset: true},
		} {
			t.Run(name, func(t *testing.T) { looptest.TestTransport(t, tr) })
		}
	}
}

// transportPair makes a connection of a network.
func transportPair(co *loop.Co, n stream.Network, network, address string) (a, b stream.Transport, err error) {
	ln, err := n.Listen(co.Loop(), network, address)
	if err != nil {
		return nil, nil, err
	}
	defer ln.Close()
	accepted := loop.NewPromise[stream.Transport](co.Loop())
	if err := ln.Accept(accepted.Set); err != nil {
		return nil, nil, err
	}
	if a, err = n.Dial(co, network, ln.Addr().String()); err != nil {
		return nil, nil, err
	}
	b, err = loop.Await(co, accepted.Future())
	return a, b, err
}

// overTLS is a pair with TLS on top.
func overTLS(pair func(co *loop.Co) (a, b stream.Transport, err error)) func(co *loop.Co) (a, b stream.Transport, err error) {
	return func(co *loop.Co) (stream.Transport, stream.Transport, error) {
		a, b, err := pair(co)
		if err != nil {
			return nil, nil, err
		}
		client, err := stream.New(co.Loop(), a)
		if err != nil {
			return nil, nil, err
		}
		server, err := stream.New(co.Loop(), b)
		if err != nil {
			return nil, nil, err
		}
		ends := usual()
		_, err = loop.Await(co, loop.All(co.Loop(), client.StartTLS(ends.client), server.StartTLS(ends.server)))
		return stream.TransportOf(client), stream.TransportOf(server), err
	}
}
