// Package measure holds what the load and the comparison both need to agree
// on: latencies, quartiles, the CPU clock of another process, and the line in
// which one run is reported.
package measure

import (
	"math"
	"math/bits"
	"time"
)

// Buckets are log-linear: each power of two is cut into subBuckets equal
// parts, so that a bucket is at most 1/64 of its values wide. Values below
// subBuckets nanoseconds have a bucket each.
const (
	subBits    = 6
	subBuckets = 1 << subBits
	maxBits    = 40 // values of 2^40 ns (18 minutes) and more share the last bucket
	buckets    = (maxBits - subBits + 1) * subBuckets
)

// Histogram counts durations. It has a fixed size and Record allocates
// nothing. It belongs to one goroutine. The zero value is empty.
type Histogram struct {
	counts [buckets]int64
	total  int64
	max    int64
}

// Record counts d once. A negative duration counts as zero.
func (h *Histogram) Record(d time.Duration) {
	v := max(int64(d), 0)
	h.counts[bucket(v)]++
	h.total++
	h.max = max(h.max, v)
}

// Count is the number of durations recorded.
func (h *Histogram) Count() int64 { return h.total }

// Max is the largest duration recorded, exactly.
func (h *Histogram) Max() time.Duration { return time.Duration(h.max) }

// Reset forgets everything recorded.
func (h *Histogram) Reset() { *h = Histogram{} }

// Quantile returns a duration that at least the share q (0 to 1) of the
// recorded ones do not exceed. It is the upper edge of a bucket, so it may be
// up to 1/64 too large, but never above Max. An empty histogram returns 0.
func (h *Histogram) Quantile(q float64) time.Duration {
	rank := max(int64(math.Ceil(q*float64(h.total))), 1)
	var seen int64
	for i, n := range h.counts {
		seen += n
		if seen >= rank {
			return time.Duration(min(upper(i), h.max))
		}
	}
	return h.Max()
}

// bucket is the index that counts v.
func bucket(v int64) int {
	if v < subBuckets {
		return int(v)
	}
	if v >= 1<<maxBits {
		return buckets - 1
	}
	shift := bits.Len64(uint64(v)) - subBits - 1 // v>>shift is in [subBuckets, 2*subBuckets)
	return shift*subBuckets + int(v>>shift)
}

// upper is the largest value that bucket i counts.
func upper(i int) int64 {
	if i == buckets-1 {
		return math.MaxInt64
	}
	if i < 2*subBuckets {
		return int64(i)
	}
	shift := i/subBuckets - 1
	part := int64(i - shift*subBuckets)
	return (part+1)<<shift - 1
}
