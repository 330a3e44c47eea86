//go:build unix

package stream_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// spread counts the connections of each loop.
type spread struct {
	mu sync.Mutex
	on map[*loop.Loop]int
}

func (sp *spread) serve(co *loop.Co, s *stream.Stream) error {
	if s.Loop() != co.Loop() {
		return errors.New("the handler is on another loop than its stream")
	}
	sp.mu.Lock()
	if sp.on == nil {
		sp.on = map[*loop.Loop]int{}
	}
	sp.on[s.Loop()]++
	sp.mu.Unlock()
	return echoLines(co, s)
}

func (sp *spread) counts() (n []int) {
	sp.mu.Lock()
	defer sp.mu.Unlock()
	for _, c := range sp.on {
		n = append(n, c)
	}
	return n
}

// greet connects n clients, each of which is answered.
func (p *pair) greet(addr string, n int) (all []*stream.Stream) {
	p.t.Helper()
	for i := range n {
		s := p.call(addr)
		line := fmt.Sprintf("client %d\n", i)
		s.Write([]byte(line))
		p.gets(s.ReadUntil("\n", 100), line)
		all = append(all, s)
	}
	return all
}

// Connections go to the loop that has the fewest, and stay there. Shutdown ends the
// server's loops too.
func TestServerLoops(t *testing.T) {
	onSockets(t, func(p *pair) {
		var sp spread
		srv := &stream.Server{Handler: sp.serve, Loops: 3, MaxConns: 9}
		addr := p.serve(srv)
		all := p.greet(addr, 9)
		if n := sp.counts(); len(n) != 3 || n[0] != 3 || n[1] != 3 || n[2] != 3 {
			p.t.Errorf("the loops have %v", n)
		}
		waiting := p.call(addr)
		waiting.Write([]byte("more\n"))
		all[4].Close() // on another loop than the one that accepts
		p.gets(waiting.ReadUntil("\n", 10), "more\n")
		if st := srv.Stats(); st.Conns != 9 || st.Accepted != 10 || st.Full != 2 {
			p.t.Errorf("the counts are %+v", st)
		}
		down := p.shutdown(srv)
		for _, s := range append(all, waiting) {
			if s != all[4] {
				p.refuses(s.ReadSome(1), io.EOF)
				s.Close()
			}
		}
		p.does(down)
	})
}

// With ReusePort each loop of the server accepts for itself.
func TestServerReusePort(t *testing.T) {
	onSockets(t, func(p *pair) {
		var sp spread
		srv := &stream.Server{Handler: sp.serve, Network: stream.System{ReusePort: true}, Loops: 2, MaxConns: 20}
		addr := p.serve(srv)
		p.does(p.off(func() error { return stream.AwaitListening(srv) }))
		all := p.greet(addr, 20)
		if n := sp.counts(); len(n) == 0 || len(n) > 2 {
			p.t.Errorf("the loops have %v", n)
		}
		var more []*stream.Stream
		for range 5 { // wherever they wait: in a backlog, or in the hands of a loop that found out late
			s := p.call(addr)
			s.Write([]byte("more\n"))
			more = append(more, s)
		}
		for i := range more {
			all[i].Close()
		}
		for _, s := range more {
			p.gets(s.ReadUntil("\n", 10), "more\n")
			if n := srv.Stats().Conns; n > 20 {
				p.t.Errorf("there are %d connections", n)
			}
			s.Close()
		}
		for _, s := range all[len(more):] {
			s.Close()
		}
		p.over(srv)
		p.does(p.shutdown(srv))
		if _, err := p.n.Dial(p.co, "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
			p.t.Errorf("somebody still listens: %v", err)
		}
	})
}

// A pool of the user's lives on after its server, and may have the loop that accepts.
func TestServerPool(t *testing.T) {
	onSockets(t, func(p *pair) {
		pool, err := loop.NewPool(2, &loop.Options{Poller: p.poller})
		if err != nil {
			p.t.Fatal(err)
		}
		defer func() { p.does(p.off(func() error { return pool.Shutdown(context.Background()) })) }()
		var sp spread
		srv := &stream.Server{Handler: sp.serve, Pool: pool}
		addr, err := loop.Await(p.co, loop.Submit(p.co, pool.Loops()[0], func(co *loop.Co) (string, error) {
			a, err := srv.Listen(co.Loop(), "tcp", "127.0.0.1:0")
			if err != nil {
				return "", err
			}
			return a.String(), nil
		}))
		if err != nil {
			p.t.Fatal(err)
		}
		all := p.greet(addr, 6)
		if n := sp.counts(); len(n) != 2 || n[0] != 3 {
			p.t.Errorf("the loops have %v", n)
		}
		_ = srv.Close()
		for _, s := range all {
			p.refuses(s.ReadSome(1), syscall.ECONNRESET)
		}
		p.over(srv)
		if _, err := loop.Await(p.co, loop.Submit(p.co, pool.Loops()[1], func(*loop.Co) (int, error) { return 0, nil })); err != nil {
			p.t.Errorf("the pool has ended: %v", err)
		}
	})
}

