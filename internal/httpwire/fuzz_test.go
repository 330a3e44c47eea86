package httpwire

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// FuzzHead holds for any bytes, cut anywhere: the result does not depend on
// the cut or on how often the parser was called, every piece lies in the
// head, and a head written anew from its pieces says the same.
func FuzzHead(f *testing.F) {
	for _, c := range accepted {
		f.Add(lines(c.head), uint16(9), uint16(limit))
	}
	for _, c := range headRefusals {
		f.Add([]byte(strings.ReplaceAll(strings.Replace(c.base, c.old, c.new, 1), "|", "\r\n")), uint16(20), uint16(limit))
	}
	f.Fuzz(func(t *testing.T, head []byte, cut, maxHead uint16) {
		want, wantN := readHead(head, int(maxHead))
		checkCut(t, head, int(cut)%(len(head)+1), int(maxHead))
		if got, n := trickle(head, int(maxHead)); got != want || n != wantN {
			t.Errorf("byte by byte: %s (%d), at once: %s (%d)", got, n, want, wantN)
		}
		if wantN == 0 {
			return
		}
		if maxHead > 0 && wantN > int(maxHead) || !bytes.HasSuffix(head[:wantN], []byte("\r\n")) {
			t.Errorf("%d bytes of %q, limit %d", wantN, head, maxHead)
		}
		if again, n := readHead(rewritten(t, head[:wantN]), mostHead); again != want {
			t.Errorf("%q rewritten: %s (%d), was %s", head, again, n, want)
		}
	})
}

// rewritten writes a head from what the parser found in it.
func rewritten(t *testing.T, head []byte) []byte {
	var p Parser
	if _, err := p.Head(head, mostHead); err != nil {
		t.Fatal(err)
	}
	r := &p.Request
	var b bytes.Buffer
	b.Write(r.Method.Of(head))
	b.WriteByte(' ')
	b.Write(r.Target.Of(head))
	b.WriteString([]string{" HTTP/1.0\r\n", " HTTP/1.1\r\n"}[r.Minor])
	return AppendHeadEnd(appendFields(t, b.Bytes(), r.Fields, head))
}

func appendFields(t *testing.T, out []byte, fields []Field, head []byte) []byte {
	for _, f := range fields {
		name, value := string(f.Name.Of(head)), string(f.Value.Of(head))
		if !ValidFieldName(name) || !ValidFieldValue(value) || value != strings.Trim(value, " \t") {
			t.Errorf("field %q: %q", name, value)
		}
		out = AppendField(out, name, value)
	}
	return out
}

// FuzzResponseHead holds the same for responses.
func FuzzResponseHead(f *testing.F) {
	methods := [...]string{"GET", "HEAD", "CONNECT"}
	for _, c := range acceptedResponses {
		f.Add(lines(c.head), byte(max(0, slices.Index(methods[:], c.method))), uint16(9), uint16(limit))
	}
	for _, c := range responseRefusals {
		f.Add([]byte(strings.ReplaceAll(strings.Replace(c.base, c.old, c.new, 1), "|", "\r\n")), byte(0), uint16(20), uint16(limit))
	}
	f.Fuzz(func(t *testing.T, head []byte, by byte, cut, maxHead uint16) {
		method := methods[int(by)%len(methods)]
		var p ResponseParser
		want, wantN := readResponse(&p, head, method, int(maxHead))
		for _, cuts := range [][]int{{int(cut) % (len(head) + 1)}, everyByte(len(head))} {
			if got, n := readResponse(new(ResponseParser), head, method, int(maxHead), cuts...); got != want || n != wantN {
				t.Errorf("cuts at %d: %s (%d), at once: %s (%d)", cuts, got, n, want, wantN)
			}
		}
		if wantN == 0 {
			return
		}
		if maxHead > 0 && wantN > int(maxHead) || !bytes.HasSuffix(head[:wantN], []byte("\r\n")) {
			t.Errorf("%d bytes of %q, limit %d", wantN, head, maxHead)
		}
		p.Reset()
		if _, err := p.Head(head, method, int(maxHead)); err != nil {
			t.Fatal(err)
		}
		r := &p.Response
		again := fmt.Appendf(nil, "HTTP/1.%d %d %s\r\n", r.Minor, r.Status, r.Reason.Of(head))
		again = AppendHeadEnd(appendFields(t, again, r.Fields, head))
		if story, n := readResponse(new(ResponseParser), again, method, mostHead); story != want {
			t.Errorf("%q rewritten: %s (%d), was %s", head, story, n, want)
		}
	})
}

// FuzzChunks holds for any bytes, cut anywhere, that the cuts do not matter.
func FuzzChunks(f *testing.F) {
	for _, c := range decoded {
		f.Add(lines(c.body), uint16(3), uint16(4))
	}
	for _, c := range chunkRefusals {
		if len(c.base) > maxChunkLine {
			continue // the fuzzer spends its time on shortening long ones
		}
		f.Add([]byte(strings.ReplaceAll(strings.Replace(c.base, c.old, c.new, 1), "|", "\r\n")), uint16(7), uint16(1))
	}
	f.Fuzz(func(t *testing.T, body []byte, first, second uint16) {
		want, wantN := readBody(body, nil)
		a := int(first) % (len(body) + 1)
		b := a + int(second)%(len(body)-a+1)
		for _, cuts := range [][]int{{a, b}, everyByte(len(body))} {
			if got, n := readBody(body, cuts); got != want || n != wantN {
				t.Errorf("cuts at %d: %s (%d), at once: %s (%d)", cuts, got, n, want, wantN)
			}
		}
	})
}
