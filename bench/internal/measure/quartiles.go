package measure

import (
	"math"
	"slices"
)

// Quartiles are the median of some values and the two values that a quarter
// of them lie below and above.
type Quartiles struct {
	Q1, Median, Q3 float64
}

// QuartilesOf sorts a copy of values and interpolates linearly between
// neighbours (the default of R and NumPy). Without values all three are NaN.
func QuartilesOf(values []float64) Quartiles {
	if len(values) == 0 {
		return Quartiles{math.NaN(), math.NaN(), math.NaN()}
	}
	sorted := slices.Sorted(slices.Values(values))
	at := func(q float64) float64 {
		whole, part := math.Modf(q * float64(len(sorted)-1))
		i := int(whole)
		if part == 0 {
			return sorted[i]
		}
		return sorted[i] + part*(sorted[i+1]-sorted[i])
	}
	return Quartiles{at(0.25), at(0.5), at(0.75)}
}
