package main

import "time"

const (
	// spinMost is a spin's length while spins succeed: about what a sleep and its
	// end cost.
	spinMost = 20 * time.Microsecond
	// spinLeast: a spin of fewer looks is not worth its clock readings.
	spinLeast = 2 * time.Microsecond
	// spinRest is how many sleeps pass without a spin once spinning has failed,
	// until it is tried again.
	spinRest = 64
)

// spin decides how long to look again and again before a sleep. Its length
// halves with each failure, down to none, and one success restores it. The zero
// value spins at full length.
type spin struct {
	halvings uint // since the last success
	rested   int  // sleeps since spinning was given up
}

// allowance is the length of the next spin; 0 means sleep at once.
func (s *spin) allowance() time.Duration {
	if d := spinMost >> s.halvings; d >= spinLeast {
		return d
	}
	if s.rested < spinRest {
		s.rested++
		return 0
	}
	s.rested = 0
	return spinMost
}

func (s *spin) found() { *s = spin{} }

func (s *spin) missed() {
	if spinMost>>s.halvings >= spinLeast {
		s.halvings++
	}
}
