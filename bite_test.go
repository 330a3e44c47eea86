package zonda_test

import (
	"strings"
	"testing"
)

// TestChecksBite shows each check a tree that breaks its rule and one beside it
// that keeps it.
func TestChecksBite(t *testing.T) {
	const m = `"` + module + `/`
	for _, tt := range []struct {
		name  string
		run   func([]source) []string
		path  string
		text  string
		wrong string // part of the complaint; "" if the file keeps the rule
	}{
		{"downwards", checkArrows, "stream/a.go", "package stream\nimport " + m + `loop"`, ""},
		{"upwards", checkArrows, "loop/a.go", "package loop\nimport " + m + `stream"`, "loop may not import stream"},
		{"other platform", checkArrows, "loop/a_windows.go", "package loop\nimport " + m + `stream"`, "a_windows.go"},
		{"root", checkArrows, "internal/poll/a.go", "package poll\nimport \"" + module + `"`, "may not import ."},
		{"unknown", checkArrows, "util/a.go", "package util", "util: unknown package"},
		{"unknown below known", checkArrows, "loop/deep/a.go", "package deep", "loop/deep: unknown package"},
		{"test kit in a test", checkArrows, "loop/a_test.go", "package loop_test\nimport " + m + `looptest"`, ""},
		{"itself in a test", checkArrows, "loop/a_test.go", "package loop_test\nimport " + m + `loop"`, ""},
		{"test kit in code", checkArrows, "stream/a.go", "package stream\nimport " + m + `looptest"`, "stream may not import looptest"},
		{"upwards in a test", checkArrows, "loop/a_test.go", "package loop_test\nimport " + m + `http1"`, "loop may not import http1"},
		{"example", checkArrows, "examples/x/main.go", "package main\nimport " + m + `http1"`, ""},
		{"example reaching in", checkArrows, "examples/x/main.go", "package main\nimport " + m + `internal/poll"`, "may not import internal/poll"},

		{"system calls", checkModules, "internal/sock/a.go", `package sock; import "golang.org/x/sys/unix"`, ""},
		{"system calls elsewhere", checkModules, "loop/a.go", `package loop; import "golang.org/x/sys/unix"`, "may not import golang.org/x/sys"},
		{"similar name", checkModules, "internal/sock/a.go", `package sock; import "golang.org/x/system"`, "may not import"},
		{"test module", checkModules, "loop/a_test.go", `package loop; import "go.uber.org/goleak"`, ""},
		{"test module in code", checkModules, "loop/a.go", `package loop; import "go.uber.org/goleak"`, "may not import go.uber.org/goleak"},
		{"unknown module", checkModules, "loop/a_test.go", `package loop; import "example.com/assert"`, "may not import example.com/assert"},
		{"own module", checkModules, "http1/a.go", "package http1\nimport " + m + `loop"`, ""},
		{"C", checkModules, "loop/a.go", `package loop; import "C"`, "may not import C"},

		{"pure", checkNoIO, "internal/httpwire/a.go", `package httpwire; import "bytes"`, ""},
		{"addresses", checkNoIO, "internal/httpwire/a.go", `package httpwire; import "net/netip"`, ""},
		{"clock", checkNoIO, "internal/httpwire/a.go", `package httpwire; import "time"`, "may not import time"},
		{"below net", checkNoIO, "internal/httpwire/a.go", `package httpwire; import "net/http"`, "may not import net/http"},
		{"I/O in its test", checkNoIO, "internal/httpwire/a_test.go", `package httpwire; import "net/http"`, ""},
		{"I/O elsewhere", checkNoIO, "loop/a.go", `package loop; import "time"`, ""},

		{"race off", checkNoRaceOff, "loop/a.go", "package loop\n\n//go:norace\nfunc f() {}", "a.go:3:1: the race detector"},
		{"race off named", checkNoRaceOff, "loop/a.go", "package loop\n\n// No //go:norace here.\nfunc f() {}", ""},

		{"init", checkNoInit, "loop/a.go", "package loop\nfunc init() {}", "a.go:2:1: nothing happens"},
		{"init method", checkNoInit, "loop/a.go", "package loop\ntype t int\nfunc (t) init() {}", ""},
		{"init in a test", checkNoInit, "loop/a_test.go", "package loop\nfunc init() {}", ""},

		{"sleep", checkNoSleep, "loop/a_test.go", "package loop\nimport \"time\"\nfunc f() { time.Sleep(1) }", "a_test.go:3:12: a test waits"},
		{"sleep renamed", checkNoSleep, "loop/a_test.go", "package loop\nimport t \"time\"\nvar f = t.Sleep", "a_test.go:3:9"},
		{"sleep dotted", checkNoSleep, "loop/a_test.go", "package loop\nimport . \"time\"\nvar f = Sleep", "a_test.go:3:9"},
		{"loop.Sleep", checkNoSleep, "loop/a_test.go", "package x\nimport \"time\"\nvar f = loop.Sleep\nvar _ time.Time", ""},
		{"sleep in code", checkNoSleep, "loop/a.go", "package loop\nimport \"time\"\nvar f = time.Sleep", ""},

		{"race tag", checkRaceTag, "loop/a.go", "//go:build linux && !race\n\npackage loop", "only internal/owner"},
		{"race tag in a test", checkRaceTag, "loop/a_test.go", "//go:build race\n\npackage loop", "only internal/owner"},
		{"race tag at home", checkRaceTag, "internal/owner/a.go", "//go:build race\n\npackage owner", ""},
		{"another tag", checkRaceTag, "loop/a.go", "//go:build linux\n\npackage loop", ""},

		{"not drawn", checkMap, "loop/a.go", "package loop", "loop: not on the map"},
		{"example not drawn", checkMap, "examples/x/a.go", "package main", "examples: not on the map"},
		{"drawn", checkMap, "stream/a.go", "package stream", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, tt.run(fakeTree(t, tt.path, tt.text, "doc.go", "// Package m.\n//\n//\tstream  bytes in order\npackage m")), tt.wrong)
		})
	}
}

// expect wants no complaint, or exactly one with part in it.
func expect(t *testing.T, wrong []string, part string) {
	t.Helper()
	switch {
	case part == "" && len(wrong) == 0:
	case part != "" && len(wrong) == 1 && strings.Contains(wrong[0], part):
	default:
		t.Errorf("complaints %q, want %q", wrong, part)
	}
}
