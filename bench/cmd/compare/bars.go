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
	std := []bar{{"zondastd", "nethttp", 0.55}, {"zondastd-loop", "nethttp", 0.50}}
	hello := func(goal float64) []bar {
		return append([]bar{{"zonda", "limit", 1.25}, {"zonda", "limit", goal}}, std...)
	}
	ws := func(gorilla float64) []bar {
		return []bar{{"zondaws", "gorilla", gorilla}, {"zondaws", "limitws", 1.2}}
	}
	client := func(fasthttp float64) []bar {
		return []bar{{"zondaclient", "nethttpclient", 0.5}, {"zondaclient", "fasthttpclient", fasthttp}}
	}
	return map[shape][]bar{
		{"hello", 64, 1}:       hello(1.15),
		{"hello", 512, 1}:      hello(1.10),
		{"hello", 64, 16}:      {{"zonda", "limit", 1.8}},
		{"post", 64, 1}:        std,
		{"post", 512, 1}:       std,
		{"download", 64, 1}:    std,
		{"download", 512, 1}:   std,
		{"echo", 64, 1}:        {{"zondaecho", "limitecho", 1.10}},
		{"ws", 64, 1}:          ws(0.80),
		{"ws", 512, 1}:         ws(0.65),
		{"broadcast", 256, 1}:  {{"zondaws", "gorilla", 1.0}},
		{"broadcast", 256, 64}: {{"zondaws", "gorilla", 0.5}},
		{"client", 1, 1}:       client(1.2),
		{"client", 64, 1}:      client(1.0),
		{"client", 512, 1}:     client(1.0),
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
