// Package markdown writes the tables of the benchmark commands.
package markdown

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// Head writes a table's first two lines.
func Head(w io.Writer, cells ...string) {
	Row(w, cells...)
	Row(w, slices.Repeat([]string{"---"}, len(cells))...)
}

// Row writes one line of a table.
func Row(w io.Writer, cells ...string) {
	fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | "))
}

// Spread is a median with its quartiles in brackets.
func Spread(q measure.Quartiles) string {
	return fmt.Sprintf("%s (%s-%s)", Digits(q.Median), Digits(q.Q1), Digits(q.Q3))
}

// Digits shows v to three digits, or all before the point.
func Digits(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "?"
	}
	places := 2
	if v != 0 {
		places = min(max(2-int(math.Floor(math.Log10(math.Abs(v)))), 0), 3)
	}
	return fmt.Sprintf("%.*f", places, v)
}
