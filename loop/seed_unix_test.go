//go:build unix

package loop_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/zonda-go/zonda/loop"
)

// readyOrder is the order in which eight pipes, all ready at once, are heard of.
func readyOrder(t *testing.T, seed uint64) (order string) {
	l := machineLoop(t, &loop.Options{Seed: seed})
	if l.Seed() != seed {
		t.Fatalf("the seed is %d", l.Seed())
	}
	for i := range 8 {
		r, w, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		defer w.Close()
		if _, err := w.Write([]byte("x")); err != nil {
			t.Fatal(err)
		}
		var watch loop.Watch
		watch, err = l.Watch(int(r.Fd()), loop.Readable, loop.HandlerFunc(func(loop.Events) {
			order += fmt.Sprint(i)
			watch.Stop()
			if len(order) == 8 {
				l.Stop()
			}
		}))
		if err != nil {
			t.Fatal(err)
		}
	}
	run(t, l)
	return order
}

// Descriptors that are ready together are heard of in the seed's order.
func TestSeedOrdersDescriptors(t *testing.T) {
	seen := map[string]bool{}
	for seed := range uint64(10) {
		order := readyOrder(t, seed+1)
		if again := readyOrder(t, seed+1); again != order {
			t.Errorf("seed %d: %s, and then %s", seed+1, order, again)
		}
		seen[order] = true
	}
	if len(seen) < 5 {
		t.Errorf("10 seeds give only %d orders", len(seen))
	}
}
