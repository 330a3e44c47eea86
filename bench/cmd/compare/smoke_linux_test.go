package main

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestCompare runs every server of every kind for a moment: they build, answer what
// the load checks, and end. On a machine that is busy with other tests a server may
// get no time at all in a window that is much shorter.
func TestCompare(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one processor only: server and load need one each")
	}
	var plans []plan
	for _, k := range kinds() {
		names := k.names()
		plans = append(plans, plan{
			kind: k, servers: names, bars: []bar{{names[1], names[0], 1}},
			conns: 8, inflight: 1, rounds: 1, secs: 0.3, warmup: 10 * time.Millisecond, procs: 1,
		})
	}
	dir := t.TempDir()
	if err := build(t.Context(), dir, plans...); err != nil {
		t.Fatal(err)
	}
	for _, p := range plans {
		t.Run(p.kind.name, func(t *testing.T) {
			if err := p.check(); err != nil {
				t.Fatal(err)
			}
			var out strings.Builder
			if err := measureAll(t.Context(), p, dir, &out); err != nil {
				t.Fatal(err)
			}
			for _, want := range append(p.servers, "CPU µs/"+p.kind.unit, p.servers[1]+" ÷ "+p.servers[0], "A trial") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
		})
	}
}

// TestCompareBuilds runs one comparison as the command does.
func TestCompareBuilds(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one processor only: server and load need one each")
	}
	p := plan{kind: named(t, "echo"), servers: []string{"limitecho"}, conns: 1, inflight: 1, rounds: 2, secs: 0.3, procs: 1}
	var out strings.Builder
	if err := compare(t.Context(), p, &out); err != nil || !strings.Contains(out.String(), "| limitecho |") {
		t.Errorf("%v\n%s", err, out.String())
	}
}
