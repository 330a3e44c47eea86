package main

import (
	"strings"
	"testing"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

func TestTables(t *testing.T) {
	p := plan{
		kind:    named(t, "hello"),
		servers: []string{"limit", "zonda"}, rounds: 9, secs: 3,
		bars: []bar{{"zonda", "limit", 2}, {"zondastd", "nethttp", 0.55}},
	}
	res := results{
		"limit": {{Requests: 1000, Seconds: 2, P50: 5, P99: 50, ServerCPU: 4000}},
		"zonda": {{Requests: 1000, Seconds: 2, P50: 6, P99: 60, ServerCPU: 5000}},
	}
	var out strings.Builder
	writeServers(&out, p, res)
	writeBars(&out, p, res)
	want := `| server | requests/s | p50 µs | p99 µs | CPU µs/request | server busy | CPU ÷ limit |
| --- | --- | --- | --- | --- | --- | --- |
| limit | 500 (500-500) | 5.00 (5.00-5.00) | 50.0 (50.0-50.0) | 4.00 (4.00-4.00) | 0% | 1.00 (1.00-1.00) |
| zonda | 500 (500-500) | 6.00 (6.00-6.00) | 60.0 (60.0-60.0) | 5.00 (5.00-5.00) | 0% | 1.25 (1.25-1.25) |

| CPU per request | bar | median (quartiles) | verdict |
| --- | --- | --- | --- |
| zonda ÷ limit | ≤ 2.00 | 1.25 (1.25-1.25) | met |
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestTrialIsSaid(t *testing.T) {
	p := plan{kind: named(t, "hello"), rounds: 1, secs: 1, bars: []bar{{"zonda", "limit", 1}}}
	one := []measure.Run{{Requests: 1, Seconds: 1, ServerCPU: 1}}
	var out strings.Builder
	writeBars(&out, p, results{"zonda": one, "limit": one})
	if !strings.Contains(out.String(), "(trial)") || !strings.Contains(out.String(), "A trial:") {
		t.Errorf("a short run is not marked:\n%s", out.String())
	}
}
