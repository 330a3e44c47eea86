package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// plan is what one comparison measures.
type plan struct {
	kind     kind
	servers  []string
	bars     []bar
	conns    int
	inflight int
	rounds   int
	secs     float64
	warmup   time.Duration
	procs    int // GOMAXPROCS of the servers
	wrk      bool
}

// check says what is wrong with a plan before anything is built or started.
func (p plan) check() error {
	for i, s := range p.servers {
		if _, err := p.kind.subject(s); err != nil {
			return err
		}
		if slices.Contains(p.servers[:i], s) {
			return fmt.Errorf("compare: server %q is named twice", s)
		}
	}
	switch {
	case len(p.servers) == 0:
		return errors.New("compare: no servers")
	case p.conns <= 0 || p.inflight <= 0 || p.rounds <= 0 || p.procs <= 0 || !(p.secs > 0) || p.warmup < 0:
		return errors.New("compare: connections, requests in flight, rounds, seconds and procs must be above 0")
	case p.kind.clients && (p.inflight != 1 || p.procs != 1):
		return errors.New("compare: clients have one request in flight on a connection, and GOMAXPROCS=1")
	case p.wrk && p.kind.name != "hello":
		return errors.New("compare: wrk is asked for hello requests only")
	case p.wrk && p.inflight != 1:
		return errors.New("compare: wrk is asked for one request in flight only")
	}
	return nil
}

// short says that the plan is below what the rule for met asks for.
func (p plan) short() bool { return p.rounds < measure.MinRounds || p.secs < measure.MinSecs }

func (p plan) window() time.Duration { return time.Duration(p.secs * float64(time.Second)) }

// inFlight says how many requests or messages are under way at a time.
func (p plan) inFlight() string {
	if p.kind.name == "broadcast" {
		return fmt.Sprintf("%d messages to all in flight", p.inflight)
	}
	return fmt.Sprintf("%d in flight each", p.inflight)
}

// splitNames splits at commas; the empty string has no names.
func splitNames(s string) []string {
	return strings.FieldsFunc(s, func(r rune) bool { return r == ',' })
}
