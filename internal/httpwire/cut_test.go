package httpwire

import (
	"bytes"
	"strings"
	"testing"
)

// corpus is every head and every body of the tables.
func corpus(t *testing.T) (heads, bodies [][]byte) {
	for _, c := range accepted {
		heads = append(heads, append(lines(c.head), "rest"...))
	}
	for _, c := range headRefusals {
		heads = append(heads, lines(c.base), c.changed(t))
	}
	for _, s := range []string{wrkGet, curlGet, browserGet, chunkedPost} {
		heads = append(heads, []byte(s))
	}
	for _, c := range chunkRefusals {
		bodies = append(bodies, lines(c.base), c.changed(t))
	}
	for _, c := range decoded {
		bodies = append(bodies, lines(c.body))
	}
	return heads, bodies
}

// checkCut feeds head in two pieces, in buffers of their own, and wants what
// one piece gives.
func checkCut(t *testing.T, head []byte, cut, maxHead int) {
	t.Helper()
	want, wantN := readHead(head, maxHead)
	var p Parser
	got, n := readHeadIn(&p, bytes.Clone(head[:cut]), maxHead)
	if got == "need more" {
		got, n = readHeadIn(&p, head, maxHead)
	}
	if got != want || n != wantN {
		t.Errorf("cut at %d of %.300q:\n got %s (%d)\nwant %s (%d)", cut, head, got, n, want, wantN)
	}
}

func TestHeadCutAnywhere(t *testing.T) {
	heads, _ := corpus(t)
	for _, head := range heads {
		for cut := range len(head) + 1 {
			checkCut(t, head, cut, limit)
		}
	}
}

// TestLimitIsExact: a head of the limit's length passes, and one byte more is
// refused as soon as the limit is reached.
func TestLimitIsExact(t *testing.T) {
	head := []byte(curlGet)
	if story, n := readHead(head, len(head)); n != len(head) {
		t.Error(story)
	}
	for _, shown := range [][]byte{head, head[:len(head)-1]} {
		story, _ := readHead(shown, len(head)-1)
		if !strings.Contains(story, "head-too-large") {
			t.Errorf("%d bytes shown: %s", len(shown), story)
		}
	}
	line := strings.Index(curlGet, "\n") + 1
	for maxHead, rule := range map[int]string{line - 1: "line-too-long", line: "head-too-large"} {
		if story, _ := readHead(head, maxHead); !strings.Contains(story, rule) {
			t.Errorf("limit %d, request line %d: %s", maxHead, line, story)
		}
	}
	long := []byte("GET /" + strings.Repeat("x", DefaultMaxHead))
	if story, _ := readHead(long, 0); !strings.Contains(story, "line-too-long at byte 65536") {
		t.Error(story)
	}
}

func TestBodyCutAnywhere(t *testing.T) {
	_, bodies := corpus(t)
	for _, body := range bodies {
		want, wantN := readBody(body, nil)
		for cut := range min(len(body), 512) { // long ones repeat themselves
			if got, n := readBody(body, []int{cut}); got != want || n != wantN {
				t.Errorf("cut at %d of %.300q:\n got %s (%d)\nwant %s (%d)", cut, body, got, n, want, wantN)
			}
		}
		if got, n := readBody(body, everyByte(len(body))); got != want || n != wantN {
			t.Errorf("byte by byte %.300q:\n got %s (%d)\nwant %s (%d)", body, got, n, want, wantN)
		}
	}
}

// TestChunkLineIsSearchedOnce overwrites the searched part of a line that is
// not complete, as trickle does.
func TestChunkLineIsSearchedOnce(t *testing.T) {
	for _, line := range []string{"5;" + longest[:100] + "\r\n", "0\r\nA: " + longest + longest + "\r\n"} {
		var c Chunks
		start := strings.Index(line[:len(line)-1], "\n") + 1
		if _, n, _, err := c.Next([]byte(line[:start])); n != start || err != nil {
			t.Fatal(n, err)
		}
		rest := []byte(line[start:])
		for have := 1; have < len(rest); have++ {
			buf := bytes.Clone(rest[:have])
			for i := range have - 1 {
				buf[i] = '\n'
			}
			if _, n, _, err := c.Next(buf); n != 0 || err != nil {
				t.Fatalf("%d bytes of %.20q: %d, %v", have, line, n, err)
			}
		}
		if _, n, _, err := c.Next(rest); n != len(rest) || err != nil {
			t.Errorf("%.20q: %d, %v", line, n, err)
		}
	}
}

// TestTablesLeadToTheEnd: in the tables of states, each state can be reached, and
// from each the end.
func TestTablesLeadToTheEnd(t *testing.T) {
	walk := func(name string, states int, end int, next func(state int) []int) {
		reaches := func(from int) (seen map[int]bool) {
			seen = map[int]bool{}
			for todo := []int{from}; len(todo) > 0; todo = todo[1:] {
				if s := todo[0]; !seen[s] {
					seen[s] = true
					if s != end {
						todo = append(todo, next(s)...)
					}
				}
			}
			return seen
		}
		if all := reaches(0); len(all) != states {
			t.Errorf("%s: from the beginning, %d of %d states are reached", name, len(all), states)
		}
		for s := range states {
			if !reaches(s)[end] {
				t.Errorf("%s: state %d does not lead to the end", name, s)
			}
		}
	}
	walk("head", int(headComplete)+1, int(headComplete), func(s int) []int {
		return []int{int(headTable[s][0].then), int(headTable[s][1].then)}
	})
	walk("chunks", int(chunksDone)+1, int(chunksDone), func(s int) []int {
		return []int{int(chunkTable[s][0]), int(chunkTable[s][1])}
	})
}