// A loop of the pool that is closed loses its connections, and gets no more.
func TestServerPoolLosesLoop(t *testing.T) {
	onSockets(t, func(p *pair) {
		pool, err := loop.NewPool(2, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		defer func() { p.does(p.off(func() error { return pool.Shutdown(context.Background()) })) }()
		var sp spread
		srv := &stream.Server{Handler: sp.serve, Pool: pool}
		addr := p.serve(srv)
		all := p.greet(addr, 4)
		lost := pool.Loops()[0]
		p.does(p.off(func() error { return errors.Join(lost.Close(), wait(lost.Closed())) }))
		p.until("its connections are gone", func() bool { return srv.Stats().Conns == 2 })
		more := p.greet(addr, 3)
		_ = srv.Close()
		p.over(srv)
		for _, s := range append(all, more...) {
			s.Abort()
		}
		p.does(p.shutdown(srv))
	})
}

func wait(c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-time.After(time.Minute):
		return errors.New("waited in vain")
	}
}

// A loop that is closed under a server gives everything back.
func TestServerOnClosedLoop(t *testing.T) {
	for _, s := range sites() {
		for name, srv := range map[string]*stream.Server{
			"handler": {Handler: echoLines},
			"stubborn": {Handler: func(co *loop.Co, s *stream.Stream) error {
				return loop.Shield(co, time.Hour, func(co *loop.Co) error { return loop.Sleep(co, time.Hour) })
			}},
			"accept": {Accept: func(*stream.Stream) {}, MaxConns: 2},
		} {
			if name == "stubborn" && s.poller != "" && s.poller != poll.Names()[0] && !deep() {
				continue // it takes the second for which a loop waits, on any backend
			}
			t.Run(s.name+"/"+name, func(t *testing.T) { closedLoop(t, s, srv) })
		}
	}
}

func closedLoop(t *testing.T, s site, srv *stream.Server) {
	looptest.NoLeaks(t)
	before := openDescriptors()
	l := s.loop(t)
	var clients []*stream.Stream
	_, err := loop.RunSyncTimeout(l, s.patience(), func(co *loop.Co) (int, error) {
		p := &pair{site: s, t: t, co: co, l: l, n: s.network()}
		addr := p.serve(srv)
		for range 3 {
			clients = append(clients, p.call(addr))
		}
		p.until("some are in", func() bool { return srv.Stats().Conns >= 2 })
		return 0, nil
	})
	if err := errors.Join(err, l.Close()); err != nil {
		t.Fatal(err)
	}
	for _, s := range clients {
		s.Abort()
	}
	if after := openDescriptors(); after != before {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
	if n := srv.Stats().Conns; n != 0 {
		t.Errorf("%d connections are still counted", n)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		t.Errorf("Shutdown afterwards: %v", err)
	}
}

// On several loops, each has its own connections.
func TestServerEachLoops(t *testing.T) {
	onSockets(t, func(p *pair) {
		pool, err := loop.NewPool(2, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		defer pool.Close()
		srv := &stream.Server{Handler: echoLines, Pool: pool}
		addr := p.serve(srv)
		for _, c := range p.greet(addr, 6) {
			defer c.Abort()
		}
		for _, l := range pool.Loops() {
			n := 0
			p.does(p.off(func() error {
				_, err := loop.Do(context.Background(), l, func(*loop.Co) (struct{}, error) {
					srv.Each(l, func(s *stream.Stream) {
						if n++; s.Loop() != l {
							p.t.Error("one is on another loop")
						}
					})
					return struct{}{}, nil
				})
				return err
			}))
			if n != 3 {
				p.t.Errorf("one has %d", n)
			}
		}
		srv.Each(p.l, func(*stream.Stream) { p.t.Error("one is where connections are only accepted") })
		_ = srv.Close()
		p.over(srv)
	})
}
