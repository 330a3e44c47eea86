package main

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/looptest"
)

// On virtual time the waits take exactly what the seeds say.
func TestOnVirtualTime(t *testing.T) {
	for _, tt := range []struct {
		name    string
		program func(*stage) error
		want    string
		takes   time.Duration
	}{
		{"P1", p1, want1, 5 * time.Second},
		{"P3", p3, want3, 6 * time.Second},
		{"P4", p4, want4, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := looptest.New(t)
			var out bytes.Buffer
			began := l.Now()
			if err := tt.program(&stage{l, &out, 1}); err != nil {
				t.Fatal(err)
			}
			if got := plain(out.String()); got != tt.want {
				t.Errorf("got:\n%swant:\n%s", got, tt.want)
			}
			if took := l.Now().Sub(began); took != tt.takes {
				t.Errorf("it took %v, want %v", took, tt.takes)
			}
		})
	}
}

func TestAll(t *testing.T) {
	needsSockets(t)
	var out bytes.Buffer
	if err := runAll(&out, 0.001); err != nil {
		t.Fatal(err)
	}
	checkAll(t, out.String())
}

// The program as a user starts it.
func TestProcess(t *testing.T) {
	needsSockets(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	program := filepath.Join(t.TempDir(), "seeds.exe")
	build := exec.CommandContext(ctx, "go", "build", "-buildvcs=false", "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	var stdout, stderr bytes.Buffer
	cmd := exec.CommandContext(ctx, program, "-scale", "0.001")
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Errorf("%v, and on stderr:\n%s", err, &stderr)
	}
	checkAll(t, stdout.String())
}

func needsSockets(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("P2 needs sockets, which are not built for Windows")
	}
}

func checkAll(t *testing.T, out string) {
	t.Helper()
	for i, want := range []string{want1, want2, want3, want4} {
		heading := fmt.Sprintf("== P%d\n", i+1)
		rest, ok := strings.CutPrefix(out, heading)
		if !ok {
			t.Fatalf("no %q at the beginning of:\n%s", heading, out)
		}
		end := len(rest)
		if next := strings.Index(rest, "== P"); next >= 0 {
			end = next
		}
		if got := plain(rest[:end]); got != want {
			t.Errorf("P%d, got:\n%swant:\n%s", i+1, got, want)
		}
		out = rest[end:]
	}
	if out != "" {
		t.Errorf("there is more:\n%s", out)
	}
}
