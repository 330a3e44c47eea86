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
	shapes := []struct {
		echo            bool
		conns, inflight int
	}{{false, 64, 1}, {false, 512, 1}, {false, 64, 16}, {true, 64, 1}}
	for _, s := range shapes {
		bars := budget(s.echo, s.conns, s.inflight)
		if len(bars) == 0 {
			t.Errorf("no bar for %+v", s)
		}
		for _, b := range bars {
			if _, err := kindOf(s.echo).program(b.server); err != nil {
				t.Error(err)
			}
			if _, err := kindOf(s.echo).program(b.base); err != nil {
				t.Error(err)
			}
		}
	}
	for _, echo := range []bool{false, true} {
		if bars := budget(echo, 3, 7); bars != nil {
			t.Errorf("bars for a shape the brief does not name: %v", bars)
		}
	}
}
