package main

import "testing"

func TestSpinGivesUpAndTriesAgain(t *testing.T) {
	var s spin
	if got := s.allowance(); got != spinMost {
		t.Fatalf("first spin %v, want %v", got, spinMost)
	}
	last, spins := spinMost, 1
	for s.missed(); ; s.missed() {
		d := s.allowance()
		if d == 0 {
			break
		}
		if d >= last || d < spinLeast {
			t.Fatalf("spin of %v after one of %v failed", d, last)
		}
		last = d
		spins++
	}
	if spins < 2 {
		t.Errorf("gave up after %d spins", spins)
	}
	for i := 1; i < spinRest; i++ {
		if d := s.allowance(); d != 0 {
			t.Fatalf("spin of %v at sleep %d, want a rest of %d", d, i, spinRest)
		}
	}
	if d := s.allowance(); d != spinMost {
		t.Fatalf("after the rest a spin of %v, want %v", d, spinMost)
	}
	s.missed()
	if d := s.allowance(); d != 0 {
		t.Errorf("one failed trial after the rest, and a spin of %v", d)
	}
	s.found()
	if d := s.allowance(); d != spinMost {
		t.Errorf("after a success a spin of %v, want %v", d, spinMost)
	}
}
