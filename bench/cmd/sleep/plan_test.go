package main

import (
	"slices"
	"testing"
	"time"
)

func TestShapesOf(t *testing.T) {
	got, err := shapesOf("1", "1,2", "none,busy", "1,8")
	want := []shape{
		{1, 1, false, 1}, {1, 1, false, 8}, {1, 1, true, 1}, {1, 1, true, 8},
		{1, 2, false, 8}, {1, 2, true, 8}, // two loops do not share one connection
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("shapesOf = %v, %v, want %v", got, err, want)
	}
	for _, bad := range [][4]string{
		{"x", "1", "none", "1"}, {"1", "0", "none", "1"}, {"1", "1", "some", "1"}, {"1", "1", "none", "-1"},
	} {
		if got, err := shapesOf(bad[0], bad[1], bad[2], bad[3]); err == nil {
			t.Errorf("shapesOf(%q) = %v, want an error", bad, got)
		}
	}
}

func TestCheck(t *testing.T) {
	good := plan{ways: []string{"block", "park"}, shapes: []shape{{1, 1, false, 1}}, rounds: 1, secs: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*plan){
		"unknown way":     func(p *plan) { p.ways = []string{"nap"} },
		"named twice":     func(p *plan) { p.ways = []string{"park", "park"} },
		"no ways":         func(p *plan) { p.ways = nil },
		"no shapes":       func(p *plan) { p.shapes = nil },
		"no rounds":       func(p *plan) { p.rounds = 0 },
		"no seconds":      func(p *plan) { p.secs = 0 },
		"negative warmup": func(p *plan) { p.warmup = -time.Second },
		"a day":           func(p *plan) { p.secs = 86400 },
	}
	for name, spoil := range tests {
		p := good
		spoil(&p)
		if p.check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLongestCountsEveryRun(t *testing.T) {
	p := plan{ways: make([]string, 5), shapes: make([]shape, 28), rounds: 5, secs: 0.5, warmup: 100 * time.Millisecond}
	if got, want := p.longest(), 700*(600*time.Millisecond+perRun); got != want {
		t.Errorf("longest = %v, want %v", got, want)
	}
}
