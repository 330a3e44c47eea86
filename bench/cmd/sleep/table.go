package main

import (
	"fmt"
	"io"
	"strconv"

	"github.com/zonda-go/zonda/bench/internal/markdown"
	"github.com/zonda-go/zonda/bench/internal/measure"
)

// results holds what each way did under one shape, with an entry per round.
type results map[string]*figures

type figures struct {
	runs []measure.Run
	work []measure.Work // of the goroutines beside the loops
}

// writeTable writes a row for each shape and a column for each way.
func writeTable(w io.Writer, p plan, all map[shape]results) {
	head := []string{"GOMAXPROCS", "loops", "others", "connections"}
	for _, way := range p.ways {
		head = append(head, labels[way])
	}
	markdown.Head(w, head...)
	for _, s := range p.shapes {
		row := []string{strconv.Itoa(s.procs), strconv.Itoa(s.loops), s.others(), strconv.Itoa(s.conns)}
		base := all[s][p.ways[0]]
		row = append(row, baseCell(base))
		for _, way := range p.ways[1:] {
			row = append(row, cell(all[s][way], base, s.busy))
		}
		markdown.Row(w, row...)
	}
}

// baseCell is in units, where the other cells have ratios.
func baseCell(f *figures) string {
	cpu := measure.Figures(f.runs, measure.Run.CPUPerRequest)
	return markdown.Digits(cpu.Median) + " µs · " + latency(f)
}

func cell(f, base *figures, busy bool) string {
	s := markdown.Spread(measure.QuartilesOf(measure.CPURatios(f.runs, base.runs))) + " · " + latency(f)
	if busy {
		s += " · " + markdown.Digits(measure.QuartilesOf(workRatios(f.work, base.work)).Median)
	}
	return s
}

func latency(f *figures) string {
	p50 := measure.Figures(f.runs, func(r measure.Run) float64 { return r.P50 })
	p99 := measure.Figures(f.runs, func(r measure.Run) float64 { return r.P99 })
	return fmt.Sprintf("%s / %s", markdown.Digits(p50.Median), markdown.Digits(p99.Median))
}

// workRatios divides the rates of work round by round.
func workRatios(work, base []measure.Work) []float64 {
	ratios := make([]float64, len(work))
	for i := range work {
		ratios[i] = work[i].PerSecond() / base[i].PerSecond()
	}
	return ratios
}

// writeLegend says how to read the table.
func writeLegend(w io.Writer, p plan) {
	fmt.Fprintf(w, "Cells: CPU per request as ratio to %s of the same round (quartiles) · latency p50 / p99 in µs",
		labels[p.ways[0]])
	fmt.Fprintf(w, "; in the column %s: CPU in µs. Medians of %d rounds of %g s, interleaved.\n", labels[p.ways[0]], p.rounds, p.secs)
	for _, s := range p.shapes {
		if s.busy {
			fmt.Fprint(w, "Others busy: GOMAXPROCS goroutines compute in the same process. The process then takes all the CPU it can get, ",
				"so CPU per request is the inverse of requests/s, and the last figure is the work those goroutines got done, as ratio to ",
				labels[p.ways[0]], ".\n")
			break
		}
	}
	for _, s := range p.shapes {
		if s.procs > 1 {
			fmt.Fprint(w, "GOMAXPROCS above 1: the server is not pinned. On a machine with two processors it shares one of them with the load, ",
				"so these rows compare the ways with each other, not with the rows above.\n")
			break
		}
	}
}
