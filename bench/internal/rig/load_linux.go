package rig

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// A Load is how a server is loaded, and from where.
type Load struct {
	Path     string // of the executable bench/load
	CPU      int    // the processor it is pinned to
	Conns    int
	Inflight int           // requests in flight on each connection
	Kind     string        // what is asked for, as bench/load names it
	Warmup   time.Duration // time before the window
	Window   time.Duration
}

// Run lets the load measure s once. A run with errors is no measurement.
func (l Load) Run(ctx context.Context, s *Server) (measure.Run, error) {
	return l.run(ctx, s, "-watch", strconv.Itoa(s.PID), "-kind", l.Kind, "-inflight", strconv.Itoa(l.Inflight))
}

// RunClient is Run for a client that loads and measures itself; Path is its own, CPU
// where it runs. Inflight and Kind have no meaning.
func (l Load) RunClient(ctx context.Context, s *Server) (measure.Run, error) { return l.run(ctx, s) }

func (l Load) run(ctx context.Context, s *Server, more ...string) (measure.Run, error) {
	args := append([]string{
		"-addr", s.Addr, "-conns", strconv.Itoa(l.Conns), "-warmup", l.Warmup.String(), "-window", l.Window.String(),
	}, more...)
	out, err := Output(ctx, l.CPU, l.Warmup+l.Window, l.Path, args...)
	if err != nil {
		return measure.Run{}, err
	}
	var run measure.Run
	if err := json.Unmarshal(out, &run); err != nil {
		return measure.Run{}, fmt.Errorf("rig: %s printed %q: %w", filepath.Base(l.Path), out, err)
	}
	return run, Usable(run)
}

// Usable refuses runs whose figures would mislead.
func Usable(run measure.Run) error {
	switch {
	case run.Errors != 0:
		return fmt.Errorf("rig: %d connections failed", run.Errors)
	case run.Requests == 0 || run.Seconds <= 0:
		return errors.New("rig: no answer in the window")
	case run.ServerCPU <= 0:
		return errors.New("rig: no CPU time was used")
	}
	return nil
}

// Output runs a load generator on a processor and returns what it prints. One
// that outlives the time it should take by 15 s is ended.
func Output(ctx context.Context, cpu int, takes time.Duration, path string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, takes+15*time.Second)
	defer cancel()
	name := filepath.Base(path)
	var stdout, stderr bytes.Buffer
	cmd := child(ctx, path, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=100")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := StartOn(cpu, cmd); err != nil {
		return nil, fmt.Errorf("rig: %s: %w", name, err)
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("rig: %s: %w\n%s", name, err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		os.Stderr.Write(stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
