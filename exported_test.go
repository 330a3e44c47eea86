package zonda_test

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// exported returns one line for each exported name of the public packages,
// sorted. It reads syntax only: lines are the same on every platform, and a name
// that platforms declare differently has one line for each way.
func exported(all []source) []string {
	lines := map[string]bool{}
	reach := reachable(all)
	for _, s := range all {
		if s.test || !isPublic(s.dir) || s.file.Name.Name == "main" {
			continue
		}
		pkg := "pkg " + s.file.Name.Name
		if s.dir != "." {
			pkg = "pkg " + s.dir
		}
		emit := func(format string, args ...any) {
			lines[pkg+", "+fmt.Sprintf(format, args...)] = true
		}
		dropParameterNames(s.file)
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				emitFunc(emit, d, reach[s.dir])
			case *ast.GenDecl:
				switch d.Tok {
				case token.TYPE:
					for _, spec := range d.Specs {
						emitType(emit, spec.(*ast.TypeSpec), reach[s.dir])
					}
				case token.CONST:
					emitConsts(emit, d)
				case token.VAR:
					for _, spec := range d.Specs {
						emitVars(emit, spec.(*ast.ValueSpec))
					}
				}
			}
		}
	}
	return slices.Sorted(maps.Keys(lines))
}

// reachable lists for each folder the unexported types that an exported struct
// embeds: what they export is part of the API all the same.
func reachable(all []source) map[string][]string {
	reach := map[string][]string{}
	for _, s := range all {
		ast.Inspect(s.file, func(n ast.Node) bool {
			spec, ok := n.(*ast.TypeSpec)
			if !ok {
				return true
			}
			if t, ok := spec.Type.(*ast.StructType); ok && spec.Name.IsExported() {
				for _, f := range t.Fields.List {
					if len(f.Names) == 0 {
						reach[s.dir] = append(reach[s.dir], baseName(f.Type))
					}
				}
			}
			return false
		})
	}
	return reach
}

func emitFunc(emit func(string, ...any), d *ast.FuncDecl, reach []string) {
	if !d.Name.IsExported() {
		return
	}
	signature := strings.TrimPrefix(types.ExprString(d.Type), "func")
	if d.Recv == nil {
		emit("func %s%s%s", d.Name.Name, typeParameters(d.Type.TypeParams), signature)
	} else if recv := d.Recv.List[0].Type; ast.IsExported(baseName(recv)) || slices.Contains(reach, baseName(recv)) {
		emit("method (%s) %s%s", types.ExprString(recv), d.Name.Name, signature)
	}
}

func emitType(emit func(string, ...any), spec *ast.TypeSpec, reach []string) {
	name := "type " + spec.Name.Name + typeParameters(spec.TypeParams)
	if !spec.Name.IsExported() {
		if t, ok := spec.Type.(*ast.StructType); ok && slices.Contains(reach, spec.Name.Name) {
			emitFields(emit, name, t)
		}
		return
	}
	if spec.Assign.IsValid() {
		emit("%s = %s", name, types.ExprString(spec.Type))
		return
	}
	switch t := spec.Type.(type) {
	case *ast.StructType:
		emit("%s struct", name)
		emitFields(emit, name, t)
	case *ast.InterfaceType:
		emit("%s interface", name)
		emitMethods(emit, name, t)
	default:
		emit("%s %s", name, types.ExprString(spec.Type))
	}
}

func emitFields(emit func(string, ...any), name string, t *ast.StructType) {
	for _, f := range t.Fields.List {
		if len(f.Names) == 0 && ast.IsExported(baseName(f.Type)) {
			emit("%s struct, embedded %s", name, types.ExprString(f.Type))
		}
		for _, n := range f.Names {
			if n.IsExported() {
				emit("%s struct, %s %s", name, n.Name, types.ExprString(f.Type))
			}
		}
	}
}

func emitMethods(emit func(string, ...any), name string, t *ast.InterfaceType) {
	for _, f := range t.Methods.List {
		if len(f.Names) == 0 {
			emit("%s interface, %s", name, types.ExprString(f.Type))
		}
		for _, n := range f.Names {
			if n.IsExported() {
				emit("%s interface, %s%s", name, n.Name, strings.TrimPrefix(types.ExprString(f.Type), "func"))
			} else {
				emit("%s interface, unexported methods", name)
			}
		}
	}
}

var iotaWord = regexp.MustCompile(`\biota\b`)

// emitConsts writes each constant with its type and its expression, iota filled
// in: so a constant that changes its place in a list shows.
func emitConsts(emit func(string, ...any), d *ast.GenDecl) {
	var typ ast.Expr
	var values []ast.Expr
	for i, spec := range d.Specs {
		spec := spec.(*ast.ValueSpec)
		if len(spec.Values) > 0 { // else the ones before are repeated
			typ, values = spec.Type, spec.Values
		}
		for j, n := range spec.Names {
			if !n.IsExported() {
				continue
			}
			value := iotaWord.ReplaceAllString(types.ExprString(values[j]), strconv.Itoa(i))
			emit("const %s%s = %s", n.Name, afterBlank(typ), value)
		}
	}
}

