package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestIdle measures every server with few connections: the figures mean nothing, but
// every part is there.
func TestIdle(t *testing.T) {
	p := plan{subjects: subjects(), base: 2, n: 20, wait: 10 * time.Millisecond, profiles: t.TempDir()}
	var out strings.Builder
	if err := measureAll(t.Context(), p, &out); err != nil {
		t.Fatal(err)
	}
	for _, s := range p.subjects {
		if !strings.Contains(out.String(), "| "+s.name+" |") {
			t.Errorf("no row for %s in\n%s", s.name, out.String())
		}
		if info, err := os.Stat(filepath.Join(p.profiles, s.name+".heap")); err != nil || info.Size() == 0 {
			t.Errorf("%s: no profile: %v", s.name, err)
		}
	}
}
