package http1_test

import (
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"unsafe"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// TestRawRulesBite switches each rule of the grammar off in turn, and sees a raw
// case fail: its bytes are read differently then. What responses alone can break
// has its cases in httpwire.
func TestRawRulesBite(t *testing.T) {
	cases := rawCases()
	want := make([]string, len(cases))
	for i, c := range cases {
		want[i] = rawEvents(wire(c.send), 0)
		if c.rule != "" && !strings.HasSuffix(want[i], c.rule) {
			t.Errorf("%s: the grammar alone has %s, want %s", c.name, want[i], c.rule)
		}
	}
	requests, responses := grammarRules(t)
	missed := map[string]bool{} // by a case
	for off := range len(requests) + len(responses) {
		for i, c := range cases {
			got := rawEvents(wire(c.send), uint8(off+1))
			missed[c.rule] = missed[c.rule] || got != want[i]
		}
	}
	for _, rule := range requests {
		if !missed[rule] {
			t.Errorf("%s is off, and no case fails", rule)
		}
	}
}

// rawEvents is what the grammar finds in sent, without a server: requests, and
// what ends them. off is the number of a rule that is not enforced.
func rawEvents(sent string, off uint8) string {
	var events []string
	for buf := []byte(sent); ; {
		var p httpwire.Parser
		letPass(&p, off)
		n, err := p.Head(buf, rawHead)
		r := &p.Request
		body := buf[n:]
		var used int64
		switch {
		case err != nil:
			return strings.Join(append(events, err.(*httpwire.Error).Rule), " ")
		case n == 0:
			return strings.Join(append(events, "more"), " ")
		case r.Framing == httpwire.Length:
			used = r.Length
		case r.Framing == httpwire.Chunked:
			var rule string
			if used, rule = rawBodyEnd(body, off); rule != "" {
				return strings.Join(append(events, rule), " ")
			}
		}
		if used > int64(len(body)) {
			return strings.Join(append(events, "more body"), " ")
		}
		events = append(events, "request")
		if buf = body[used:]; !r.KeepAlive {
			return strings.Join(append(events, "close"), " ")
		}
	}
}

// rawBodyEnd finds the end of a chunked body, or says why there is none.
func rawBodyEnd(body []byte, off uint8) (used int64, rule string) {
	var c httpwire.Chunks
	letPass(&c, off)
	for {
		_, n, done, err := c.Next(body[used:])
		used += int64(n)
		switch {
		case err != nil:
			return 0, err.(*httpwire.Error).Rule
		case done:
			return used, ""
		case n == 0:
			return 0, "more chunks"
		}
	}
}

// letPass switches a rule off, which only tests can: the field is not exported.
func letPass(reader any, off uint8) {
	f := reflect.ValueOf(reader).Elem().FieldByName("off")
	*(*uint8)(unsafe.Pointer(f.UnsafeAddr())) = off
}

// grammarRules are the names of the grammar's rules, with those that responses
// alone can break apart. They are in its source only, which is read here.
func grammarRules(t *testing.T) (requests, responses []string) {
	text, err := os.ReadFile("../internal/httpwire/error.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range regexp.MustCompile(`\{"([a-z0-9.-]+)", (\d+),`).FindAllStringSubmatch(string(text), -1) {
		if o[2] == "502" {
			responses = append(responses, o[1])
		} else {
			requests = append(requests, o[1])
		}
	}
	if len(requests) < 40 || len(responses) < 3 {
		t.Fatalf("%d and %d rules found", len(requests), len(responses))
	}
	return requests, responses
}
