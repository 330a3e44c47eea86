package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"go.uber.org/goleak"
)

// roles are what this binary does as a child of its own tests, by the variable that
// asks for it.
var roles = map[string]func(value string) error{
	limitedRole: runLimited,
	stormRole:   runStorm}

func TestMain(m *testing.M) {
	for name, run := range roles {
		if value := os.Getenv(name); value != "" {
			if err := run(value); err != nil {
				fmt.Fprintln(os.Stderr, err)
				os.Exit(1)
			}
			os.Exit(0)
		}
	}
	goleak.VerifyTestMain(tests{m})
}

// program is where the built program is, for all tests.
var program string

// tests are run with the program built.
type tests struct{ m *testing.M }

func (s tests) Run() int {
	dir, err := os.MkdirTemp("", "tcpecho")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "tcpecho.exe")
	if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "go build: %v\n%s", err, out)
		return 1
	}
	return s.m.Run()
}

func deep() bool { return os.Getenv("ZONDA_DEEP") == "1" }
