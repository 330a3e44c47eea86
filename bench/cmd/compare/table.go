package main

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// results holds one Run for each round, by server. All have the same rounds.
type results map[string][]measure.Run

// figures reads one figure from every round.
func figures(runs []measure.Run, f func(measure.Run) float64) measure.Quartiles {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = f(r)
	}
	return measure.QuartilesOf(values)
}

// cell is a median with its quartiles in brackets, to three digits or all
// before the point.
func cell(q measure.Quartiles) string {
	digits := func(v float64) string {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return "?"
		}
		places := 2
		if v != 0 {
			places = min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 3)
		}
		return fmt.Sprintf("%.*f", places, v)
	}
	return fmt.Sprintf("%s (%s-%s)", digits(q.Median), digits(q.Q1), digits(q.Q3))
}

// bases are the servers every other one is divided by, where they ran.
func (p plan) bases() []string {
	return slices.DeleteFunc([]string{"limit", "nethttp"}, func(s string) bool { return !slices.Contains(p.servers, s) })
}

// writeServers writes the table of one load generator, a row for each server.
func writeServers(w io.Writer, p plan, res results) {
	head := []string{"server", "requests/s", "p50 µs", "p99 µs", "CPU µs/request", "server busy"}
	for _, base := range p.bases() {
		head = append(head, "CPU ÷ "+base)
	}
	writeRow(w, head)
	writeRow(w, slices.Repeat([]string{"---"}, len(head)))
	for _, s := range p.servers {
		runs := res[s]
		row := []string{
			s,
			cell(figures(runs, measure.Run.PerSecond)),
			cell(figures(runs, func(r measure.Run) float64 { return r.P50 })),
			cell(figures(runs, func(r measure.Run) float64 { return r.P99 })),
			cell(figures(runs, measure.Run.CPUPerRequest)),
			fmt.Sprintf("%.0f%%", 100*figures(runs, measure.Run.Busy).Median),
		}
		for _, base := range p.bases() {
			row = append(row, cell(measure.QuartilesOf(ratios(runs, res[base]))))
		}
		writeRow(w, row)
	}
}

// writeBars writes the verdicts. A bar whose servers did not run has none.
func writeBars(w io.Writer, p plan, res results) {
	bars := slices.DeleteFunc(slices.Clone(p.bars), func(b bar) bool { return res[b.server] == nil || res[b.base] == nil })
	if len(bars) == 0 {
		return
	}
	fmt.Fprintln(w)
	writeRow(w, []string{"CPU per request", "bar", "median (quartiles)", "verdict"})
	writeRow(w, slices.Repeat([]string{"---"}, 4))
	for _, b := range bars {
		q := measure.QuartilesOf(ratios(res[b.server], res[b.base]))
		writeRow(w, []string{b.server + " ÷ " + b.base, fmt.Sprintf("≤ %.2f", b.limit), cell(q), verdict(q.Median, b.limit, p.short())})
	}
	if p.short() {
		fmt.Fprintf(w, "\nA trial: the rule asks for at least %d rounds of at least %d s.\n", minRounds, minSecs)
	}
}

func writeRow(w io.Writer, cells []string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}
