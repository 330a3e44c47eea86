package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// plan is what is measured: every way under every shape, in every round.
type plan struct {
	ways   []string // the first is what the others are divided by
	shapes []shape
	rounds int
	secs   float64
	warmup time.Duration
}

// A shape is one combination of load and process: a row of the table.
type shape struct {
	procs int // GOMAXPROCS
	loops int
	busy  bool // goroutines that compute run beside the loops
	conns int
}

// others names what runs beside the loops.
func (s shape) others() string {
	if s.busy {
		return "busy"
	}
	return "none"
}

// labels are the candidates by their letters in the issue; the ways themselves
// are in servers/sleepecho.
var labels = map[string]string{
	"block":     "A block",
	"dance":     "B dance",
	"park":      "C park",
	"polite":    "C′ polite",
	"parkdance": "C″ parkdance",
	"parkonly":  "C‴ parkonly",
	"spin":      "D spin",
}

// shapesOf combines lists as the flags give them. A loop needs a connection at
// least, so combinations with fewer are left out.
func shapesOf(procs, loops, others, conns string) ([]shape, error) {
	ps, err1 := numbers("procs", procs)
	ls, err2 := numbers("loops", loops)
	cs, err3 := numbers("conns", conns)
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	var shapes []shape
	for _, p := range ps {
		for _, l := range ls {
			for _, o := range names(others) {
				if o != "none" && o != "busy" {
					return nil, fmt.Errorf("sleep: -others: %q is neither none nor busy", o)
				}
				for _, c := range cs {
					if c >= l {
						shapes = append(shapes, shape{procs: p, loops: l, busy: o == "busy", conns: c})
					}
				}
			}
		}
	}
	return shapes, nil
}

func names(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return r == ',' })
}

func numbers(flag, list string) ([]int, error) {
	var all []int
	for _, item := range names(list) {
		n, err := strconv.Atoi(item)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("sleep: -%s: %q is not a number above 0", flag, item)
		}
		all = append(all, n)
	}
	return all, nil
}

// check says what is wrong with a plan before anything is built or started.
func (p plan) check() error {
	for i, w := range p.ways {
		if labels[w] == "" {
			return fmt.Errorf("sleep: no way %q", w)
		}
		if slices.Contains(p.ways[:i], w) {
			return fmt.Errorf("sleep: way %q is named twice", w)
		}
	}
	switch {
	case len(p.ways) == 0 || len(p.shapes) == 0:
		return errors.New("sleep: nothing to measure")
	case p.rounds <= 0 || !(p.secs > 0) || p.warmup < 0:
		return errors.New("sleep: rounds and seconds must be above 0")
	case p.longest() > time.Hour:
		return fmt.Errorf("sleep: this would take %v; ask for less than an hour", p.longest().Round(time.Minute))
	}
	return nil
}

func (p plan) window() time.Duration { return time.Duration(p.secs * float64(time.Second)) }

// perRun is about what starting, connecting and ending take in each run.
const perRun = 60 * time.Millisecond

// longest is about how long the plan takes.
func (p plan) longest() time.Duration {
	return time.Duration(p.rounds*len(p.shapes)*len(p.ways)) * (p.warmup + p.window() + perRun)
}
