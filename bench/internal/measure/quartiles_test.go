package measure

import (
	"math"
	"slices"
	"testing"
)

func TestQuartilesOf(t *testing.T) {
	tests := []struct {
		values []float64
		want   Quartiles
	}{
		{[]float64{7}, Quartiles{7, 7, 7}},
		{[]float64{2, 1}, Quartiles{1.25, 1.5, 1.75}},
		{[]float64{4, 1, 3, 2}, Quartiles{1.75, 2.5, 3.25}},
		{[]float64{9, 1, 8, 2, 7, 3, 6, 4, 5}, Quartiles{3, 5, 7}},
	}
	for _, tt := range tests {
		given := slices.Clone(tt.values)
		if got := QuartilesOf(tt.values); got != tt.want {
			t.Errorf("QuartilesOf(%v) = %v, want %v", given, got, tt.want)
		}
		if !slices.Equal(given, tt.values) {
			t.Errorf("QuartilesOf reordered its argument: %v, was %v", tt.values, given)
		}
	}
	if got := QuartilesOf(nil); !math.IsNaN(got.Median) {
		t.Errorf("no values: %v, want NaN", got)
	}
}
