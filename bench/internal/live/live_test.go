package live

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
)

func TestAnswer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "heap")
	var out strings.Builder
	answer(strings.NewReader(Ask+"\n"+AskProfile+" "+path+"\n"+AskProfile+" /\nwhat\n"), &out)
	lines := strings.Split(out.String(), "\n")
	if len(lines) != 5 {
		t.Fatalf("answered %q", lines)
	}
	if n, err := strconv.ParseUint(lines[0], 10, 64); err != nil || n == 0 {
		t.Errorf("live: %q", lines[0])
	}
	if info, err := os.Stat(path); lines[1] != "ok" || err != nil || info.Size() == 0 {
		t.Errorf("profile: %q, %v", lines[1], err)
	}
	if lines[2] == "ok" || lines[3] == "ok" {
		t.Errorf("a profile into a directory and nonsense: %q", lines[2:4])
	}
}

// TestBytesCountsWhatIsHeld has a megabyte that is held, and one that is not.
func TestBytesCountsWhatIsHeld(t *testing.T) {
	const size = 1 << 20
	before := Bytes()
	held, dropped := make([]byte, size), make([]byte, size)
	dropped[0] = 1
	grown := int64(Bytes() - before)
	runtime.KeepAlive(held)
	if grown < size*3/4 || grown > size*5/4 {
		t.Errorf("grown by %d bytes, want about %d", grown, size)
	}
}
