package measure

import (
	"os"
	"testing"
)

func TestProcessCPUAdvancesWithWork(t *testing.T) {
	before, err := ProcessCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	sum := 0
	for i := range 1_000_000 {
		sum += i % 7
	}
	after, err := ProcessCPU(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if after <= before {
		t.Errorf("%v, then %v after work (%d)", before, after, sum)
	}
}

func TestProcessCPUUnknownProcess(t *testing.T) {
	if _, err := ProcessCPU(1 << 27); err == nil { // above the kernel's largest process id, 2^22
		t.Error("no error for a process that does not exist")
	}
}
