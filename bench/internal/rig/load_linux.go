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
	out, err := Output(ctx, l.CPU, l.Warmup+l.Window, l.Path,
		"-addr", s.Addr, "-watch", strconv.Itoa(s.PID), "-kind", l.Kind,
		"-conns", strconv.Itoa(l.Conns), "-inflight", strconv.Itoa(l.Inflight),
		"-warmup", l.Warmup.String(), "-window", l.Window.String())
	if err != nil {
		return measure.Run{}, err
	}
	var run measure.Run
	if err := json.Unmarshal(out, &run); err != nil {
		return measure.Run{}, fmt.Errorf("rig: the load printed %q: %w", out, err)
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
		return errors.New("rig: the server used no CPU time")
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
