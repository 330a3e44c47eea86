package main

import (
	"slices"
	"testing"
	"time"
)

func TestChoose(t *testing.T) {
	all, err := choose("")
	if err != nil || len(all) != len(subjects()) {
		t.Errorf("by default %v, %v", names(all), err)
	}
	some, err := choose("zonda,gnetecho")
	if want := []string{"zonda", "gnetecho"}; err != nil || !slices.Equal(names(some), want) {
		t.Errorf("choose = %v, %v, want %v", names(some), err, want)
	}
	for _, bad := range []string{"nginx", "zonda,zonda", "zonda,", ","} {
		if got, err := choose(bad); err == nil {
			t.Errorf("choose(%q) = %v, want an error", bad, names(got))
		}
	}
}

func TestCheck(t *testing.T) {
	good := plan{subjects: subjects(), base: 1000, n: 10_000, wait: 10 * time.Second}
	if err := good.check(20_000); err != nil {
		t.Fatal(err)
	}
	if good.check(11_000) == nil {
		t.Error("more connections than the system allows: no error")
	}
	tests := map[string]func(*plan){
		"no first ones":            func(p *plan) { p.base = 0 },
		"no more":                  func(p *plan) { p.n = 0 },
		"negative wait":            func(p *plan) { p.wait = -1 },
		"more than we allow":       func(p *plan) { p.n = 19_000 },
		"more than a number holds": func(p *plan) { p.n = 1<<63 - 1 },
		"a day":                    func(p *plan) { p.wait = 24 * time.Hour },
	}
	for name, spoil := range tests {
		p := good
		spoil(&p)
		if p.check(1<<20) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestShort(t *testing.T) {
	tests := []struct {
		n    int
		wait time.Duration
		want bool
	}{{10_000, 10 * time.Second, false}, {9_999, 10 * time.Second, true}, {10_000, 9 * time.Second, true}}
	for _, tt := range tests {
		if got := (plan{n: tt.n, wait: tt.wait}).short(); got != tt.want {
			t.Errorf("%d connections, %v: short = %v", tt.n, tt.wait, got)
		}
	}
}
