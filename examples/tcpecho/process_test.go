package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// bound is for everything that would otherwise hang. It is no measure of speed.
const bound = time.Minute

// A process is a running tcpecho.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr bytes.Buffer // to be read after end
	addr   net.Addr
	tls    *tls.Config // nil: none
	ended  bool
}

// kinds are the ways to be connected.
var kinds = []string{"tcp", "unix", "tls"}

// each runs a test over each kind of connection.
func each(t *testing.T, test func(t *testing.T, kind string)) {
	for _, kind := range kinds {
		t.Run(kind, func(t *testing.T) { t.Parallel(); test(t, kind) })
	}
}

// start runs the program, and ends it with the test.
func start(t *testing.T, kind string, args ...string) *process {
	t.Helper()
	return startCommand(t, kind, exec.CommandContext(ctx(t), program, args...))
}

func ctx(t *testing.T) context.Context {
	c, cancel := context.WithTimeout(context.Background(), bound)
	t.Cleanup(cancel)
	return c
}

var announcement = regexp.MustCompile(`^tcpecho: serving on (tcp|unix)://(\S+)( with TLS)? \(try: .*; Ctrl-C ends it\)\n$`)

func startCommand(t *testing.T, kind string, cmd *exec.Cmd) *process {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	p := &process{t: t, cmd: cmd}
	cmd.Args = append(cmd.Args, p.where(kind)...)
	cmd.Stderr = &p.stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if !p.ended {
			p.end(syscall.SIGTERM, "")
		}
	})
	p.stdout = bufio.NewReader(stdout)
	line, err := p.stdout.ReadString('\n')
	match := announcement.FindStringSubmatch(line)
	if match == nil || (match[3] != "") != (kind == "tls") {
		t.Fatalf("the first line is %q, %v", line, err)
	}
	if match[1] == "unix" {
		p.addr = &net.UnixAddr{Net: "unix", Name: match[2]}
	} else if p.addr, err = net.ResolveTCPAddr("tcp", match[2]); err != nil {
		t.Fatal(err)
	}
	return p
}

// where is the flags that say where to serve.
func (p *process) where(kind string) []string {
	switch kind {
	case "unix":
		return []string{"-network", "unix", "-addr", socketName(p.t)}
	case "tls":
		cert, key, config := certificate(p.t)
		p.tls = config
		return []string{"-addr", "127.0.0.1:0", "-cert", cert, "-key", key}
	}
	return []string{"-addr", "127.0.0.1:0"}
}

// socketName is a path that is short enough for a socket on every system.
func socketName(t *testing.T) string {
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// end sends the program a signal, after which it must end in good order, and wants its
// stderr to match.
func (p *process) end(sig os.Signal, stderr string) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(sig); err != nil {
		p.t.Error(err)
	}
	p.wait(stderr)
}

func (p *process) wait(stderr string) (stdout string) {
	p.t.Helper()
	p.ended = true
	rest, err := io.ReadAll(p.stdout)
	if err := errors.Join(err, p.cmd.Wait()); err != nil {
		p.t.Errorf("it ended with %v, want exit status 0", err)
	}
	if got := p.stderr.String(); !regexp.MustCompile(`^` + stderr + `$`).MatchString(got) {
		p.t.Errorf("on stderr %q, want %q", got, stderr)
	}
	return string(rest)
}
