package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience bounds each subtest. It is no measure of speed: one request after
// another would take longer.
const patience = 30 * time.Second

// TestProgram asks the built program what a user would ask it.
func TestProgram(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	program := filepath.Join(t.TempDir(), "hello.exe")
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	t.Run("routes", func(t *testing.T) { testRoutes(t, start(t, program)) })
	t.Run("port in use", func(t *testing.T) { testPortInUse(t, start(t, program), program) })
	t.Run("interrupt", func(t *testing.T) { testInterrupt(t, start(t, program)) })
	t.Run("many sleepers", func(t *testing.T) { testManySleepers(t, start(t, program)) })
}

func testRoutes(t *testing.T, p *process) {
	for _, tt := range []struct {
		target string
		status int
		body   string
	}{
		{"/", 200, "Hello, World!"},
		{"/?x=1", 200, "Hello, World!"},
		{"/sleep?ms=10", 200, "slept 10\n"},
		{"/sleep?ms=0", 200, "slept 0\n"},
		{"/sleep", 400, "400 Bad Request\n"},
		{"/sleep?ms=-1", 400, "400 Bad Request\n"},
		{"/sleep?ms=60001", 400, "400 Bad Request\n"},
		{"/sleep?ms=soon", 400, "400 Bad Request\n"},
		{"/nowhere", 404, "404 Not Found\n"},
	} {
		resp, body, err := p.get(tt.target)
		if err != nil {
			t.Fatalf("GET %s: %v", tt.target, err)
		}
		if resp.StatusCode != tt.status || body != tt.body {
			t.Errorf("GET %s: %d %q, want %d %q", tt.target, resp.StatusCode, body, tt.status, tt.body)
		}
		if got, want := resp.Header.Get("Content-Length"), fmt.Sprint(len(tt.body)); got != want {
			t.Errorf("GET %s: Content-Length %q, want %q", tt.target, got, want)
		}
		if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
			t.Errorf("GET %s: Content-Type %q", tt.target, got)
		}
		if _, err := http.ParseTime(resp.Header.Get("Date")); err != nil {
			t.Errorf("GET %s: Date: %v", tt.target, err)
		}
	}
}

func testPortInUse(t *testing.T, p *process, program string) {
	var stdout, stderr bytes.Buffer
	second := exec.CommandContext(p.ctx, program, "-addr", p.addr)
	second.Stdout, second.Stderr = &stdout, &stderr
	err := second.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("it ended with %v, want exit status 1", err)
	}
	if s := stderr.String(); strings.Count(s, "\n") != 1 || !strings.HasSuffix(s, "\n") || !strings.Contains(s, p.addr) {
		t.Errorf("on stderr %q, want one line that names %s", s, p.addr)
	}
	if stdout.Len() > 0 {
		t.Errorf("on stdout %q", &stdout)
	}
	if _, body, err := p.get("/"); err != nil || body != "Hello, World!" {
		t.Errorf("the first one answers %q, %v", body, err)
	}
}

// A client that keeps its connection does not keep the program from ending.
func testInterrupt(t *testing.T, p *process) {
	if _, _, err := p.get("/"); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(p.stdout)
	if err != nil || len(rest) > 0 {
		t.Errorf("more on stdout: %q, %v", rest, err)
	}
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("it ended with %v, want exit status 0", err)
	}
	if p.stderr.Len() > 0 {
		t.Errorf("on stderr: %s", &p.stderr)
	}
}

// Every sleeper wakes. One after another they would take longer than patience, so
// they sleep at the same time.
func testManySleepers(t *testing.T, p *process) {
	sleepers, ms := 200, 200
	if os.Getenv("ZONDA_DEEP") == "1" {
		sleepers, ms = 1000, 1000
	}
	target, want := fmt.Sprintf("/sleep?ms=%d", ms), fmt.Sprintf("slept %d\n", ms)
	woken := make(chan error)
	for range sleepers {
		go func() {
			resp, body, err := p.get(target)
			if err == nil && (resp.StatusCode != 200 || body != want) {
				err = fmt.Errorf("%s %q", resp.Status, body)
			}
			woken <- err
		}()
	}
	failed := 0
	for range sleepers {
		if err := <-woken; err != nil {
			failed++
			if failed == 1 {
				t.Error(err)
			}
		}
	}
	if failed > 0 {
		t.Errorf("%d of %d failed", failed, sleepers)
	}
}
