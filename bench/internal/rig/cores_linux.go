package rig

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Cores says where the two sides of a measurement run.
type Cores struct {
	Server, Load int
	Note         string // a doubt about the choice, for the reader of the figures
}

// ChooseCores takes the first processor this process may use for the server,
// and for the load the first other one that is not a hardware thread of the
// same core.
func ChooseCores() (Cores, error) {
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		return Cores{}, fmt.Errorf("rig: affinity: %w", err)
	}
	var allowed []int
	for cpu := 0; len(allowed) < set.Count(); cpu++ {
		if set.IsSet(cpu) {
			allowed = append(allowed, cpu)
		}
	}
	if len(allowed) < 2 {
		return Cores{}, errors.New("rig: one processor only: server and load would share it, and the figures would mean nothing")
	}
	c := Cores{Server: allowed[0], Load: allowed[1]}
	siblings, err := siblingsOf(c.Server)
	if err != nil {
		c.Note = "whether the two share a core is unknown"
		return c, nil
	}
	for _, cpu := range allowed[1:] {
		if !slices.Contains(siblings, cpu) {
			c.Load = cpu
			return c, nil
		}
	}
	c.Note = "both are hardware threads of ONE core: they slow each other down"
	return c, nil
}

func siblingsOf(cpu int) ([]int, error) {
	b, err := os.ReadFile(fmt.Sprintf("/sys/devices/system/cpu/cpu%d/topology/thread_siblings_list", cpu))
	if err != nil {
		return nil, err
	}
	return parseCPUList(strings.TrimSpace(string(b)))
}

// parseCPUList reads the kernel's list format, "0,4-6".
func parseCPUList(s string) ([]int, error) {
	var list []int
	for part := range strings.SplitSeq(s, ",") {
		first, last, isRange := strings.Cut(part, "-")
		if !isRange {
			last = first
		}
		from, err1 := strconv.Atoi(first)
		to, err2 := strconv.Atoi(last)
		if err := errors.Join(err1, err2); err != nil {
			return nil, err
		}
		for cpu := from; cpu <= to; cpu++ {
			list = append(list, cpu)
		}
	}
	return list, nil
}

// StartOn starts cmd with all its threads on one processor. A child inherits
// the affinity of the thread that forks it, so this thread moves there for
// the moment of the fork; nothing of cmd ever runs elsewhere.
func StartOn(cpu int, cmd *exec.Cmd) error {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, only unix.CPUSet
	if err := unix.SchedGetaffinity(0, &before); err != nil {
		return err
	}
	only.Set(cpu)
	if err := unix.SchedSetaffinity(0, &only); err != nil {
		return err
	}
	err := cmd.Start()
	return errors.Join(err, unix.SchedSetaffinity(0, &before))
}
