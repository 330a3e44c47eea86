package stream

import (
	"regexp"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// searchPace is how long a search is not repeated, for each byte that it would look at.
// To look at one takes a regexp some ten nanoseconds.
const searchPace = time.Microsecond

// pattern is what ReadUntilRegexp looks for.
type pattern struct {
	re    *regexp.Regexp
	next  int       // with so many bytes it is searched for again, come what may
	last  time.Time // when it was searched for
	timer loop.Timer
}

// ReadUntilRegexp reads up to the end of the first match of re; errors are those of
// ReadUntil. What lies behind max does not count, and is not looked at.
//
// It takes what matches first: one byte more might have made the match longer
// ("a+"), so re should say how it ends ("a+\n"). What has come so far is the whole
// text: "$" matches at its end.
//
// A match may begin anywhere, so each search begins at the first byte. So that bytes
// that trickle in do not cost their square, n bytes are searched if they are twice as
// many as the last time, or that is n microseconds ago; and once more at max, and when
// no more will come.
func (s *Stream) ReadUntilRegexp(re *regexp.Regexp, max int) *loop.Future[[]byte] {
	if re == nil {
		panic("stream: ReadUntilRegexp without a regexp")
	}
	return s.read(&read{kind: forMatch, pattern: &pattern{re: re}, n: max})
}

// search looks for a match, if it is time to.
func (s *Stream) search(r *read, buf []byte) (int, error) {
	x := r.pattern
	text := buf[:max(0, min(len(buf), r.n))]
	whole := len(text) >= r.n || s.ended() != nil
	if !whole && len(text) < x.next {
		pause := x.last.Add(time.Duration(len(text)) * searchPace).Sub(s.l.Now())
		if pause > 0 {
			s.searchLater(x, pause)
			return -1, nil
		}
	}
	if loc := x.re.FindIndex(text); loc != nil {
		return loc[1], nil
	}
	if len(text) >= r.n {
		return -1, ErrTooLong
	}
	x.next, x.last = 2*len(text), s.l.Now()
	return -1, nil
}

// searchLater lets the search wait. If more comes meanwhile, it finds itself too early,
// and waits again.
func (s *Stream) searchLater(x *pattern, pause time.Duration) {
	if !x.timer.Pending() {
		x.timer = s.l.After(pause, func() {
			s.deal()
			s.refresh()
		})
	}
}

// forget ends what is planned.
func (x *pattern) forget() {
	if x != nil {
		x.timer.Stop()
	}
}
