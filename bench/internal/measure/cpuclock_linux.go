package measure

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// cpuClockSched selects the scheduler's exact run time (CPUCLOCK_SCHED in the
// kernel's posix-timers.h), in nanoseconds and for all threads together.
// The figures in /proc/PID/stat come in ticks of 10 ms.
const cpuClockSched = 2

// ProcessCPU returns the CPU time, user and system, that process pid has used
// so far. It may be any process that can be seen, not only a child.
func ProcessCPU(pid int) (time.Duration, error) {
	var ts unix.Timespec
	clock := int32(^pid)<<3 | cpuClockSched
	if err := unix.ClockGettime(clock, &ts); err != nil {
		return 0, fmt.Errorf("measure: CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(ts.Nano()), nil
}
