package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/bench/internal/measure"
)

// build compiles the load and the plan's servers into dir.
func build(ctx context.Context, p plan, dir string) error {
	packages := []string{module + "/load"}
	for _, s := range p.servers {
		pkg, err := program(s)
		if err != nil {
			return err
		}
		packages = append(packages, pkg)
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", dir + string(filepath.Separator)}, packages...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("compare: build: %w", err)
	}
	return nil
}

// child prepares a program that ends with ctx, first by SIGTERM, or with this
// process, whatever ends it.
func child(ctx context.Context, path string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 2 * time.Second
	return cmd
}

// server is one running server process.
type server struct {
	addr string
	pid  int
	stop func() // ends the process and waits for it
}

// startServer starts a server on a free port and returns when it accepts.
func startServer(ctx context.Context, p plan, c cores, dir, name string) (*server, error) {
	addr, err := freeAddr()
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	var stderr bytes.Buffer
	cmd := child(ctx, filepath.Join(dir, name), arguments(name, addr)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(p.procs), "GOGC=100")
	cmd.Stderr = &stderr
	if err := startOn(c.server, cmd); err != nil {
		cancel()
		return nil, fmt.Errorf("compare: %s: %w", name, err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); close(ended) }()
	s := &server{addr: addr, pid: cmd.Process.Pid, stop: func() {
		cancel()
		for range ended {
		}
	}}
	if err := s.accepts(ctx, ended); err != nil {
		s.stop()
		return nil, fmt.Errorf("compare: %s: %w\n%s", name, err, stderr.Bytes())
	}
	return s, nil
}

// accepts waits until the server takes a connection, for at most 5 s.
func (s *server) accepts(ctx context.Context, ended <-chan error) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", s.addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-ended:
			return fmt.Errorf("ended before it accepted: %v", err)
		case <-ctx.Done():
			return fmt.Errorf("does not accept: %w", ctx.Err())
		case <-retry.C:
		}
	}
}

// freeAddr finds a port that is free now. Another process may take it before
// the server does; the server then says so and the comparison ends.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}

// runLoad runs the load once against s. A run with errors is no measurement.
func runLoad(ctx context.Context, p plan, c cores, dir string, s *server) (measure.Run, error) {
	out, err := output(ctx, p, c, filepath.Join(dir, "load"),
		"-addr", s.addr, "-watch", strconv.Itoa(s.pid),
		"-conns", strconv.Itoa(p.conns), "-inflight", strconv.Itoa(p.inflight),
		"-warmup", p.warmup.String(), "-window", p.window().String())
	if err != nil {
		return measure.Run{}, err
	}
	var run measure.Run
	if err := json.Unmarshal(out, &run); err != nil {
		return measure.Run{}, fmt.Errorf("compare: the load printed %q: %w", out, err)
	}
	return run, usable(run)
}

// usable refuses runs whose figures would mislead.
func usable(run measure.Run) error {
	switch {
	case run.Errors != 0:
		return fmt.Errorf("compare: %d connections failed", run.Errors)
	case run.Requests == 0 || run.Seconds <= 0:
		return errors.New("compare: no answer in the window")
	case run.ServerCPU <= 0:
		return errors.New("compare: the server used no CPU time")
	}
	return nil
}

// output runs a load generator on its core and returns what it prints. One
// that outlives its window by 15 s is ended.
func output(ctx context.Context, p plan, c cores, path string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, p.warmup+p.window()+15*time.Second)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := child(ctx, path, args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "GOGC=100")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := startOn(c.load, cmd); err != nil {
		return nil, fmt.Errorf("compare: load: %w", err)
	}
	if err := cmd.Wait(); err != nil {
		return nil, fmt.Errorf("compare: load: %w\n%s", err, stderr.Bytes())
	}
	if stderr.Len() > 0 {
		os.Stderr.Write(stderr.Bytes())
	}
	return stdout.Bytes(), nil
}
