package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/zonda-go/zonda/bench/internal/markdown"
	"github.com/zonda-go/zonda/bench/internal/measure"
)

// results holds one Run for each round, by server. All have the same rounds.
type results map[string][]measure.Run

// bases are the servers every other one is divided by, where they ran.
func (p plan) bases() []string {
	return slices.DeleteFunc(slices.Clone(p.kind.bases), func(s string) bool { return !slices.Contains(p.servers, s) })
}

// writeServers writes the table of one load generator, a row for each server.
func writeServers(w io.Writer, p plan, res results) {
	head := []string{p.kind.role(), p.kind.units() + "/s", "p50 µs", "p99 µs", "CPU µs/" + p.kind.unit, p.kind.role() + " busy"}
	for _, base := range p.bases() {
		head = append(head, "CPU ÷ "+base)
	}
	markdown.Head(w, head...)
	for _, s := range p.servers {
		runs := res[s]
		row := []string{
			s,
			markdown.Spread(measure.Figures(runs, measure.Run.PerSecond)),
			markdown.Spread(measure.Figures(runs, func(r measure.Run) float64 { return r.P50 })),
			markdown.Spread(measure.Figures(runs, func(r measure.Run) float64 { return r.P99 })),
			markdown.Spread(measure.Figures(runs, measure.Run.CPUPerRequest)),
			fmt.Sprintf("%.0f%%", 100*measure.Figures(runs, measure.Run.Busy).Median),
		}
		for _, base := range p.bases() {
			row = append(row, markdown.Spread(measure.QuartilesOf(measure.CPURatios(runs, res[base]))))
		}
		markdown.Row(w, row...)
	}
}

// writeBars writes the verdicts. A bar whose servers did not run has none.
func writeBars(w io.Writer, p plan, res results) {
	bars := slices.DeleteFunc(slices.Clone(p.bars), func(b bar) bool { return res[b.server] == nil || res[b.base] == nil })
	if len(bars) == 0 {
		return
	}
	fmt.Fprintln(w)
	markdown.Head(w, "CPU per "+p.kind.unit, "bar", "median (quartiles)", "verdict")
	for _, b := range bars {
		q := measure.QuartilesOf(measure.CPURatios(res[b.server], res[b.base]))
		markdown.Row(w, b.server+" ÷ "+b.base, fmt.Sprintf("≤ %.2f", b.limit), markdown.Spread(q), measure.Verdict(q.Median, b.limit, p.short()))
	}
	if p.short() {
		fmt.Fprintf(w, "\nA trial: the rule asks for at least %d rounds of at least %d s.\n", measure.MinRounds, measure.MinSecs)
	}
}
