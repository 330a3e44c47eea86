package stream_test

import (
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
