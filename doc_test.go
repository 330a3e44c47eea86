package zonda_test

import (
	"go/ast"
	"go/token"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// TestDocs wants a doc comment that says something on every exported name of the
// public packages, and one package comment for each.
func TestDocs(t *testing.T) {
	all, err := readTree(os.DirFS("."))
	if err != nil {
		t.Fatal(err)
	}
	for _, wrong := range checkDocs(all) {
		t.Error(wrong)
	}
}

func checkDocs(all []source) []string {
	d := &docs{packages: map[string]int{}}
	for _, s := range all {
		if s.test || !isPublic(s.dir) {
			continue
		}
		d.source = s
		d.packages[s.dir] += 0
		if s.file.Doc != nil {
			d.packages[s.dir]++
		}
		for _, decl := range s.file.Decls {
			switch decl := decl.(type) {
			case *ast.FuncDecl:
				if decl.Recv == nil || ast.IsExported(baseName(decl.Recv.List[0].Type)) {
					d.name(decl.Name, decl.Doc)
				}
			case *ast.GenDecl:
				d.declaration(decl)
			}
		}
	}
	for dir, n := range d.packages {
		if n != 1 {
			d.wrong = append(d.wrong, dir+": wants a package comment in exactly one file")
		}
	}
	slices.Sort(d.wrong)
	return d.wrong
}

// docs collects complaints about one file after another.
type docs struct {
	source   source
	packages map[string]int // package comments in each folder
	wrong    []string
}

func (d *docs) declaration(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if !spec.Name.IsExported() {
				continue
			}
			d.name(spec.Name, spec.Doc, decl.Doc)
			switch t := spec.Type.(type) {
			case *ast.StructType:
				d.fields(t.Fields)
			case *ast.InterfaceType:
				d.fields(t.Methods)
			}
		case *ast.ValueSpec:
			for _, n := range spec.Names {
				// One comment may stand for a group of constants or variables.
				d.name(n, spec.Doc, spec.Comment, decl.Doc)
			}
		}
	}
}

// fields takes the fields of a struct or the methods of an interface. A comment
// also covers the lines that follow without a gap.
func (d *docs) fields(list *ast.FieldList) {
	covered := token.NoPos // the end of the last field that has a comment
	for _, f := range list.List {
		if f.Doc != nil || covered.IsValid() && d.line(f.Pos()) == d.line(covered)+1 {
			covered = f.End()
		} else {
			covered = token.NoPos
		}
		if f.Doc == nil && f.Comment == nil && covered.IsValid() {
			continue
		}
		for _, n := range f.Names {
			d.name(n, f.Doc, f.Comment)
		}
	}
}

func (d *docs) line(p token.Pos) int { return d.source.fset.Position(p).Line }

// name wants one of the comments to be there and to say more than the name.
func (d *docs) name(n *ast.Ident, comments ...*ast.CommentGroup) {
	if !n.IsExported() {
		return
	}
	complaint := " has no doc comment"
	for _, c := range comments {
		if c == nil {
			continue
		}
		if saysMore(c.Text(), n.Name) {
			return
		}
		complaint = "'s doc comment says nothing but the name"
	}
	d.wrong = append(d.wrong, d.source.at(n)+": "+n.Name+complaint)
}

func saysMore(text, name string) bool {
	words := strings.FieldsFunc(text, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
	return slices.ContainsFunc(words, func(w string) bool {
		switch w = strings.ToLower(w); w {
		case "a", "an", "the", "is", strings.ToLower(name):
			return false
		}
		return true
	})
}

func TestDocsBite(t *testing.T) {
	for _, tt := range []struct {
		name  string
		text  string
		wrong string
	}{
		{"func", "// F does this.\nfunc F() {}", ""},
		{"bare func", "func F() {}", "F has no doc comment"},
		{"unexported func", "func f() {}", ""},
		{"empty words", "// F ...\nfunc F() {}", "F's doc comment says nothing but the name"},
		{"article", "// A T is a T.\ntype T int", "T's doc comment says nothing"},
		{"directive only", "//go:noinline\nfunc F() {}", "F's doc comment says nothing"},
		{"method", "type t int\nfunc (t) M() {}", ""},
		{"bare method", "// T is so.\ntype T[P any] int\nfunc (t *T[P]) M() {}", "M has no doc"},
		{"bare type", "type T struct{}", "T has no doc"},
		{"type in a group", "// Both are so.\ntype (\n\tA int\n\tB int\n)", ""},
		{"const group", "// Kinds of things.\nconst (\n\tA = 1\n\tB = 2\n)", ""},
		{"bare const", "const (\n\t// A is one.\n\tA = 1\n\tB = 2\n)", "B has no doc"},
		{"trailing", "const (\n\tA = 1 // the first\n)", ""},
		{"bare var", "var E = 1", "E has no doc"},
		{"field", "// T is so.\ntype T struct {\n\t// A is one.\n\tA int\n}", ""},
		{"bare field", "// T is so.\ntype T struct {\n\tA int\n}", "A has no doc"},
		{"field under a heading", "// T is so.\ntype T struct {\n\t// Limits in bytes.\n\tA int\n\tB int\n}", ""},
		{"field after a gap", "// T is so.\ntype T struct {\n\t// A is one.\n\tA int\n\n\tB int\n}", "B has no doc"},
		{"unexported field", "// T is so.\ntype T struct {\n\ta int\n}", ""},
		{"interface method", "// T is so.\ntype T interface {\n\tM()\n}", "M has no doc"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			expect(t, checkDocs(fakeTree(t, "loop/a.go", "// Package loop is so.\npackage loop\n\n"+tt.text)), tt.wrong)
		})
	}
	t.Run("no package comment", func(t *testing.T) {
		expect(t, checkDocs(fakeTree(t, "loop/a.go", "package loop")), "loop: wants a package comment")
	})
	t.Run("two package comments", func(t *testing.T) {
		const text = "// Package loop is so.\npackage loop"
		expect(t, checkDocs(fakeTree(t, "loop/a.go", text, "loop/b.go", text)), "loop: wants a package comment")
	})
	t.Run("not public", func(t *testing.T) {
		expect(t, checkDocs(fakeTree(t, "internal/poll/a.go", "package poll\nfunc F() {}", "loop/a_test.go", "package loop\nfunc F() {}")), "")
	})
}
