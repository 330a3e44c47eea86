package zonda_test

import (
	"go/ast"
	"go/build/constraint"
	"path"
	"strings"
)

// raceTagged is the one package whose files may differ under the race detector.
const raceTagged = "internal/owner"

func checkNoRaceOff(all []source) (wrong []string) {
	for _, s := range all {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				if fields := strings.Fields(c.Text); fields[0] == "//go:norace" {
					wrong = append(wrong, s.at(c)+": the race detector must see everything")
				}
			}
		}
	}
	return wrong
}

func checkNoInit(all []source) (wrong []string) {
	for _, s := range all {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && !s.test && f.Recv == nil && f.Name.Name == "init" {
				wrong = append(wrong, s.at(f)+": nothing happens at import, so no init function")
			}
		}
	}
	return wrong
}

// checkNoSleep finds time.Sleep in test files, whatever the file calls package
// time.
func checkNoSleep(all []source) (wrong []string) {
	for _, s := range all {
		name := localName(s.file, "time")
		if !s.test || name == "" {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if x, ok := n.X.(*ast.Ident); !ok || x.Name != name || n.Sel.Name != "Sleep" {
					return true
				}
			case *ast.Ident:
				if name != "." || n.Name != "Sleep" {
					return true
				}
			default:
				return true
			}
			wrong = append(wrong, s.at(n)+": a test waits for an event or moves a virtual clock, it does not sleep")
			return false
		})
	}
	return wrong
}

func checkRaceTag(all []source) (wrong []string) {
	for _, s := range all {
		for _, group := range s.file.Comments {
			for _, c := range group.List {
				expr, err := constraint.Parse(c.Text)
				if err != nil || group.Pos() > s.file.Package {
					continue // not a build constraint
				}
				named := false
				// Eval need not ask for each tag: it stops where a tag decides.
				walkTags(expr, func(tag string) { named = named || tag == "race" })
				if named && s.dir != raceTagged {
					wrong = append(wrong, s.at(c)+": only "+raceTagged+" may know the race tag, or the tests test other code than ships")
				}
			}
		}
	}
	return wrong
}

// localName is what a file calls an imported package; "" if it does not import it.
func localName(f *ast.File, p string) string {
	for _, imp := range f.Imports {
		if importPath(imp) != p {
			continue
		}
		if imp.Name != nil {
			return imp.Name.Name
		}
		return path.Base(p)
	}
	return ""
}

func walkTags(expr constraint.Expr, visit func(tag string)) {
	switch e := expr.(type) {
	case *constraint.TagExpr:
		visit(e.Tag)
	case *constraint.NotExpr:
		walkTags(e.X, visit)
	case *constraint.AndExpr:
		walkTags(e.X, visit)
		walkTags(e.Y, visit)
	case *constraint.OrExpr:
		walkTags(e.X, visit)
		walkTags(e.Y, visit)
	}
}
