package stream_test

import (
	"log/slog"
	"math/rand/v2"
	"testing"

	"github.com/zonda-go/zonda/stream"
)

// A server's books cost a connection its slot and nothing else: its stream is as small as
// one that nobody looks after.
func TestServerConnIsBare(t *testing.T) {
	everywhere(t, func(p *pair) {
		var got *stream.Stream
		srv := &stream.Server{Accept: func(s *stream.Stream) { got = s }}
		addr := p.serve(srv)
		defer srv.Close()
		defer p.call(addr).Abort()
		p.until("it is in", func() bool { return got != nil })
		if held := stream.Held(got); held != nil {
			p.t.Errorf("it holds %v", held)
		}
	})
}

// In whatever order connections come and go, the server knows those that are there: each of
// them is told of Shutdown, once.
func TestServerKnowsWhoIsThere(t *testing.T) {
	withRoom(t, func(p *pair) {
		told := map[*stream.Stream]int{}
		var last *stream.Stream
		srv := &stream.Server{
			Accept: func(s *stream.Stream) { last = s },
			Drain:  func(s *stream.Stream) { told[s]++; s.Abort() },
		}
		addr := p.serve(srv)
		there := map[*stream.Stream]*stream.Stream{} // the server's end to ours
		var order []*stream.Stream
		defer func() {
			for _, s := range there {
				s.Abort()
			}
		}()
		r := rand.New(rand.NewPCG(1, 1))
		for range 200 {
			if n := len(order); n > 0 && r.IntN(3) == 0 {
				i := r.IntN(n)
				s := order[i]
				order[i] = order[n-1]
				order = order[:n-1]
				s.Abort()
				there[s].Abort()
				delete(there, s)
				continue
			}
			last = nil
			c := p.call(addr)
			p.until("it is in", func() bool { return last != nil })
			there[last] = c
			order = append(order, last)
		}
		p.until("who has left is forgotten", func() bool { return srv.Stats().Conns == len(there) })
		p.does(p.shutdown(srv))
		if len(told) != len(there) || len(told) < 20 {
			p.t.Errorf("%d are there, %d were told", len(there), len(told))
		}
		for s, n := range told {
			if there[s] == nil || n != 1 {
				p.t.Errorf("told %d times: %p", n, s)
			}
		}
	})
}

// Each visits the connections of one loop whose handshake is done, and not those that end
// meanwhile.
func TestServerEach(t *testing.T) {
	withRoom(t, func(p *pair) {
		var log logbook
		srv := &stream.Server{
			Accept: func(*stream.Stream) {},
			TLS:    &stream.TLSOptions{Config: serverConfig()},
			Logger: slog.New(&log),
		}
		srv.Each(p.l, func(*stream.Stream) { p.t.Error("there is none before Listen") })
		addr := p.serve(srv)
		defer srv.Close()
		for range 4 {
			c := p.call(addr)
			defer c.Abort()
			p.does(c.StartTLS(usual().client))
		}
		silent := p.call(addr) // its handshake does not begin
		defer silent.Abort()
		there := func() (all []*stream.Stream) {
			srv.Each(p.l, func(s *stream.Stream) { all = append(all, s) })
			return all
		}
		p.until("all are in", func() bool { return srv.Stats().Conns == 5 && len(there()) == 4 })
		all, visited := there(), 0
		srv.Each(p.l, func(s *stream.Stream) {
			visited++
			s.Abort()
			all[3].Abort()
		})
		if visited != 3 || len(there()) != 0 {
			p.t.Errorf("%d were visited, %d are there", visited, len(there()))
		}
		p.until("they have left", func() bool { return srv.Stats().Conns == 1 })
	})
}

// Shutdown waits for what holds it up.
func TestServerHold(t *testing.T) {
	inMemory(t, func(p *pair) {
		srv := &stream.Server{Accept: func(*stream.Stream) {}}
		srv.Hold()() // it does not listen yet
		p.serve(srv)
		release := srv.Hold()
		down := p.shutdown(srv)
		for range 20 {
			if err := p.turn(); err != nil {
				p.t.Fatal(err)
			}
		}
		if down.Done() {
			p.t.Error("it did not wait")
		}
		release()
		p.does(down)
	})
}

func TestConsumerIsKnown(t *testing.T) {
	inMemory(t, func(p *pair) {
		if c := p.far.Consumer(); c != nil {
			p.t.Errorf("before SetConsumer it is %v", c)
		}
		r := newRecorder(p.far, all)
		if c := p.far.Consumer(); c != stream.Consumer(r) {
			p.t.Errorf("it is %v", c)
		}
		p.far.SetConsumer(nil)
		if c := p.far.Consumer(); c != nil {
			p.t.Errorf("taken back it is %v", c)
		}
	})
}
