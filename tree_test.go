package zonda_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strings"
	"testing"
	"testing/fstest"
)

// A source is one Go file of the root module. Files are parsed, not asked for
// from the go command: so every platform's files are seen on each platform, and
// go test knows which files a cached result rests on.
type source struct {
	path string // from the module's root, with slashes
	dir  string // its folder; "." is the root
	test bool   // whether the name ends in _test.go
	file *ast.File
	fset *token.FileSet
}

// at gives a node's place as file:line:column.
func (s source) at(n ast.Node) string { return s.fset.Position(n.Pos()).String() }

// readTree parses the Go files below fsys that belong to its module, as the go
// command would choose them but for build tags.
func readTree(fsys fs.FS) ([]source, error) {
	var all []source
	fset := token.NewFileSet()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if d.IsDir() {
			if ignored(name) || path.Base(name) == "testdata" || hasGoMod(fsys, name) {
				return fs.SkipDir
			}
			return nil
		}
		if ignored(name) || path.Ext(name) != ".go" {
			return nil
		}
		text, err := fs.ReadFile(fsys, name)
		if err != nil {
			return err
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		all = append(all, source{
			path: name,
			dir:  path.Dir(name),
			test: strings.HasSuffix(name, "_test.go"),
			file: file,
			fset: fset,
		})
		return nil
	})
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("no Go files")
	}
	return all, err
}

// ignored reports whether the go command passes over a name (go help packages).
func ignored(name string) bool {
	base := path.Base(name)
	return strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_")
}

func hasGoMod(fsys fs.FS, dir string) bool {
	_, err := fs.Stat(fsys, path.Join(dir, "go.mod"))
	return err == nil
}

// isPublic reports whether other modules can use the package in dir.
func isPublic(dir string) bool {
	first, _, _ := strings.Cut(dir, "/")
	return first != "internal" && first != "examples"
}

// fakeTree makes a tree from pairs of a path and its text.
func fakeTree(t *testing.T, pairs ...string) []source {
	t.Helper()
	fsys := fstest.MapFS{}
	for i := 0; i < len(pairs); i += 2 {
		fsys[pairs[i]] = &fstest.MapFile{Data: []byte(pairs[i+1])}
	}
	all, err := readTree(fsys)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestReadTreePassesOver(t *testing.T) {
	all := fakeTree(t,
		"go.mod", "module m",
		"a.go", "package m",
		"loop/b_windows.go", "package loop",
		"loop/c.go", "//go:build never\n\npackage loop",
		"loop/c.txt", "not Go",
		"loop/_d.go", "not Go",
		"loop/testdata/e.go", "not Go",
		".tools/f.go", "not Go",
		"bench/go.mod", "module bench",
		"bench/deep/g.go", "not Go",
	)
	var got []string
	for _, s := range all {
		got = append(got, s.path)
	}
	if got, want := strings.Join(got, " "), "a.go loop/b_windows.go loop/c.go"; got != want {
		t.Errorf("read %q, want %q", got, want)
	}
}
