package stream

import (
	"fmt"
	"os"
	"time"
)

// ErrStalled is what ends a stream whose peer takes nothing for too long, while
// something waits for it: see WriteLimits.Stall and Close. The peer sees a reset. It
// matches os.ErrDeadlineExceeded.
var ErrStalled = fmt.Errorf("stream: the peer takes nothing: %w", os.ErrDeadlineExceeded)

// stallLimit is how long the peer may take nothing; negative: for ever.
func (s *Stream) stallLimit() time.Duration {
	d := s.limits().Stall
	if s.closing() != nil && (d < 0 || d > lingerTime) {
		d = lingerTime
	}
	return d
}

// watchPeer sets the timer of a queue. Progress does not touch it: that would cost a
// place in the heap for each piece that goes. When it fires it looks how long the
// last progress was ago, and is set again for what is left.
func (s *Stream) watchPeer() {
	out := s.out
	out.timer.Stop()
	if d := s.stallLimit(); d >= 0 && out.sendable() {
		out.timer = s.l.After(d-s.l.Now().Sub(out.progress), s.stalled)
	}
}

func (s *Stream) stalled() {
	if s.l.Now().Sub(s.out.progress) < s.stallLimit() {
		s.watchPeer()
		return
	}
	s.end(ErrStalled, true)
}

// moved notes that the peer has taken something.
func (s *Stream) moved() { s.out.progress = s.l.Now() }
