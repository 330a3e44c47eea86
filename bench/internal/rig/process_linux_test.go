package rig

import (
	"testing"
	"time"
)

func TestAsk(t *testing.T) {
	c, err := Start(t.Context(), Program{Path: "cat", CPU: AnyCPU, Procs: 1, Asked: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	for _, line := range []string{"one", "", "three"} {
		if got, err := c.Ask(t.Context(), line, 10*time.Second); err != nil || got != line {
			t.Errorf("Ask(%q) = %q, %v", line, got, err)
		}
	}
}

// TestAskFails has a process that ends, and one that does not answer.
func TestAskFails(t *testing.T) {
	for name, p := range map[string]Program{
		"ends":   {Path: "true", CPU: AnyCPU, Procs: 1, Asked: true},
		"silent": {Path: "sleep", Args: []string{"20"}, CPU: AnyCPU, Procs: 1, Asked: true},
	} {
		c, err := Start(t.Context(), p)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := c.Ask(t.Context(), "line", 100*time.Millisecond); err == nil {
			t.Errorf("%s: answered %q", name, got)
		}
		c.Stop()
	}
}

func TestServerEnvironment(t *testing.T) {
	c, err := Start(t.Context(), Program{
		Path: "sh", Args: []string{"-c", "read line; echo $GOGC $GOMAXPROCS $MORE"}, Env: []string{"MORE=x"},
		CPU: AnyCPU, Procs: 3, Asked: true,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Stop()
	if got, err := c.Ask(t.Context(), "", 10*time.Second); err != nil || got != "100 3 x" {
		t.Errorf("%q, %v", got, err)
	}
}
