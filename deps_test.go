package zonda_test

import (
	"fmt"
	"go/ast"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/zonda-go/zonda"

// arrows is the architecture: each package, and the packages of this module that
// it may import. "public" stands for every package that other modules can use.
const arrows = `
.:
internal/owner:
internal/poll:
internal/poll/polltest: internal/poll
internal/sock:
internal/httpwire:
internal/wswire:
internal/wswire/wscases:
internal/proxyproto:
internal/browsertest:   loop stream websocket
internal/nginxtest:
loop:                   internal/owner internal/poll
stream:                 loop internal/poll internal/sock internal/proxyproto
http1:                  loop stream internal/httpwire
websocket:              loop stream http1 internal/wswire
looptest:               loop stream internal/poll
examples/*:             public
`

// testArrows is what test files may import besides.
const testArrows = "looptest internal/poll/polltest internal/wswire/wscases internal/browsertest internal/nginxtest"

// modules is which other modules (or packages of them) may be imported, and
// where; "tests" stands for every test file.
const modules = `
golang.org/x/sys:         internal/poll internal/sock
github.com/klauspost/compress/flate: websocket
go.uber.org/goleak:       tests
pgregory.net/rapid:       tests
golang.org/x/net/nettest: tests
`

// noIO is the packages that only turn bytes into events, and what they must do
// without for that.
const noIO = `
internal/httpwire:   net os sync syscall time io
internal/wswire:     net os sync syscall time io
internal/proxyproto: net os sync syscall time io
`

// A check looks at a tree and returns what is wrong with it.
type check struct {
	name string
	run  func([]source) []string
}

var checks = []check{
	{"imports within the module", checkArrows},
	{"imports of other modules", checkModules},
	{"no I/O in the grammars", checkNoIO},
	{"no directive against the race detector", checkNoRaceOff},
	{"no init functions", checkNoInit},
	{"no sleeping tests", checkNoSleep},
	{"race tag", checkRaceTag},
	{"map in doc.go", checkMap},
}

func TestArchitecture(t *testing.T) {
	all, err := readTree(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			for _, wrong := range c.run(all) {
				t.Error(wrong)
			}
		})
	}
}

func checkArrows(all []source) (wrong []string) {
	table := parseTable(arrows)
	unknown := map[string]bool{}
	for _, s := range all {
		allowed, ok := lookUp(table, s.dir)
		if !ok {
			if !unknown[s.dir] {
				wrong = append(wrong, s.dir+": unknown package, add it to the arrows")
			}
			unknown[s.dir] = true
			continue
		}
		if s.test {
			// An external test package imports the package it tests.
			allowed = append(slices.Clone(allowed), s.dir)
			allowed = append(allowed, strings.Fields(testArrows)...)
		}
		for _, imp := range s.file.Imports {
			to, ok := within(importPath(imp), module)
			if !ok || slices.Contains(allowed, to) || slices.Contains(allowed, "public") && isPublic(to) {
				continue
			}
			wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s", s.at(imp), s.dir, to))
		}
	}
	return wrong
}

func checkModules(all []source) (wrong []string) {
	table := parseTable(modules)
	for _, s := range all {
		for _, imp := range s.file.Imports {
			p := importPath(imp)
			if first, _, _ := strings.Cut(p, "/"); p != "C" && !strings.Contains(first, ".") {
				continue // the standard library
			}
			if _, ours := within(p, module); ours {
				continue
			}
			if !slices.ContainsFunc(keys(table), func(mod string) bool {
				_, ok := within(p, mod)
				return ok && (slices.Contains(table[mod], s.dir) || s.test && slices.Contains(table[mod], "tests"))
			}) {
				wrong = append(wrong, fmt.Sprintf("%s: %s may not import %s", s.at(imp), s.dir, p))
			}
		}
	}
	return wrong
}

func checkNoIO(all []source) (wrong []string) {
	table := parseTable(noIO)
	for _, s := range all {
		if s.test {
			continue
		}
		for _, imp := range s.file.Imports {
			if importPath(imp) == "net/netip" {
				continue // values only
			}
			for _, banned := range table[s.dir] {
				if _, ok := within(importPath(imp), banned); ok {
					wrong = append(wrong, fmt.Sprintf("%s: %s does no I/O and may not import %s", s.at(imp), s.dir, importPath(imp)))
				}
			}
		}
	}
	return wrong
}

// checkMap wants each package, and each folder of examples as one, on the map of
// the house.
func checkMap(all []source) (wrong []string) {
	drawn := map[string]bool{}
	for _, s := range all {
		if s.path != "doc.go" || s.file.Doc == nil {
			continue
		}
		for line := range strings.Lines(s.file.Doc.Text()) {
			if fields := strings.Fields(line); line[0] == '\t' && len(fields) > 1 {
				drawn[fields[0]] = true
			}
		}
	}
	for _, s := range all {
		dir := s.dir
		if path.Dir(dir) == "examples" {
			dir = "examples"
		}
		if dir != "." && !drawn[dir] {
			wrong = append(wrong, dir+": not on the map in doc.go")
			drawn[dir] = true
		}
	}
	return wrong
}

// parseTable reads lines of "key: value value".
func parseTable(text string) map[string][]string {
	table := map[string][]string{}
	for line := range strings.Lines(text) {
		if key, values, ok := strings.Cut(line, ":"); ok {
			table[key] = strings.Fields(values)
		}
	}
	return table
}

// lookUp finds a folder's row, its own or one that ends in /*.
func lookUp(table map[string][]string, dir string) ([]string, bool) {
	if row, ok := table[dir]; ok {
		return row, true
	}
	row, ok := table[path.Dir(dir)+"/*"]
	return row, ok
}

func keys(table map[string][]string) []string {
	var all []string
	for key := range table {
		all = append(all, key)
	}
	return all
}

// within reports whether an import path is root or lies below it, and gives what
// follows root ("." for root itself).
func within(p, root string) (string, bool) {
	if p == root {
		return ".", true
	}
	return strings.CutPrefix(p, root+"/")
}

func importPath(imp *ast.ImportSpec) string {
	p, err := strconv.Unquote(imp.Path.Value)
	if err != nil {
		panic(err) // the parser has checked it
	}
	return p
}
