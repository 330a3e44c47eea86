// Package live lets a server of this module be asked, by the process that
// started it, what it holds in memory. It is asked on standard input, so that a
// server that nobody asks (its standard input is empty) is as if it were not
// there.
package live

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/pprof"
	"strconv"
	"strings"
)

// Ask is the line that asks for the bytes in use. AskProfile, a blank and a
// path ask for a profile of the heap in that file.
const (
	Ask        = "live"
	AskProfile = "profile"
)

// Answer answers on a goroutine of its own until standard input ends.
func Answer() { go answer(os.Stdin, os.Stdout) }

func answer(r io.Reader, w io.Writer) {
	for in := bufio.NewScanner(r); in.Scan(); {
		fmt.Fprintln(w, Reply(in.Text()))
	}
}

// Reply is the answer to one line, for a program that is asked for other things too.
func Reply(line string) string {
	switch verb, path, _ := strings.Cut(line, " "); verb {
	case Ask:
		return strconv.FormatUint(Bytes(), 10)
	case AskProfile:
		return profile(path)
	}
	return fmt.Sprintf("not understood: %q", line)
}

// Bytes is what the process's goroutines hold: heap that is still in use after a
// collection, and stacks. The second collection frees what the first one found
// to have a finalizer, and what pools had kept.
func Bytes() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc + m.StackInuse
}

// profile writes what is live; "ok", or what went wrong.
func profile(path string) string {
	f, err := os.Create(path)
	if err != nil {
		return err.Error()
	}
	runtime.GC()
	runtime.GC()
	if err = pprof.WriteHeapProfile(f); err == nil {
		err = f.Close()
	}
	if err != nil {
		return err.Error()
	}
	return "ok"
}
