package rig

import (
	"bytes"
	"os/exec"
	"slices"
	"testing"

	"golang.org/x/sys/unix"
)

func TestParseCPUList(t *testing.T) {
	tests := map[string][]int{"0": {0}, "0,4": {0, 4}, "2-4,9": {2, 3, 4, 9}}
	for in, want := range tests {
		if got, err := parseCPUList(in); err != nil || !slices.Equal(got, want) {
			t.Errorf("parseCPUList(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
	for _, bad := range []string{"", "x", "1-", "1,,2"} {
		if got, err := parseCPUList(bad); err == nil {
			t.Errorf("parseCPUList(%q) = %v, want an error", bad, got)
		}
	}
}

// TestStartOn asks a child where it may run, for each processor there is.
func TestStartOn(t *testing.T) {
	var before, after unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		t.Fatal(err)
	}
	for cpu := range 1024 {
		if !before.IsSet(cpu) {
			continue
		}
		var out bytes.Buffer
		cmd := exec.Command("grep", "Cpus_allowed_list", "/proc/self/status")
		cmd.Stdout = &out
		if err := StartOn(cpu, cmd); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Fatal(err)
		}
		_, list, _ := bytes.Cut(out.Bytes(), []byte(":"))
		if got, err := parseCPUList(string(bytes.TrimSpace(list))); err != nil || !slices.Equal(got, []int{cpu}) {
			t.Errorf("a child started on %d may run on %v, %v", cpu, got, err)
		}
	}
	if err := unix.SchedGetaffinity(0, &after); err != nil || after != before {
		t.Errorf("this thread's own affinity is not restored: %v", err)
	}
}
