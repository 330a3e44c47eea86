package main

import (
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	address = "10.0.0.1:7000"
	// A client pauses a second after its first failure, twice as long after each
	// further one, and never longer than half a minute.
	minPause, maxPause = time.Second, 30 * time.Second
)

// client keeps a connection until the simulation ends.
func (w *world) client(co *loop.Co) error {
	alone := co.Loop().Now() // since when
	pause := minPause
	for {
		s, err := stream.Dial(co, &w.net, "tcp", address)
		switch {
		case err == nil:
			w.connects++
			w.outage = max(w.outage, co.Loop().Now().Sub(alone))
			pause = minPause
			w.now++
			err = w.stay(co, s)
			if co.Err() != nil {
				s.Abort()
				return err
			}
			w.now--
			w.lost++
			alone = co.Loop().Now()
		case co.Err() != nil:
			return err
		default:
			w.failures++
		}
		if err := loop.Sleep(co, jittered(co, pause)); err != nil {
			return err
		}
		pause = min(2*pause, maxPause)
	}
}

// jittered is between half of d and d, so that those who have failed together do not
// come back together.
func jittered(co *loop.Co, d time.Duration) time.Duration {
	return d/2 + time.Duration(co.Loop().Rand().Int64N(int64(d/2)))
}

// stay sends a heartbeat now and then, and returns when the connection is lost.
func (w *world) stay(co *loop.Co, s *stream.Stream) error {
	defer s.Abort()
	next := co.Loop().Now().Add(jittered(co, w.heartbeat))
	for {
		line, err := w.hear(co, s, next)
		switch {
		case err == nil && line != nil:
			w.beats++
			continue
		case err != nil:
			return err
		}
		if _, err := loop.Await(co, s.Write([]byte("still there\n"))); err != nil {
			return err
		}
		next = next.Add(w.heartbeat)
	}
}

// hear is the next line from the server, or nil when it is time for a heartbeat.
func (w *world) hear(co *loop.Co, s *stream.Stream, until time.Time) ([]byte, error) {
	scope, done := co.WithTimeout(until.Sub(co.Loop().Now()))
	defer done()
	line, err := loop.Await(scope, s.ReadUntil("\n", 100))
	if err != nil && scope.Err() != nil && co.Err() == nil && !s.Closed() {
		return nil, nil
	}
	return line, err
}
