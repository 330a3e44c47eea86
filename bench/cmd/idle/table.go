package main

import (
	"fmt"
	"io"

	"github.com/zonda-go/zonda/bench/internal/markdown"
	"github.com/zonda-go/zonda/bench/internal/measure"
)

// figures are bytes per idle connection.
type figures struct {
	resident float64
	live     float64
}

// writeTable writes a row for each subject, in the plan's order.
func writeTable(w io.Writer, p plan, all []figures) {
	markdown.Head(w, "program", "resident B/connection", "bar", "live B/connection", "bar")
	for i, s := range p.subjects {
		f := all[i]
		markdown.Row(w, s.name,
			fmt.Sprintf("%.0f", f.resident), judged(f.resident, s.resident, p.short()),
			fmt.Sprintf("%.0f", f.live), judged(f.live, s.live, p.short()))
	}
	if p.short() {
		fmt.Fprintf(w, "\nA trial: the bars are for at least %d connections and %v.\n", fullN, fullWait)
	}
}

// judged is a bar with its verdict; empty: there is no bar.
func judged(figure, limit float64, short bool) string {
	if limit == 0 {
		return ""
	}
	return fmt.Sprintf("≤ %.0f: %s", limit, measure.Verdict(figure, limit, short))
}
