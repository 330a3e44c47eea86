package main

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// ticksPerSecond is USER_HZ, which is the same on every machine that Go runs on.
const ticksPerSecond = 100

// descriptors is how many the program has.
func (p *process) descriptors() int {
	p.t.Helper()
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		p.t.Fatal(err)
	}
	return len(all)
}

// resident is how many bytes of memory the program has (VmRSS).
func (p *process) resident() int {
	p.t.Helper()
	text := p.proc("status")
	_, rest, ok := strings.Cut(text, "VmRSS:")
	var kb int
	if _, err := fmt.Sscan(rest, &kb); !ok || err != nil {
		p.t.Fatalf("no VmRSS in %q: %v", text, err)
	}
	return kb << 10
}

// cpu is the processor time that the program has used.
func (p *process) cpu() time.Duration {
	p.t.Helper()
	// Its name, which may contain anything, ends with the last parenthesis.
	text := p.proc("stat")
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	var user, system int // fields 14 and 15 of proc(5), of which the first two are gone
	if _, err := fmt.Sscan(fields[11]+" "+fields[12], &user, &system); err != nil {
		p.t.Fatal(err)
	}
	return time.Duration(user+system) * time.Second / ticksPerSecond
}

func (p *process) proc(file string) string {
	p.t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", p.cmd.Process.Pid, file))
	if err != nil {
		p.t.Fatal(err)
	}
	return string(text)
}

// until waits for what the kernel tells no one about.
func (p *process) until(what string, holds func() bool) {
	p.t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	timeout := time.After(bound / 2)
	for !holds() {
		select {
		case <-tick.C:
		case <-timeout:
			p.t.Fatalf("not in time: %s", what)
		}
	}
}
