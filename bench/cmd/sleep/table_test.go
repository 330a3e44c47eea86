package main

import (
	"strings"
	"testing"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// TestTable has a machine that is four times slower in the second round.
func TestTable(t *testing.T) {
	quiet, busy := shape{1, 1, false, 8}, shape{2, 2, true, 64}
	p := plan{ways: []string{"block", "park"}, shapes: []shape{quiet, busy}, rounds: 2, secs: 1}
	runs := func(cpu float64) []measure.Run {
		return []measure.Run{
			{Requests: 1000, Seconds: 1, P50: 10, P99: 20, ServerCPU: 1000 * cpu},
			{Requests: 1000, Seconds: 1, P50: 40, P99: 80, ServerCPU: 4000 * cpu},
		}
	}
	work := func(units int64) []measure.Work {
		return []measure.Work{{Units: 4 * units, Seconds: 1}, {Units: units, Seconds: 1}}
	}
	all := map[shape]results{
		quiet: {"block": {runs: runs(2)}, "park": {runs: runs(3)}},
		busy:  {"block": {runs(2), work(100)}, "park": {runs(1), work(150)}},
	}
	var out strings.Builder
	writeTable(&out, p, all)
	want := `| GOMAXPROCS | loops | others | connections | A block | C park |
| --- | --- | --- | --- | --- | --- |
| 1 | 1 | none | 8 | 5.00 µs · 25.0 / 50.0 | 1.50 (1.50-1.50) · 25.0 / 50.0 |
| 2 | 2 | busy | 64 | 5.00 µs · 25.0 / 50.0 | 0.500 (0.500-0.500) · 25.0 / 50.0 · 1.50 |
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
}

func TestLegendSaysWhatTheRowsNeed(t *testing.T) {
	p := plan{ways: []string{"block"}, shapes: []shape{{1, 1, false, 1}}}
	for _, tt := range []struct {
		word   string
		shapes []shape
		want   bool
	}{
		{"Others busy", []shape{{1, 1, false, 1}}, false},
		{"Others busy", []shape{{1, 1, true, 1}}, true},
		{"not pinned", []shape{{1, 1, true, 1}}, false},
		{"not pinned", []shape{{2, 1, false, 1}}, true},
	} {
		p.shapes = tt.shapes
		var out strings.Builder
		writeLegend(&out, p)
		if strings.Contains(out.String(), tt.word) != tt.want {
			t.Errorf("%v: %q said: %v", tt.shapes, tt.word, !tt.want)
		}
	}
}
