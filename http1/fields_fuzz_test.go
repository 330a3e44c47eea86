package http1

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// plainRanges are those on which net/http is to agree. It takes "-0" for a part of no
// bytes, and allows signs and blanks around numbers.
var plainRanges = regexp.MustCompile(`^bytes=(([0-9]{1,15}-[0-9]{0,15}|-[1-9][0-9]{0,14})(,|$))+$`)

// FuzzParseRange: ranges lie within the content, and together are no more than it.
// net/http decides likewise, but for our limit on their number.
func FuzzParseRange(f *testing.F) {
	for _, v := range []string{"bytes=0-9", "bytes=-4", "bytes=22-", "bytes=1-2,4-5", "bytes=0-,1-", "lines=1-2", "bytes=99999999999999999999-", "bytes=10-3"} {
		f.Add(v, int64(26))
	}
	f.Fuzz(func(t *testing.T, v string, size int64) {
		size &= 1<<16 - 1
		ranges, err := parseRange(v, size)
		sum := int64(0)
		for _, r := range ranges {
			if r.start < 0 || r.length <= 0 || r.start+r.length > size {
				t.Fatalf("%q of %d: %v", v, size, r)
			}
			sum += r.length
		}
		if sum > size || len(ranges) > maxRanges || err != nil && (ranges != nil || err != errRange) {
			t.Fatalf("%q of %d: %v, %v", v, size, ranges, err)
		}
		if !plainRanges.MatchString(v) || strings.Count(v, ",") >= maxRanges {
			return
		}
		want := 200
		switch {
		case err != nil:
			want = 416
		case len(ranges) > 0:
			want = 206
		}
		req := httptest.NewRequest("GET", "/", nil)
		req.Header.Set("Range", v)
		res := httptest.NewRecorder()
		http.ServeContent(res, req, "a.txt", time.Time{}, strings.NewReader(strings.Repeat("x", int(size))))
		if res.Code != want && size > 0 {
			t.Errorf("%q of %d: %v, %v; net/http: %d %v", v, size, ranges, err, res.Code, res.Header())
		}
		if len(ranges) == 1 && res.Code == 206 && res.Header().Get("Content-Range") != ranges[0].contentRange(size) {
			t.Errorf("%q of %d: %v; net/http: %v", v, size, ranges, res.Header())
		}
	})
}

// FuzzAccept: a coding that is refused is never chosen, and which of the others is does
// not depend on how the list is cut into fields.
func FuzzAccept(f *testing.F) {
	for _, v := range []string{"gzip", "gzip;q=0", "*", "br;q=0.5, gzip;q=0.501", "identity, *;q=0", "gzip;q=2, br;q=x"} {
		f.Add(v)
	}
	codings := []string{"gzip", "br"}
	f.Fuzz(func(t *testing.T, v string) {
		one, many := &Request{}, &Request{}
		one.Header.Add("Accept-Encoding", v)
		for part := range strings.SplitSeq(v, ",") {
			many.Header.Add("Accept-Encoding", part)
		}
		got := acceptedCodings(one, codings)
		if again := acceptedCodings(many, codings); !slices.Equal(got, again) {
			t.Errorf("%q: %v, then %v", v, got, again)
		}
		last := 1000
		for _, coding := range got {
			q := codingWeight([]string{v}, coding)
			if q <= 0 || q > last {
				t.Errorf("%q: %v", v, got)
			}
			last = q
		}
	})
}
