package measure

import "slices"

// Rotated is the order of one round. It rotates, so that none always runs
// after the same idle time, or always first. It must not be empty.
func Rotated[T any](all []T, round int) []T {
	k := round % len(all)
	return slices.Concat(all[k:], all[:k])
}

// Figures reads one figure from every round.
func Figures(runs []Run, f func(Run) float64) Quartiles {
	values := make([]float64, len(runs))
	for i, r := range runs {
		values[i] = f(r)
	}
	return QuartilesOf(values)
}

// CPURatios divides the CPU per request of two servers round by round: the
// machine's speed drifts, so only figures of one round are comparable. Both
// must have the same rounds.
func CPURatios(runs, base []Run) []float64 {
	ratios := make([]float64, len(runs))
	for i := range runs {
		ratios[i] = runs[i].CPUPerRequest() / base[i].CPUPerRequest()
	}
	return ratios
}
