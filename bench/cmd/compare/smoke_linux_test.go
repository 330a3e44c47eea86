package main

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestCompareEcho runs every echo server for a moment: they build, echo what the
// load checks to the last byte, and end. On a machine that is busy with other tests a
// server may get no time at all in a window that is much shorter.
func TestCompareEcho(t *testing.T) {
	if runtime.NumCPU() < 2 {
		t.Skip("one processor only: server and load need one each")
	}
	k := kindOf(true)
	p := plan{
		kind: k, servers: k.servers(), bars: budget(true, 64, 1),
		conns: 8, inflight: 2, rounds: 1, secs: 0.5, warmup: 10 * time.Millisecond, procs: 1,
	}
	var out strings.Builder
	if err := compare(t.Context(), p, &out); err != nil {
		t.Fatal(err)
	}
	for _, want := range append(k.servers(), "CPU µs/message", "zondaecho ÷ limitecho", "A trial") {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, out.String())
		}
	}
}
