package main

import (
	"strings"
	"testing"
)

func TestTable(t *testing.T) {
	p := plan{subjects: []subject{{name: "a", resident: 700, live: 350}, {name: "b"}}, n: fullN, wait: fullWait}
	var out strings.Builder
	writeTable(&out, p, []figures{{600.4, 400}, {20_000, 18_000}})
	want := `| program | resident B/connection | bar | live B/connection | bar |
| --- | --- | --- | --- | --- |
| a | 600 | ≤ 700: met | 400 | ≤ 350: missed |
| b | 20000 |  | 18000 |  |
`
	if out.String() != want {
		t.Errorf("got\n%s\nwant\n%s", out.String(), want)
	}
	p.n = 10
	out.Reset()
	writeTable(&out, p, []figures{{1, 1}, {1, 1}})
	if !strings.Contains(out.String(), "(trial)") || !strings.Contains(out.String(), "A trial:") {
		t.Errorf("a short run is not marked:\n%s", out.String())
	}
}
