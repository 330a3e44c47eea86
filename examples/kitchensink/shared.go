package main

import (
	"bytes"
	"crypto/subtle"
	"net/url"
	"os"
	"runtime"
	"runtime/metrics"
	"strconv"
	"strings"
)

const (
	maxBody = 16 << 20
	maxBig  = 1 << 30
	piece   = 64 << 10 // of a long answer, that waits for the client
)

// foxes is what /gzip sends.
var foxes = strings.Repeat("the quick brown fox jumps over the lazy dog\n", 400)

// alphabet is one piece of /big, and so much more that a piece may begin at any letter.
var alphabet = bytes.Repeat([]byte("abcdefghijklmnopqrstuvwxyz"), piece/26+2)

// letters is a piece of /big's n bytes, beginning with byte at.
func letters(at, n int) []byte {
	begin := at % 26
	return alphabet[begin : begin+min(piece, n-at)]
}

// number reads s as a number between 0 and most. Anything else is the default.
func number(s string, def, most int) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > most {
		return def
	}
	return n
}

// queryPairs are the names and values of a query, in their order.
func queryPairs(query string) (pairs [][2]string) {
	for item := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(item, "=")
		n, err1 := url.QueryUnescape(name)
		v, err2 := url.QueryUnescape(value)
		if err1 == nil && err2 == nil && n != "" {
			pairs = append(pairs, [2]string{n, v})
		}
	}
	return pairs
}

// secret compares without telling by its time how much was right.
func secret(user, pass string) bool {
	return subtle.ConstantTimeCompare([]byte(user), []byte("user"))&
		subtle.ConstantTimeCompare([]byte(pass), []byte("pass")) == 1
}

// An inspection is a request as /inspect tells it.
type inspection struct {
	Method  string              `json:"method"`
	Target  string              `json:"target"`
	Path    string              `json:"path"`
	Query   string              `json:"query"`
	Host    string              `json:"host"`
	Proto   string              `json:"proto"`
	Headers map[string][]string `json:"headers"`
	Body    []byte              `json:"body"`
}

// A form is what /form has read.
type form struct {
	Fields map[string][]string `json:"fields"`
	Files  map[string][]upload `json:"files"`
}

type upload struct {
	Filename string `json:"filename"`
	Size     int64  `json:"size"`
	SHA256   string `json:"sha256"`
}

func newForm(fields map[string][]string) form {
	if fields == nil {
		fields = map[string][]string{}
	}
	return form{fields, map[string][]upload{}}
}

func (f form) add(name string, u upload) { f.Files[name] = append(f.Files[name], u) }

// memory is what the process takes up.
func memory(conns int) map[string]any {
	heap := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(heap)
	return map[string]any{
		"rss_kb": resident(), "goroutines": runtime.NumGoroutine(), "heap_bytes": heap[0].Value.Uint64(), "conns": conns,
	}
}

// resident is the process's memory in KiB, where the system has /proc; 0 elsewhere.
func resident() int {
	p, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := strings.Fields(string(p))
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.Atoi(fields[1])
	if err != nil {
		return 0
	}
	return pages * os.Getpagesize() >> 10
}
