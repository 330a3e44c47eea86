package loop

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"
)

// Code is named by where it lies, which Go keeps for every function: nobody has to
// give names, and it costs nothing until somebody asks.

// funcName is the name of a function, without its package's path: "main.serve.func1".
func funcName(fn any) string {
	f := runtime.FuncForPC(reflect.ValueOf(fn).Pointer())
	if f == nil {
		return "an unknown function"
	}
	return withoutPath(f.Name())
}

// funcPlace is where a function begins: "serve.go:12", with the folder it lies in.
func funcPlace(fn any) string {
	pc := reflect.ValueOf(fn).Pointer()
	f := runtime.FuncForPC(pc)
	if f == nil {
		return ""
	}
	return linePlace(f.FileLine(pc))
}

// pcPlace is the place of a call, as runtime.Callers gives it.
func pcPlace(pc uintptr) string {
	if pc == 0 {
		return ""
	}
	frame, _ := runtime.CallersFrames([]uintptr{pc}).Next()
	return linePlace(frame.File, frame.Line)
}

func linePlace(file string, line int) string { return shortPath(file) + ":" + strconv.Itoa(line) }

// shortPath keeps of a file's path the last folder: enough to find it by.
func shortPath(file string) string {
	slashes := 0
	for i := len(file) - 1; i >= 0; i-- {
		if file[i] == '/' {
			if slashes++; slashes == 2 {
				return file[i+1:]
			}
		}
	}
	return file
}

// withoutPath cuts the path off a qualified name: "a.b/c/pkg.Type.Method" is
// "pkg.Type.Method".
func withoutPath(name string) string {
	depth := 0
	for i := len(name) - 1; i >= 0; i-- {
		switch name[i] {
		case ']':
			depth++ // type arguments may have paths of their own
		case '[':
			depth--
		case '/':
			if depth == 0 {
				return name[i+1:]
			}
		}
	}
	return name
}

// placeOf names what a task, or a handler, will run.
func placeOf(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case callback:
		return funcName(v)
	case HandlerFunc:
		return funcName(v)
	case interface{ place() string }:
		return v.place()
	}
	return fmt.Sprintf("%T", v)
}

// callerOutside is the call by which this package was entered.
func callerOutside() uintptr {
	var pcs [16]uintptr
	for _, pc := range pcs[:runtime.Callers(2, pcs[:])] {
		if f := runtime.FuncForPC(pc - 1); f != nil && !strings.HasPrefix(f.Name(), packagePrefix) {
			return pc
		}
	}
	return 0
}

// packagePrefix begins the names of this package's functions.
const packagePrefix = "github.com/zonda-go/zonda/loop."
