package measure

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

func TestBucketsCoverEveryValueOnce(t *testing.T) {
	for i := range buckets - 1 {
		if got := bucket(upper(i)); got != i {
			t.Fatalf("bucket(upper(%d) = %d) = %d", i, upper(i), got)
		}
		if got := bucket(upper(i) + 1); got != i+1 {
			t.Fatalf("bucket(upper(%d) + 1) = %d, want the next one", i, got)
		}
	}
	if got := bucket(1 << 62); got != buckets-1 {
		t.Errorf("a huge value falls into bucket %d, want the last, %d", got, buckets-1)
	}
}

func TestQuantileAgainstSortedValues(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var h Histogram
	var values []time.Duration
	for range 10_000 {
		v := time.Duration(rnd.Int64N(1 << rnd.IntN(32)))
		values = append(values, v)
		h.Record(v)
	}
	slices.Sort(values)
	for _, q := range []float64{0.0001, 0.25, 0.5, 0.9, 0.99, 0.999, 1} {
		exact := values[int(q*float64(len(values)))-1]
		got := h.Quantile(q)
		if got < exact || got > exact+exact/subBuckets+1 {
			t.Errorf("Quantile(%v) = %d, exact %d", q, got, exact)
		}
	}
	if h.Max() != values[len(values)-1] || h.Count() != int64(len(values)) {
		t.Errorf("Max %v Count %d, want %v and %d", h.Max(), h.Count(), values[len(values)-1], len(values))
	}
}

func TestHistogramEdges(t *testing.T) {
	var h Histogram
	if got := h.Quantile(0.5); got != 0 {
		t.Errorf("empty: Quantile = %v", got)
	}
	h.Record(-time.Second)
	h.Record(time.Hour)
	if h.Quantile(0.5) != 0 || h.Quantile(1) != time.Hour {
		t.Errorf("Quantile(0.5) = %v, Quantile(1) = %v, want 0 and 1h", h.Quantile(0.5), h.Quantile(1))
	}
	h.Reset()
	if h.Count() != 0 || h.Max() != 0 {
		t.Errorf("after Reset: Count %d, Max %v", h.Count(), h.Max())
	}
}

func TestRecordAllocatesNothing(t *testing.T) {
	var h Histogram
	if n := testing.AllocsPerRun(100, func() { h.Record(1234) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
