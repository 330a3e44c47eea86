package looptest

import (
	"time"

	"github.com/zonda-go/zonda/loop"
)

// Faults are what may go wrong on a Network. They are a value without owner; the zero
// Faults are none. Probabilities lie between 0, never, and 1. All that is random is
// drawn from the loop's seed, and all times are on its clock, so a run that fails is
// repeated by its seed.
//
// A piece is what one Write of a transport gives away, or the end of a side.
type Faults struct {
	// Delay is how long a piece is on its way. The bytes of one direction stay in
	// order; those of different connections, or of the two directions, need not.
	// Default: none; what is sent can be read in the next iteration.
	Delay Span
	// ShortReads and ShortWrites are how likely it is that a transport gives or takes
	// fewer bytes than it could, though at least one. Default: 0.
	ShortReads, ShortWrites float64
	// Reset is how likely each piece is to break its connection off, instead of
	// arriving: see Conn.Reset. Default: 0.
	Reset float64
	// ResetAfter breaks a connection off with the piece that brings it to so many
	// bytes, counted in both directions together. Default: 0, never.
	ResetAfter int
	// HalfOpen is how likely the connection is to fall silent with a piece: see
	// Conn.Vanish. Default: 0.
	HalfOpen float64
	// Connect is how long connecting takes. Default: one iteration.
	Connect Span
	// Refuse is how likely it is that connecting fails with syscall.ECONNREFUSED.
	// Default: 0.
	Refuse float64
	// Exhaust is how likely each attempt to connect and each connection that is to be
	// accepted is to begin a shortage of descriptors: see Network.Exhaust. Default: 0.
	Exhaust float64
	// ExhaustFor is how long such a shortage lasts. Default: one second.
	ExhaustFor Span
}

// A Span is how long something takes, at random. It is a value without owner, and the
// zero Span is no time at all.
type Span struct {
	// Min and Max bound the time, and are part of it. Default: 0; if Max is not above
	// Min, it is always Min.
	Min, Max time.Duration
}

func (s Span) draw(l *loop.Loop) time.Duration {
	if s.Max <= s.Min {
		return s.Min
	}
	return s.Min + time.Duration(l.Rand().Int64N(int64(s.Max-s.Min)+1))
}

// happens draws with a probability. What cannot happen draws nothing, so that a
// network without faults leaves the loop's random numbers to others.
func happens(l *loop.Loop, probability float64) bool {
	return probability > 0 && l.Rand().Float64() < probability
}

// shorten is n, or with a probability less, but not nothing.
func shorten(l *loop.Loop, probability float64, n int) int {
	if n > 1 && happens(l, probability) {
		return 1 + l.Rand().IntN(n-1)
	}
	return n
}
