package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/sock"
)

// A server is its loops. The first one accepts for all.
type server struct {
	loops []*echoLoop
	done  sync.WaitGroup
}

// listen opens everything; start begins to serve.
func listen(addr, name string, loops int) (*server, error) {
	if loops < 1 {
		return nil, fmt.Errorf("%d loops", loops)
	}
	w, err := findWay(name)
	if err != nil {
		return nil, err
	}
	s := &server{}
	for range loops {
		p, err := poll.New(w.backend)
		if err != nil {
			return nil, err
		}
		s.loops = append(s.loops, &echoLoop{
			sleeper:  sleeper{poller: p, events: make([]poll.Event, batchEvents), start: time.Now()},
			wait:     w.wait,
			listener: -1,
			owned:    map[int]struct{}{},
		})
	}
	l := s.loops[0]
	l.peers = s.loops
	fds, err := sock.Listen("tcp", addr, sock.Options{})
	if err != nil {
		return nil, err
	}
	l.listener = fds[0]
	return s, l.watch(l.listener)
}

func (s *server) start() {
	for _, l := range s.loops {
		s.done.Go(func() { l.err = l.run() })
	}
}

// close ends the loops, waits for them and returns their errors.
func (s *server) close() error {
	var all []error
	for _, l := range s.loops {
		l.stopping.Store(true)
		l.poller.Wake()
	}
	s.done.Wait()
	for _, l := range s.loops {
		all = append(all, l.err, l.poller.Close())
	}
	return errors.Join(all...)
}
