package zonda_test

import (
	"fmt"
	"go/ast"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestFromTornado wants every item of the table to be there, each with a test of
// this module that exists, or a word on why there is none.
func TestFromTornado(t *testing.T) {
	text, err := os.ReadFile("docs/from-tornado.md")
	if err != nil {
		t.Fatal(err)
	}
	all, err := readTree(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range checkTable(string(text), tornadoItems(), all) {
		t.Error(wrong)
	}
}

// tornadoItems are the numbers of Tornado's behaviours for loop, futures, coroutines,
// locks, queues, streams, the HTTP server and client, and WebSocket.
func tornadoItems() (items []string) {
	for _, r := range []struct {
		format string
		n      int
	}{{"1.%02d", 62}, {"I%02d", 52}, {"G%02d", 43}, {"C%02d", 5}, {"L%02d", 10}, {"Q%02d", 11}, {"S%02d", 43}, {"T%02d", 27}, {"A%02d", 57}, {"H%02d", 51}, {"W%02d", 32}} {
		for i := range r.n {
			items = append(items, fmt.Sprintf(r.format, i+1))
		}
	}
	return items
}

var (
	itemRow   = regexp.MustCompile(`^\| *([0-9]\.[0-9]{2}|[IGCLQSTAHW][0-9]{2}) *\|`)
	namedTest = regexp.MustCompile("`([a-z0-9/]+)\\.((?:Test|Example|Fuzz)[A-Za-z0-9_]*)`")
)

func checkTable(text string, items []string, all []source) (wrong []string) {
	tests := testNames(all)
	seen := map[string]bool{}
	for n, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "| item") || strings.HasPrefix(line, "| ---") {
			continue
		}
		at := fmt.Sprintf("line %d: ", n+1)
		if m := itemRow.FindStringSubmatch(line); m != nil {
			if seen[m[1]] {
				wrong = append(wrong, at+m[1]+" is there twice")
			}
			if !slices.Contains(items, m[1]) {
				wrong = append(wrong, at+m[1]+" is no item")
			}
			seen[m[1]] = true
		}
		named := namedTest.FindAllStringSubmatch(line, -1)
		for _, m := range named {
			if !tests[m[1]+"."+m[2]] {
				wrong = append(wrong, at+"there is no "+m[2]+" in "+m[1])
			}
		}
		if len(named) == 0 && !strings.Contains(line, "not built, because ") && !strings.Contains(line, "not built yet") {
			wrong = append(wrong, at+"names no test, and does not say why")
		}
	}
	for _, item := range items {
		if !seen[item] {
			wrong = append(wrong, item+" is missing")
		}
	}
	return wrong
}

// testNames is the tests, examples and fuzz targets of the module, each with its
// folder before it.
func testNames(all []source) map[string]bool {
	names := map[string]bool{}
	for _, s := range all {
		if !s.test {
			continue
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil {
				names[s.dir+"."+f.Name.Name] = true
			}
		}
	}
	return names
}

func TestFromTornadoBites(t *testing.T) {
	all := fakeTree(t,
		"loop/a_test.go", "package loop\nfunc TestA() {}\nfunc (x T) TestM() {}",
		"loop/b.go", "package loop\nfunc TestB() {}")
	for _, tt := range []struct{ name, row, wrong string }{
		{"test", "| 1.01 | x | `loop.TestA` |", ""},
		{"reason", "| 1.01 | not built, because so | |", ""},
		{"later", "| 1.01 | not built yet: x | |", ""},
		{"neither", "| 1.01 | x | |", "names no test"},
		{"no such test", "| 1.01 | x | `loop.TestC` |", "no TestC in loop"},
		{"other package", "| 1.01 | x | `stream.TestA` |", "no TestA in stream"},
		{"method", "| 1.01 | x | `loop.TestM` |", "no TestM"},
		{"no test file", "| 1.01 | x | `loop.TestB` |", "no TestB"},
		{"missing", "| x | x | `loop.TestA` |", "1.01 is missing"},
		{"unknown", "| 1.01 | x | `loop.TestA` |\n| I01 | x | `loop.TestA` |", "I01 is no item"},
		{"twice", "| 1.01 | x | `loop.TestA` |\n| 1.01 | x | `loop.TestA` |", "twice"},
		{"a row without number", "| 1.01 | x | `loop.TestA` |\n| `add_callback` | x | |", "names no test"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, checkTable(tt.row, []string{"1.01"}, all), tt.wrong)
		})
	}
}
