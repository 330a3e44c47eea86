package httpwire

import (
	"bytes"
	"strings"
	"testing"
)

// trickle feeds head byte by byte and, between the calls, destroys all that must
// not be looked at again: lines that have been checked, fields that have been
// found, and the searched part of the current line as long as its LF has not
// come. A parser that looked there would see a wrong line end, or go out of
// bounds. So the cost is linear: each byte is searched once, and read once more
// when its line is complete.
func trickle(head []byte, maxHead int) (story string, n int) {
	var p Parser
	var found []Field
	r := &p.Request
	buf := make([]byte, len(head))
	for have, destroyed := 0, 0; ; have++ {
		if have > 0 {
			if buf[have-1] = head[have-1]; buf[have-1] == '\n' {
				copy(buf[p.line:have], head[p.line:have])
				destroyed = int(p.line)
			}
		}
		n, err := p.Head(buf[:have], maxHead)
		for i := len(found); i < len(r.Fields); i++ {
			found = append(found, r.Fields[i])
			r.Fields[i] = Field{Span{mostHead, mostHead + 1}, Span{mostHead, mostHead + 1}}
		}
		for ; destroyed < have; destroyed++ {
			buf[destroyed] = '\n'
		}
		switch {
		case err != nil:
			return err.Error(), n
		case n > 0:
			copy(r.Fields, found)
			return headStory(r, head), n
		case have == len(head):
			return "need more", 0
		}
	}
}

// heaps are heads of much of the same, up to the default limit.
func heaps() map[string][]byte {
	const start = "GET / HTTP/1.1\r\nHost: a\r\n"
	return map[string][]byte{
		"one cookie":         []byte(start + "Cookie: " + strings.Repeat("a=b; ", 13_000) + "\r\n\r\n"),
		"a thousand cookies": []byte(start + strings.Repeat("Cookie: name=value; other=value\r\n", 1000) + "\r\n"),
		"short fields":       []byte(start + strings.Repeat("a:\r\n", 16_000) + "\r\n"),
		"Connection fields":  []byte(start + strings.Repeat("Connection: a, b, c\r\n", 3000) + "\r\n"),
		"Content-Lengths":    []byte(start + strings.Repeat("Content-Length: 5\r\n", 3000) + "\r\n"),
		"a list of lengths":  []byte(start + "Content-Length: 5" + strings.Repeat(",5", 30_000) + "\r\n\r\n"),
		"a long target":      []byte("GET /" + strings.Repeat("a", 65_000) + " HTTP/1.1\r\nHost: a\r\n\r\n"),
		"a long method":      []byte(strings.Repeat("a", 65_000) + " / HTTP/1.1\r\nHost: a\r\n\r\n"),
	}
}

func TestHeadByteByByteIsLinear(t *testing.T) {
	check := func(head []byte, maxHead int) {
		want, wantN := readHead(head, maxHead)
		if got, n := trickle(head, maxHead); got != want || n != wantN {
			t.Errorf("%.200q:\n got %.200s (%d)\nwant %.200s (%d)", head, got, n, want, wantN)
		}
	}
	heads, _ := corpus(t)
	for _, head := range heads {
		check(head, limit)
	}
	for name, head := range heaps() {
		if _, n := readHead(head, 0); n != len(head) {
			t.Errorf("%s: %d of %d bytes", name, n, len(head))
		}
		check(head, 0)
	}
}

// TestSearchNeverGoesBack: byte by byte, each call searches what is new, and one
// byte more where a fold may follow; a response may be folded all over.
func TestSearchNeverGoesBack(t *testing.T) {
	const start = "HTTP/1.1 200 OK\r\nA: b"
	for name, head := range map[string]string{
		"fields": start + strings.Repeat("\r\nSet-Cookie: a=b", 3000) + "\r\n\r\n",
		"folds":  start + strings.Repeat("\r\n c", 16_000) + "\r\n\r\n",
		"blanks": start + strings.Repeat("\r\n ", 20_000) + "\r\n\r\n",
	} {
		var p ResponseParser
		buf := []byte(head)
		for have := range len(buf) {
			if n, err := p.Head(buf[:have], "GET", 0); n != 0 || err != nil {
				t.Fatal(name, n, err)
			}
			if int(p.scan) < have-1 {
				t.Fatalf("%s: with %d bytes, the next search begins at %d", name, have, p.scan)
			}
		}
		if n, err := p.Head(buf, "GET", 0); n != len(buf) || err != nil {
			t.Error(name, n, err)
		}
	}
}

// TestRoomGrowsLinearly: twice the fields take about twice the memory, and a
// parser that has room takes none.
func TestRoomGrowsLinearly(t *testing.T) {
	head := func(n int) []byte {
		return []byte("GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("a: b\r\n", n) + "\r\n")
	}
	room := func(n int) int {
		var p Parser
		if _, err := p.Head(head(n), 0); err != nil {
			t.Fatal(err)
		}
		return cap(p.Request.Fields)
	}
	for n := 1000; n <= 8000; n *= 2 {
		if got := room(n); got < n || got > 2*n {
			t.Errorf("room for %d fields with %d", got, n)
		}
	}
	allocs := func(n int) float64 {
		buf := head(n)
		return testing.AllocsPerRun(5, func() {
			var p Parser
			if _, err := p.Head(buf, 0); err != nil {
				t.Fatal(err)
			}
		})
	}
	if few, many := allocs(1000), allocs(8000); many > few+12 { // each time it grows by a quarter at least
		t.Errorf("%v allocations for 1,000 fields, %v for 8,000", few, many)
	}
}

// TestChunksAreReadInSteps: a body of n chunks takes at most three calls for each,
// however small they are, and no memory; fed byte by byte, as many as bytes.
func TestChunksAreReadInSteps(t *testing.T) {
	const n = 10_000
	body := bytes.Repeat([]byte("1\r\nx\r\n"), n)
	body = AppendLastChunk(body)
	var c Chunks
	calls := 0
	for rest, done := body, false; !done; calls++ {
		_, used, d, err := c.Next(rest)
		if err != nil || used == 0 {
			t.Fatal(used, err)
		}
		rest, done = rest[used:], d
	}
	if calls > 3*n {
		t.Errorf("%d calls for %d chunks", calls, n)
	}
	if story, read := readBody(body, everyByte(len(body))); read != len(body) || !strings.HasSuffix(story, "done") {
		t.Errorf("byte by byte: %d of %d, %.50s", read, len(body), story)
	}
}
