package measure

import "math"

// The rule for met: the median of the rounds' ratios, from at least MinRounds
// interleaved rounds of at least MinSecs; nearer to the bar than noise, the
// comparison decides nothing.
const (
	MinRounds = 9
	MinSecs   = 3
	noise     = 0.10
)

// Verdict judges a figure by its upper bound. short says that it was taken with less
// effort than the rule asks for, and so is only a trial.
func Verdict(figure, limit float64, short bool) string {
	var v string
	switch margin := (limit - figure) / limit; {
	case math.IsNaN(margin):
		return "no figure"
	case margin >= noise:
		v = "met"
	case margin >= 0:
		v = "within noise, below the bar"
	case margin > -noise:
		v = "within noise, above the bar"
	default:
		v = "missed"
	}
	if short {
		return v + " (trial)"
	}
	return v
}
