package rig

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// AnyCPU as a program's processor means that it is not pinned.
const AnyCPU = -1

// A Program is a server as it is to be started.
type Program struct {
	Path  string   // of the executable
	Args  []string // besides -addr, which every server of this module takes
	CPU   int      // the processor it is pinned to, or AnyCPU
	Procs int      // its GOMAXPROCS
}

// A Server is one running server process. It belongs to one goroutine.
type Server struct {
	Addr string
	PID  int

	cancel context.CancelFunc
	ended  chan error
	stdout bytes.Buffer
	stderr bytes.Buffer
}

// StartServer starts a server on a free port of the loopback interface and
// returns when it accepts. It runs with GOGC=100.
func StartServer(ctx context.Context, p Program) (*Server, error) {
	name := filepath.Base(p.Path)
	addr, err := freeAddr()
	if err != nil {
		return nil, fmt.Errorf("rig: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	s := &Server{Addr: addr, cancel: cancel, ended: make(chan error, 1)}
	cmd := child(ctx, p.Path, append([]string{"-addr", addr}, p.Args...)...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(p.Procs), "GOGC=100")
	cmd.Stdout, cmd.Stderr = &s.stdout, &s.stderr
	if err := start(cmd, p.CPU); err != nil {
		cancel()
		return nil, fmt.Errorf("rig: %s: %w", name, err)
	}
	s.PID = cmd.Process.Pid
	go func() { s.ended <- cmd.Wait(); close(s.ended) }()
	if err := s.accepts(ctx); err != nil {
		s.Stop()
		return nil, fmt.Errorf("rig: %s: %w\n%s", name, err, s.stderr.Bytes())
	}
	return s, nil
}

func start(cmd *exec.Cmd, cpu int) error {
	if cpu == AnyCPU {
		return cmd.Start()
	}
	return StartOn(cpu, cmd)
}

// Stop ends the process, waits for it, and returns what it wrote to standard
// output. It may be called again.
func (s *Server) Stop() string {
	s.cancel()
	for range s.ended {
	}
	return s.stdout.String()
}

// accepts waits until the server takes a connection, for at most 5 s.
func (s *Server) accepts(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	retry := time.NewTicker(10 * time.Millisecond)
	defer retry.Stop()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", s.Addr); err == nil {
			return c.Close()
		}
		select {
		case err := <-s.ended:
			return fmt.Errorf("ended before it accepted: %v", err)
		case <-ctx.Done():
			return fmt.Errorf("does not accept: %w", ctx.Err())
		case <-retry.C:
		}
	}
}

// freeAddr finds a port that is free now. Another process may take it before
// the server does; the server then says so and the measurement ends.
func freeAddr() (string, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer ln.Close()
	return ln.Addr().String(), nil
}
