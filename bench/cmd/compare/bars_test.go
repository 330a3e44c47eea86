package main

import (
	"math"
	"slices"
	"testing"
)

func TestVerdict(t *testing.T) {
	tests := []struct {
		median, limit float64
		short         bool
		want          string
	}{
		{1.125, 1.25, false, "met"},
		{1.13, 1.25, false, "within noise, below the bar"},
		{1.25, 1.25, false, "within noise, below the bar"},
		{1.26, 1.25, false, "within noise, above the bar"},
		{1.37, 1.25, false, "within noise, above the bar"},
		{1.375, 1.25, false, "missed"},
		{0.3, 0.55, false, "met"},
		{1.1, 1.25, true, "met (trial)"},
		{2, 1.25, true, "missed (trial)"},
		{math.NaN(), 1.25, false, "no figure"},
	}
	for _, tt := range tests {
		if got := verdict(tt.median, tt.limit, tt.short); got != tt.want {
			t.Errorf("verdict(%v, %v, %v) = %q, want %q", tt.median, tt.limit, tt.short, got, tt.want)
		}
	}
}

func TestParseBars(t *testing.T) {
	got, err := parseBars("zonda/limit=1.25,zondastd/nethttp=0.55")
	want := []bar{{"zonda", "limit", 1.25}, {"zondastd", "nethttp", 0.55}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("parseBars = %v, %v, want %v", got, err, want)
	}
	for _, bad := range []string{"", "zonda=1", "zonda/limit", "zonda/limit=x", "zonda/limit=0", "zonda/limit=-1", "/limit=1", "zonda/=1", "a/b=NaN", "a/b=1,"} {
		if got, err := parseBars(bad); err == nil {
			t.Errorf("parseBars(%q) = %v, want an error", bad, got)
		}
	}
}

func TestBudgetNamesKnownServers(t *testing.T) {
	shapes := [][2]int{{64, 1}, {512, 1}, {64, 16}}
	for _, s := range shapes {
		bars := budget(s[0], s[1])
		if len(bars) == 0 {
			t.Errorf("no bar for %v", s)
		}
		for _, b := range bars {
			if _, err := program(b.server); err != nil {
				t.Error(err)
			}
			if _, err := program(b.base); err != nil {
				t.Error(err)
			}
		}
	}
	if bars := budget(3, 7); bars != nil {
		t.Errorf("bars for a shape the brief does not name: %v", bars)
	}
}
