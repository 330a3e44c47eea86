package main

import (
	"slices"
	"testing"
)

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
	for s, bars := range budget() {
		k, err := kindNamed(s.kind)
		if err != nil {
			t.Fatal(err)
		}
		if len(bars) == 0 {
			t.Errorf("no bar for %+v", s)
		}
		for _, b := range bars {
			for _, name := range []string{b.server, b.base} {
				if _, err := k.subject(name); err != nil {
					t.Errorf("%+v: %v", s, err)
				}
			}
		}
	}
	if bars := budget()[shape{"hello", 3, 7}]; bars != nil {
		t.Errorf("bars for a shape the brief does not name: %v", bars)
	}
}
