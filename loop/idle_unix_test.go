//go:build unix

package loop_test

import (
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// idleVariable makes this test binary an idle process with one loop.
const idleVariable = "ZONDA_TEST_IDLE"

// An idle process with one loop sleeps once and then does nothing: it uses no more CPU
// than one that has ended would. The bar on CPU is for a minute, and for ZONDA_DEEP.
func TestIdleProcess(t *testing.T) {
	if d, err := time.ParseDuration(os.Getenv(idleVariable)); err == nil {
		idle(t, d)
		return
	}
	d, limit := time.Second/2, time.Hour
	if deep() {
		d, limit = time.Minute, 100*time.Millisecond // what a start of the test binary takes
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestIdleProcess$", "-test.v")
	cmd.Env = append(os.Environ(), idleVariable+"="+d.String())
	out, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "slept once") {
		t.Fatalf("%v:\n%s", err, out)
	}
	usage := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	used := time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	t.Logf("idle for %v it used %v of CPU", d, used)
	if used > limit {
		t.Errorf("idle for %v it used %v of CPU", d, used)
	}
}

// idle is the child: a loop whose only timer is the one that ends it.
func idle(t *testing.T, d time.Duration) {
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.After(d, l.Stop)
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	if s := l.Stats(); s.Sleeps == 1 && s.Iterations <= 3 {
		t.Log("slept once")
	} else {
		t.Errorf("%d sleeps, %d iterations", s.Sleeps, s.Iterations)
	}
}
