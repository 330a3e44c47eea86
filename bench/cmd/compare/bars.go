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
func budget(echo bool, conns, inflight int) []bar {
	switch {
	case echo && conns == 64 && inflight == 1:
		return []bar{{"zondaecho", "limitecho", 1.10}}
	case echo:
		return nil
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