func emitVars(emit func(string, ...any), spec *ast.ValueSpec) {
	for i, n := range spec.Names {
		if !n.IsExported() {
			continue
		}
		typ := afterBlank(spec.Type)
		if spec.Type == nil && i < len(spec.Values) && makesError(spec.Values[i]) {
			typ = " error"
		}
		emit("var %s%s", n.Name, typ)
	}
}

func makesError(value ast.Expr) bool {
	call, ok := value.(*ast.CallExpr)
	if !ok {
		return false
	}
	fun := types.ExprString(call.Fun)
	return fun == "errors.New" || fun == "fmt.Errorf"
}

func afterBlank(typ ast.Expr) string {
	if typ == nil {
		return ""
	}
	return " " + types.ExprString(typ)
}

// typeParameters writes a list such as [K comparable, V any], or nothing.
func typeParameters(list *ast.FieldList) string {
	if list == nil {
		return ""
	}
	var params []string
	for _, f := range list.List {
		for _, n := range f.Names {
			params = append(params, n.Name+" "+types.ExprString(f.Type))
		}
	}
	return "[" + strings.Join(params, ", ") + "]"
}

// baseName is the name of the type of a receiver or an embedded field.
func baseName(recv ast.Expr) string {
	switch t := recv.(type) {
	case *ast.StarExpr:
		return baseName(t.X)
	case *ast.ParenExpr:
		return baseName(t.X)
	case *ast.IndexExpr:
		return baseName(t.X)
	case *ast.IndexListExpr:
		return baseName(t.X)
	case *ast.SelectorExpr:
		return t.Sel.Name
	case *ast.Ident:
		return t.Name
	}
	return ""
}

// dropParameterNames rewrites every function type in a file, (a, b int) to
// (int, int): the names are no part of the API.
func dropParameterNames(f *ast.File) {
	ast.Inspect(f, func(n ast.Node) bool {
		if fn, ok := n.(*ast.FuncType); ok {
			unname(fn.Params)
			unname(fn.Results)
		}
		return true
	})
}

func unname(list *ast.FieldList) {
	if list == nil {
		return
	}
	var fields []*ast.Field
	for _, f := range list.List {
		for range max(1, len(f.Names)) {
			fields = append(fields, &ast.Field{Type: f.Type})
		}
	}
	list.List = fields
}

// TestExported shows a line of each kind.
func TestExported(t *testing.T) {
	got := exported(fakeTree(t,
		"doc.go", "package m",
		"loop/a.go", `package loop

func Await[T any](co *Co, f *Future[T]) (v T, err error) { return }
func hidden() {}
func (l *Loop) Post(fn func(a, b int) (ok bool)) error { return nil }
func (p Promise[K, V]) Set(K, ...V) {}
func (h hide) Shown() {}

type Loop struct {
	A, B func(x int) error // fields
	c    int
	*Stats
	sync.Locker
	base[int]
	Inline struct{ D int }
}
type Promise[K comparable, V any] struct{}
type hide struct{ Lost int }
type base[T any] struct{ Deep T }
func (b *base[T]) Get() T { return b.Deep }
type Poller = poll.Poller
type Handler func(co *Co) error
type Seam interface {
	Dial(ctx context.Context,
		addr string,
	) (c Conn, err error)
	io.Closer
	seal()
}

const (
	_ Kind = 1 << iota
	First
	Second
)
const Text = "a, b"
const low = 1

var (
	ErrClosed = errors.New("loop: closed")
	Default   *Loop
	x, Y      = 1, 2
)
`,
		"loop/a_linux.go", "package loop\nfunc Same(a int) {}\nfunc Twin(int) {}",
		"loop/a_windows.go", "package loop\nfunc Same(b int) {}\nfunc Twin(string) {}",
		"loop/a_test.go", "package loop\nfunc Tested() {}",
		"internal/poll/p.go", "package poll\nfunc Private() {}",
		"examples/x/x.go", "package x\nfunc Private() {}",
	))
	want := strings.Split(strings.TrimSpace(`
pkg loop, const First Kind = 1 << 1
pkg loop, const Second Kind = 1 << 2
pkg loop, const Text = "a, b"
pkg loop, func Await[T any](*Co, *Future[T]) (T, error)
pkg loop, func Same(int)
pkg loop, func Twin(int)
pkg loop, func Twin(string)
pkg loop, method (*Loop) Post(func(int, int) bool) error
pkg loop, method (*base[T]) Get() T
pkg loop, method (Promise[K, V]) Set(K, ...V)
pkg loop, type Handler func(*Co) error
pkg loop, type Loop struct
pkg loop, type Loop struct, A func(int) error
pkg loop, type Loop struct, B func(int) error
pkg loop, type Loop struct, Inline struct{D int}
pkg loop, type Loop struct, embedded *Stats
pkg loop, type Loop struct, embedded sync.Locker
pkg loop, type Poller = poll.Poller
pkg loop, type Promise[K comparable, V any] struct
pkg loop, type Seam interface
pkg loop, type Seam interface, Dial(context.Context, string) (Conn, error)
pkg loop, type Seam interface, io.Closer
pkg loop, type Seam interface, unexported methods
pkg loop, type base[T any] struct, Deep T
pkg loop, var Default *Loop
pkg loop, var ErrClosed error
pkg loop, var Y
`), "\n")
	if diff := diffLines(want, got); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
	if !slices.IsSorted(got) {
		t.Error("not sorted")
	}
}
