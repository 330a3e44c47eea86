package measure

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// AnonymousMemory is the resident memory of process pid that no file stands behind
// (RssAnon of proc(5)), in bytes: its heap and stacks, without the program itself.
// The kernel's own memory for its sockets does not count.
func AnonymousMemory(pid int) (uint64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("measure: %w", err)
	}
	return rssAnon(string(status))
}

func rssAnon(status string) (uint64, error) {
	for line := range strings.Lines(status) {
		if value, ok := strings.CutPrefix(line, "RssAnon:"); ok {
			if number, ok := strings.CutSuffix(strings.TrimSpace(value), " kB"); ok {
				if kib, err := strconv.ParseUint(number, 10, 54); err == nil {
					return kib << 10, nil
				}
			}
			return 0, fmt.Errorf("measure: RssAnon is %q", value)
		}
	}
	return 0, fmt.Errorf("measure: no RssAnon in %d bytes of status", len(status))
}
