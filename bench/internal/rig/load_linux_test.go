package rig

import (
	"testing"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

func TestUsableRefuses(t *testing.T) {
	good := measure.Run{Requests: 1, Seconds: 1, ServerCPU: 1}
	if err := Usable(good); err != nil {
		t.Fatal(err)
	}
	tests := map[string]func(*measure.Run){
		"a failed connection": func(r *measure.Run) { r.Errors = 1 },
		"no answer":           func(r *measure.Run) { r.Requests = 0 },
		"no window":           func(r *measure.Run) { r.Seconds = 0 },
		"no CPU time":         func(r *measure.Run) { r.ServerCPU = 0 },
	}
	for name, spoil := range tests {
		run := good
		spoil(&run)
		if Usable(run) == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
