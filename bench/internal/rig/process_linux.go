package rig

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"time"
)

// AnyCPU as a program's processor means that it is not pinned.
const AnyCPU = -1

// A Program is a child as it is to be started. It runs with GOGC=100.
type Program struct {
	Path  string   // of the executable
	Args  []string // a server gets -addr besides, which every one of this module takes
	Env   []string // added to the environment
	CPU   int      // the processor it is pinned to, or AnyCPU
	Procs int      // its GOMAXPROCS
	Asked bool     // Ask will be used; without it the standard input is empty
}

// A Process is one running child. It belongs to one goroutine.
type Process struct {
	PID int

	name   string
	cancel context.CancelFunc
	ended  chan error
	in     io.WriteCloser // nil: not Asked
	out    lines
	stderr bytes.Buffer
}

// Start starts a program.
func Start(ctx context.Context, p Program) (*Process, error) {
	ctx, cancel := context.WithCancel(ctx)
	c := &Process{name: filepath.Base(p.Path), cancel: cancel, ended: make(chan error, 1)}
	c.out.came = make(chan struct{}, 1)
	cmd := child(ctx, p.Path, p.Args...)
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(p.Procs), "GOGC=100")
	cmd.Env = append(cmd.Env, p.Env...)
	cmd.Stdout, cmd.Stderr = &c.out, &c.stderr
	var err error
	if p.Asked {
		c.in, err = cmd.StdinPipe()
	}
	if err == nil {
		err = start(cmd, p.CPU)
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("rig: %s: %w", c.name, err)
	}
	c.PID = cmd.Process.Pid
	go func() { c.ended <- cmd.Wait(); close(c.ended) }()
	return c, nil
}

func start(cmd *exec.Cmd, cpu int) error {
	if cpu == AnyCPU {
		return cmd.Start()
	}
	return StartOn(cpu, cmd)
}

// Stop ends the process, waits for it, and returns what it wrote to standard
// output, as far as Ask has not. It may be called again.
func (c *Process) Stop() string {
	c.cancel()
	for range c.ended {
	}
	return c.out.rest()
}

// Ask sends a line and returns the one that the process answers, if that comes in
// time.
func (c *Process) Ask(ctx context.Context, line string, within time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	if _, err := io.WriteString(c.in, line+"\n"); err != nil {
		return "", c.Explain(fmt.Errorf("asked %q: %w", line, err))
	}
	for {
		if answer, ok := c.out.next(); ok {
			return answer, nil
		}
		select {
		case <-c.out.came:
		case err := <-c.ended:
			return "", c.Explain(fmt.Errorf("ended when asked %q: %v", line, err))
		case <-ctx.Done():
			return "", fmt.Errorf("rig: %s: no answer to %q: %w", c.name, line, ctx.Err())
		}
	}
}

// Explain ends the process and adds to err what it said on standard error.
func (c *Process) Explain(err error) error {
	c.Stop()
	return fmt.Errorf("rig: %s: %w\n%s", c.name, err, c.stderr.Bytes())
}

// lines is a child's standard output. Package exec writes it on a goroutine of its
// own.
type lines struct {
	came chan struct{} // something has; capacity 1

	mu  sync.Mutex // guards the rest
	all bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	l.all.Write(p)
	l.mu.Unlock()
	select {
	case l.came <- struct{}{}:
	default:
	}
	return len(p), nil
}

// next takes a line, if one is whole, without its end.
func (l *lines) next() (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	end := bytes.IndexByte(l.all.Bytes(), '\n')
	if end < 0 {
		return "", false
	}
	line := string(l.all.Next(end + 1))
	return line[:end], true
}

func (l *lines) rest() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}
