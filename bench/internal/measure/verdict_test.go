package measure

import (
	"math"
	"testing"
)

func TestVerdict(t *testing.T) {
	tests := []struct {
		figure, limit float64
		short         bool
		want          string
	}{
		{1.125, 1.25, false, "met"},
		{1.13, 1.25, false, "within noise, below the bar"},
		{1.25, 1.25, false, "within noise, below the bar"},
		{1.26, 1.25, false, "within noise, above the bar"},
		{1.37, 1.25, false, "within noise, above the bar"},
		{1.375, 1.25, false, "missed"},
		{0.3, 0.55, false, "met"},
		{1.1, 1.25, true, "met (trial)"},
		{2, 1.25, true, "missed (trial)"},
		{math.NaN(), 1.25, false, "no figure"},
	}
	for _, tt := range tests {
		if got := Verdict(tt.figure, tt.limit, tt.short); got != tt.want {
			t.Errorf("Verdict(%v, %v, %v) = %q, want %q", tt.figure, tt.limit, tt.short, got, tt.want)
		}
	}
}
