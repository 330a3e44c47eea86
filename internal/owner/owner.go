// Package owner tells goroutines apart, so that a loop can check that its methods
// are called by whoever holds it.
//
// Go gives a goroutine no name on purpose. What is here is read from the text
// that package runtime prints for people, takes about a microsecond, and is for
// checks and their messages alone: nothing may behave differently because of it
// except by panicking. The functions work in every build; Enabled says whether
// the checks are on.
package owner

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
)

// A goroutine's trace begins with "goroutine 7 [running]:", and ends with
// "created by pkg.fn in goroutine 3" and the place in the source.
var (
	header    = []byte("goroutine ")
	createdBy = []byte("\ncreated by ")
	inParent  = []byte(" in goroutine ")
)

// headers are buffers for ID. runtime.Stack lets its argument escape, so that
// one on the stack would be an allocation.
var headers = sync.Pool{New: func() any { return new([64]byte) }}

// ID is the number of the current goroutine. It is never 0, and no other
// goroutine of this process gets it, also later. It allocates nothing.
func ID() uint64 {
	buf := headers.Get().(*[64]byte)
	n := runtime.Stack(buf[:], false)
	id := leadingNumber(bytes.TrimPrefix(buf[:n], header))
	headers.Put(buf)
	if id == 0 {
		panic("owner: package runtime prints a goroutine's number in a form that is not known here")
	}
	return id
}

// Parent is the number of the goroutine that made the current one, and whether
// it did so through iter.Pull or iter.Pull2: then the current goroutine is a
// coroutine, and runs only while that goroutine, or whoever it handed next to,
// waits for it. The number is 0 for a goroutine that the runtime made.
func Parent() (id uint64, byPull bool) {
	return parentOf(trace(false))
}

func parentOf(trace []byte) (id uint64, byPull bool) {
	_, line, found := bytes.Cut(trace, createdBy)
	if !found {
		return 0, false
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	fn, parent, found := bytes.Cut(line, inParent)
	if !found {
		return 0, false
	}
	return leadingNumber(parent), isPull(fn)
}

// isPull knows the generic functions as the runtime prints them: iter.Pull[...].
func isPull(fn []byte) bool {
	name, _ := bytes.CutSuffix(fn, []byte("[...]"))
	return string(name) == "iter.Pull" || string(name) == "iter.Pull2"
}

// Stack is the trace of the goroutine with that number, or "" if there is none.
// It stops the world, and prints all goroutines to find one: for messages about
// mistakes only.
func Stack(id uint64) string {
	return stackIn(trace(true), id)
}

func stackIn(all []byte, id uint64) string {
	want := strconv.AppendUint(bytes.Clone(header), id, 10)
	want = append(want, ' ')
	for section := range bytes.SplitSeq(all, []byte("\n\n")) {
		if bytes.HasPrefix(section, want) {
			return string(bytes.TrimSpace(section))
		}
	}
	return ""
}

// maxTrace bounds the text of a process with very many goroutines. What lies
// beyond it is cut off.
const maxTrace = 64 << 20

// trace is the text for the current goroutine, or for all.
func trace(all bool) []byte {
	for size := 8 << 10; ; size *= 4 {
		buf := make([]byte, min(size, maxTrace))
		n := runtime.Stack(buf, all)
		if n < len(buf) || n == maxTrace {
			return buf[:n]
		}
	}
}

// leadingNumber reads the digits that b begins with; 0 if there are none.
func leadingNumber(b []byte) uint64 {
	var n uint64
	for _, c := range b {
		if c < '0' || c > '9' {
			break
		}
		n = n*10 + uint64(c-'0')
	}
	return n
}
