package markdown

import (
	"math"
	"testing"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

func TestSpread(t *testing.T) {
	tests := []struct {
		q    measure.Quartiles
		want string
	}{
		{measure.Quartiles{Q1: 99_000.4, Median: 101_234.5, Q3: 103_000}, "101234 (99000-103000)"},
		{measure.Quartiles{Q1: 1.234, Median: 12.345, Q3: 123.45}, "12.3 (1.23-123)"},
		{measure.Quartiles{Q1: 0, Median: 0.0512, Q3: 0.5}, "0.051 (0.00-0.500)"},
		{measure.Quartiles{Q1: math.NaN(), Median: math.NaN(), Q3: math.Inf(1)}, "? (?-?)"},
	}
	for _, tt := range tests {
		if got := Spread(tt.q); got != tt.want {
			t.Errorf("Spread(%v) = %q, want %q", tt.q, got, tt.want)
		}
	}
}
