package measure

import (
	"slices"
	"testing"
)

func TestRotated(t *testing.T) {
	all := []string{"a", "b", "c"}
	first := map[string]int{}
	for round := range 6 {
		order := Rotated(all, round)
		first[order[0]]++
		if sorted := slices.Sorted(slices.Values(order)); !slices.Equal(sorted, all) {
			t.Errorf("round %d: %v does not have each one once", round, order)
		}
	}
	for _, s := range all {
		if first[s] != 2 {
			t.Errorf("%s was first %d times in 6 rounds, want 2", s, first[s])
		}
	}
}

// TestCPURatiosPairRounds has a machine that becomes four times slower in the
// second round: the ratio of each round stays, that of the sums would not.
func TestCPURatiosPairRounds(t *testing.T) {
	server := []Run{{Requests: 10, ServerCPU: 15}, {Requests: 20, ServerCPU: 120}}
	base := []Run{{Requests: 20, ServerCPU: 20}, {Requests: 10, ServerCPU: 40}}
	if got, want := CPURatios(server, base), []float64{1.5, 1.5}; !slices.Equal(got, want) {
		t.Errorf("CPURatios = %v, want %v", got, want)
	}
}
