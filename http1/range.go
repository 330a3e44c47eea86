package http1

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// maxRanges bounds the ranges of one request: who asks for more gets the whole. Each
// costs a part with a head of its own (RFC 9110, 14.2 and 17.15).
const maxRanges = 64

// errRange is what a Range asks for that cannot be had; the answer is 416.
var errRange = errors.New("http1: range not satisfiable")

// A byteRange is a part of a representation.
type byteRange struct{ start, length int64 }

// contentRange is the range as the field Content-Range tells it (RFC 9110, 14.4).
func (r byteRange) contentRange(size int64) string {
	return fmt.Sprintf("bytes %d-%d/%d", r.start, r.start+r.length-1, size)
}

// parseRange reads the field Range for a representation of size bytes (RFC 9110,
// 14.1). No ranges mean that the whole is to be sent: another unit, an empty
// representation, or ranges so many or so large that their parts would be more than
// the whole (14.2).
func parseRange(v string, size int64) ([]byteRange, error) {
	const unit = "bytes="
	if len(v) < len(unit) || !httpwire.EqualFold(v[:len(unit)], unit) {
		return nil, nil
	}
	var ranges []byteRange
	var sum int64
	asked := 0
	for spec := range strings.SplitSeq(v[len(unit):], ",") {
		if spec = strings.Trim(spec, " \t"); spec == "" {
			continue // an empty element of the list (RFC 9110, 5.6.1)
		}
		r, err := oneRange(spec, size)
		if err != nil {
			return nil, err
		}
		if asked++; asked > maxRanges {
			return nil, nil
		}
		if r.length > 0 {
			ranges = append(ranges, r)
			sum += r.length
		}
	}
	switch {
	case asked == 0:
		return nil, errRange
	case size == 0, sum > size:
		return nil, nil
	case len(ranges) == 0:
		return nil, errRange
	}
	return ranges, nil
}

// oneRange reads first-last, first- or -suffix; a length of 0: none of the bytes exist.
func oneRange(spec string, size int64) (byteRange, error) {
	first, last, dash := strings.Cut(spec, "-")
	start, haveStart := position(first)
	end, haveEnd := position(last)
	switch {
	case !dash, first != "" && !haveStart, last != "" && !haveEnd, first == "" && last == "":
		return byteRange{}, errRange
	case first == "":
		n := min(end, size)
		return byteRange{size - n, n}, nil
	case last == "":
		end = math.MaxInt64
	case end < start:
		return byteRange{}, errRange
	}
	if start >= size {
		return byteRange{}, nil
	}
	return byteRange{start, min(end, size-1) - start + 1}, nil
}

// position reads digits. What is too large for any file is as good as the largest
// number (RFC 9110, 14.1.2).
func position(s string) (n int64, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c < '0' || c > '9' {
			return 0, false
		}
		if n > (math.MaxInt64-9)/10 {
			n = math.MaxInt64 - 9
			continue
		}
		n = n*10 + int64(c-'0')
	}
	return n, s != ""
}
