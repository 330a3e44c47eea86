// Command storm is a simulation: ten thousand clients hold a connection each to one
// server, which restarts once an hour, for a day. Clients that lose it come back with
// growing, jittered pauses. Server, clients and streams are the real ones; only the
// network and the time are made up, so a day takes seconds, and the same seed gives the
// same day.
package main

import (
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

func main() {
	var w world
	flag.IntVar(&w.clients, "clients", 10_000, "how many clients there are")
	flag.DurationVar(&w.length, "length", 24*time.Hour, "how long the simulation lasts, in its own time")
	flag.DurationVar(&w.uptime, "uptime", time.Hour, "how long the server runs between restarts")
	flag.DurationVar(&w.downtime, "downtime", 10*time.Second, "how long a restart takes")
	flag.DurationVar(&w.heartbeat, "heartbeat", 10*time.Minute, "how often a client sends something")
	flag.Uint64Var(&w.seed, "seed", 0, "the seed (default: another one each time)")
	flag.Parse()
	if flag.NArg() > 0 || w.clients < 1 || w.length <= 0 || w.uptime <= 0 || w.downtime < 0 || w.heartbeat <= 0 {
		flag.Usage()
		os.Exit(2)
	}
	if w.seed == 0 {
		w.seed = 1 + rand.Uint64N(1<<32)
	}
	began := time.Now()
	if err := w.simulate(); err != nil {
		fmt.Fprintln(os.Stderr, "storm:", err)
		os.Exit(1)
	}
	w.report(os.Stdout)
	fmt.Printf("wall time            %v\n", time.Since(began).Round(time.Millisecond))
}

// A world is one simulation. All of it belongs to its loop.
type world struct {
	clients                             int
	length, uptime, downtime, heartbeat time.Duration
	seed                                uint64

	net      looptest.Network
	connects int // that succeeded
	failures int // attempts that did not
	lost     int // connections
	beats    int // heartbeats that were answered
	restarts int
	outage   time.Duration // the longest that one client was without a connection
	now      int           // connected at the end
}

// simulate runs the world on a loop with virtual time.
func (w *world) simulate() error {
	l, err := loop.New(&loop.Options{Poller: "chan", Clock: looptest.NewClock(), Seed: w.seed})
	if err != nil {
		return err
	}
	defer l.Close()
	_, err = loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		co, cancel := co.WithTimeout(w.length)
		defer cancel()
		return struct{}{}, loop.WithGroup(co, func(g *loop.Group) error {
			g.Go(func(co *loop.Co) error { return ended(co, w.serve(co)) })
			for range w.clients {
				g.Go(func(co *loop.Co) error { return ended(co, w.client(co)) })
			}
			return nil
		})
	})
	return err
}

// ended makes no error of the end of the simulation.
func ended(co *loop.Co, err error) error {
	if co.Err() != nil {
		return nil
	}
	return err
}

func (w *world) report(out io.Writer) {
	fmt.Fprintf(out, "seed                 %d\n", w.seed)
	fmt.Fprintf(out, "simulated            %v, %d clients, %d restarts\n", w.length, w.clients, w.restarts)
	fmt.Fprintf(out, "connects             %d\n", w.connects)
	fmt.Fprintf(out, "failed attempts      %d\n", w.failures)
	fmt.Fprintf(out, "lost connections     %d\n", w.lost)
	fmt.Fprintf(out, "heartbeats answered  %d\n", w.beats)
	fmt.Fprintf(out, "longest outage       %v\n", w.outage)
	fmt.Fprintf(out, "connected at the end %d\n", w.now)
}
