// Command seeds runs the four sample programs that zonda starts from, one after
// another, in Go: a future with a callback (P1), a coroutine that fetches a page
// (P2), one that waits twice (P3), and one that waits for a callback (P4). Each was
// written for Tornado, and would then idle; here it ends.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
)

func main() {
	scale := flag.Float64("scale", 1, "what all waits are multiplied by")
	flag.Parse()
	if err := runAll(os.Stdout, *scale); err != nil {
		fmt.Fprintln(os.Stderr, "seeds:", err)
		os.Exit(1)
	}
}

func runAll(out io.Writer, scale float64) error {
	for i, program := range []func(*stage) error{p1, p2, p3, p4} {
		fmt.Fprintf(out, "== P%d\n", i+1)
		if err := run(program, out, scale); err != nil {
			return fmt.Errorf("program P%d: %w", i+1, err)
		}
	}
	return nil
}

// run gives a program a loop of its own.
func run(program func(*stage) error, out io.Writer, scale float64) error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	return program(&stage{l, out, scale})
}

// A stage is what a program plays on.
type stage struct {
	l     *loop.Loop
	out   io.Writer
	scale float64
}

func (s *stage) print(format string, args ...any) { fmt.Fprintf(s.out, format+"\n", args...) }

func (s *stage) seconds(n float64) time.Duration {
	return time.Duration(n * s.scale * float64(time.Second))
}

// until runs the loop until the future is done, and returns its error.
func (s *stage) until(future *loop.Future[struct{}]) error {
	future.OnDone(func(*loop.Future[struct{}]) { s.l.Stop() })
	if err := s.l.Run(); err != nil {
		return err
	}
	_, err := future.Result()
	return err
}

// show is a future's state and its address, so that one can tell whether two lines
// are about the same future.
func show(future fmt.Stringer) string { return fmt.Sprintf("%v at %p", future, future) }
