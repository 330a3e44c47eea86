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

// A shape is a load as the design brief has bars for it.
type shape struct {
	kind            string
	conns, inflight int
}

// budget has the bars of the design brief.
func budget() map[shape][]bar {
	std := []bar{{"zondastd", "nethttp", 0.55}}
	return map[shape][]bar{
		{"hello", 64, 1}:     {{"zonda", "limit", 1.25}, {"zonda", "limit", 1.15}, std[0]},
		{"hello", 512, 1}:    {{"zonda", "limit", 1.25}, {"zonda", "limit", 1.10}, std[0]},
		{"hello", 64, 16}:    {{"zonda", "limit", 1.8}},
		{"post", 64, 1}:      std,
		{"post", 512, 1}:     std,
		{"download", 64, 1}:  std,
		{"download", 512, 1}: std,
		{"echo", 64, 1}:      {{"zondaecho", "limitecho", 1.10}},
		{"ws", 64, 1}:        {{"zondaws", "gorilla", 0.80}, {"zondaws", "limitws", 1.2}},
		{"ws", 512, 1}:       {{"zondaws", "gorilla", 0.65}, {"zondaws", "limitws", 1.2}},

		{"broadcast", 256, 1}:  {{"zondaws", "gorilla", 1.0}},
		{"broadcast", 256, 64}: {{"zondaws", "gorilla", 0.5}},
	}
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
