package main

import "testing"

func named(t *testing.T, name string) kind {
	t.Helper()
	k, err := kindNamed(name)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestKindNamed(t *testing.T) {
	for _, name := range kindNames() {
		if k := named(t, name); k.name != name || len(k.subjects) == 0 {
			t.Errorf("%q is %+v", name, k)
		}
	}
	if _, err := kindNamed("upload"); err == nil {
		t.Error("no error for an unknown kind")
	}
}

func TestCheck(t *testing.T) {
	good := plan{kind: named(t, "hello"), servers: []string{"limit", "nethttp"}, conns: 1, inflight: 1, rounds: 1, secs: 1, procs: 1}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*plan){
		"unknown server": func(p *plan) { p.servers = []string{"nginx"} },
		"named twice":    func(p *plan) { p.servers = []string{"limit", "limit"} },
		"no servers":     func(p *plan) { p.servers = nil },
		"no rounds":      func(p *plan) { p.rounds = 0 },
		"no seconds":     func(p *plan) { p.secs = 0 },
		"no connections": func(p *plan) { p.conns = 0 },
		"another kind":   func(p *plan) { p.kind = named(t, "echo") },
		"clients, pipelined": func(p *plan) {
			p.kind, p.servers, p.inflight = named(t, "client"), []string{"nethttpclient"}, 2
		},
		"wrk, pipelined": func(p *plan) { p.wrk, p.inflight = true, 2 },
	}
	echo := plan{kind: named(t, "echo"), servers: named(t, "echo").names(), conns: 1, inflight: 1, rounds: 1, secs: 1, procs: 1}
	if err := echo.check(); err != nil {
		t.Fatal(err)
	}
	if echo.wrk = true; echo.check() == nil {
		t.Error("wrk against echo servers: no error")
	}
	for name, spoil := range tests {
		p := good
		spoil(&p)
		if p.check() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestShort(t *testing.T) {
	tests := []struct {
		rounds int
		secs   float64
		want   bool
	}{{9, 3, false}, {8, 3, true}, {9, 2.9, true}, {20, 10, false}}
	for _, tt := range tests {
		if got := (plan{rounds: tt.rounds, secs: tt.secs}).short(); got != tt.want {
			t.Errorf("%d rounds of %v s: short = %v", tt.rounds, tt.secs, got)
		}
	}
}
