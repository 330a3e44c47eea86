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
	for _, k := range kinds() {
		t.Run(k.name, func(t *testing.T) {
			p := plan{
				kind: k, servers: k.names(), bars: []bar{{k.names()[1], k.names()[0], 1}},
				conns: 8, inflight: 1, rounds: 1, secs: 0.3, warmup: 10 * time.Millisecond, procs: 1,
			}
			var out strings.Builder
			if err := compare(t.Context(), p, &out); err != nil {
				t.Fatal(err)
			}
			for _, want := range append(k.names(), "CPU µs/"+k.unit, k.names()[1]+" ÷ "+k.names()[0], "A trial") {
				if !strings.Contains(out.String(), want) {
					t.Errorf("no %q in\n%s", want, out.String())
				}
			}
		})
	}
}
