package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// bar is an upper bound for a ratio of CPU per request: server ÷ base.
type bar struct {
	server, base string
	limit        float64
}

// budget returns the bars the design brief sets for a load of this shape.
func budget(conns, inflight int) []bar {
	switch {
	case conns == 64 && inflight == 1:
		return []bar{{"zonda", "limit", 1.25}, {"zonda", "limit", 1.15}, {"zondastd", "nethttp", 0.55}}
	case conns == 512 && inflight == 1:
		return []bar{{"zonda", "limit", 1.25}, {"zonda", "limit", 1.10}}
	case conns == 64 && inflight == 16:
		return []bar{{"zonda", "limit", 1.8}}
	}
	return nil
}

// parseBars reads "server/base=1.25,server/base=0.5".
func parseBars(s string) ([]bar, error) {
	var bars []bar
	for item := range strings.SplitSeq(s, ",") {
		pair, number, found := strings.Cut(item, "=")
		server, base, slash := strings.Cut(pair, "/")
		limit, err := strconv.ParseFloat(number, 64)
		if !found || !slash || server == "" || base == "" || err != nil || !(limit > 0) || math.IsInf(limit, 0) {
			return nil, fmt.Errorf("compare: bar %q is not of the form server/base=number", item)
		}
		bars = append(bars, bar{server, base, limit})
	}
	return bars, nil
}

// The rule for met: the median of the rounds' ratios, from at least minRounds
// interleaved rounds of at least minSecs; nearer to the bar than noise, the
// comparison decides nothing.
const (
	minRounds = 9
	minSecs   = 3
	noise     = 0.10
)

// verdict judges a median ratio. short says that the rounds were too few or
// too short for the rule, so that the figure is only a trial.
func verdict(median, limit float64, short bool) string {
	var v string
	switch margin := (limit - median) / limit; {
	case math.IsNaN(margin):
		return "no figure"
	case margin >= noise:
		v = "met"
	case margin >= 0:
		v = "within noise, below the bar"
	case margin > -noise:
		v = "within noise, above the bar"
	default:
		v = "missed"
	}
	if short {
		return v + " (trial)"
	}
	return v
}
