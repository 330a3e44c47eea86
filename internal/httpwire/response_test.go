package httpwire

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// acceptedResponses are heads, the method that they answer (GET if there is
// none), and what must be found in them. "|" stands for CR LF.
var acceptedResponses = []struct{ method, head, story string }{
	{"", "HTTP/1.1 200 OK||", `200 "OK" 1.1 until close`},
	{"", "HTTP/1.1 200 OK|Content-Length: 5||", `200 "OK" 1.1 length=5 keep [Content-Length=5]`},
	{"", "HTTP/1.1 200 OK|Content-Length: 0||", `200 "OK" 1.1 keep [Content-Length=0]`},
	{"", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||", `200 "OK" 1.1 chunked keep [Transfer-Encoding=chunked]`},
	{"", "HTTP/1.0 200 OK|Content-Length: 5||", `200 "OK" 1.0 length=5 [Content-Length=5]`},
	{"", "HTTP/1.7 200 OK|Content-Length: 0||", `200 "OK" 1.1 keep [Content-Length=0]`},

	// the status line
	{"", "HTTP/1.1 404 Not\tFound \xe9 |Content-Length: 0||", "404 \"Not\\tFound \\xe9 \" 1.1 keep [Content-Length=0]"},
	{"", "HTTP/1.1 200 |Content-Length: 0||", `200 "" 1.1 keep [Content-Length=0]`},
	{"", "HTTP/1.1 200|Content-Length: 0||", `200 "" 1.1 keep [Content-Length=0]`},
	{"", "HTTP/1.1 200  OK|Content-Length: 0||", `200 " OK" 1.1 keep [Content-Length=0]`},
	{"", "HTTP/1.1 999 x|Content-Length: 0||", `999 "x" 1.1 keep [Content-Length=0]`},

	// fields: Host and Expect say nothing here
	{"", "HTTP/1.1 200 OK|Host: a b|Host: c|Expect: x|Content-Length: 0||",
		`200 "OK" 1.1 keep [Host=a b] [Host=c] [Expect=x] [Content-Length=0]`},
	{"", "HTTP/1.1 200 OK|A: b\xe9|Content-Length: 0||", "200 \"OK\" 1.1 keep [A=b\xe9] [Content-Length=0]"},
	{"", "HTTP/1.1 200 OK|A: b| c|Content-Length: 0||", `200 "OK" 1.1 keep [A=b   c] [Content-Length=0]`},
	{"", "HTTP/1.1 200 OK|A:|\t b|  \tc |Content-Length: 0||", "200 \"OK\" 1.1 keep [A=b    \tc] [Content-Length=0]"},
	{"", "HTTP/1.1 200 OK|A: b| |Content-Length:| 2||", `200 "OK" 1.1 length=2 keep [A=b] [Content-Length=2]`},

	// the connection
	{"", "HTTP/1.1 200 OK|Content-Length: 0|Connection: close||", `200 "OK" 1.1 [Content-Length=0] [Connection=close]`},
	{"", "HTTP/1.0 200 OK|Content-Length: 5|Connection: keep-alive||", `200 "OK" 1.0 length=5 keep [Content-Length=5] [Connection=keep-alive]`},
	{"", "HTTP/1.0 200 OK|Connection: keep-alive||", `200 "OK" 1.0 until close [Connection=keep-alive]`},
	{"", "HTTP/1.1 101 Switching Protocols|Upgrade: x|Connection: upgrade||", `101 "Switching Protocols" 1.1 keep upgrade tunnel [Upgrade=x] [Connection=upgrade]`},
	{"", "HTTP/1.1 101 Switching Protocols|Upgrade: x||", `101 "Switching Protocols" 1.1 keep tunnel [Upgrade=x]`},
	{"", "HTTP/1.1 426 U|Upgrade: x|Connection: upgrade|Content-Length: 2||",
		`426 "U" 1.1 length=2 keep upgrade [Upgrade=x] [Connection=upgrade] [Content-Length=2]`},

	// no body, whatever the fields say
	{"", "HTTP/1.1 100 Continue||", `100 "Continue" 1.1 keep`},
	{"", "HTTP/1.1 103 Early Hints|Link: x||", `103 "Early Hints" 1.1 keep [Link=x]`},
	{"", "HTTP/1.1 204 No Content||", `204 "No Content" 1.1 keep`},
	{"", "HTTP/1.1 204 No Content|Content-Length: 0||", `204 "No Content" 1.1 keep [Content-Length=0]`},
	{"", "HTTP/1.1 205 R||", `205 "R" 1.1 until close`},
	{"", "HTTP/1.1 304 Not Modified|Content-Length: 5||", `304 "Not Modified" 1.1 keep [Content-Length=5]`},
	{"", "HTTP/1.1 304 Not Modified|Transfer-Encoding: chunked||", `304 "Not Modified" 1.1 keep [Transfer-Encoding=chunked]`},
	{"HEAD", "HTTP/1.1 200 OK|Content-Length: 5||", `200 "OK" 1.1 keep [Content-Length=5]`},
	{"HEAD", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||", `200 "OK" 1.1 keep [Transfer-Encoding=chunked]`},
	{"HEAD", "HTTP/1.1 404 X||", `404 "X" 1.1 keep`},
	{"head", "HTTP/1.1 200 OK|Content-Length: 5||", `200 "OK" 1.1 length=5 keep [Content-Length=5]`},
	{"CONNECT", "HTTP/1.1 200 OK||", `200 "OK" 1.1 keep tunnel`},
	{"CONNECT", "HTTP/1.1 200 OK|Content-Length: 5||", `200 "OK" 1.1 keep tunnel [Content-Length=5]`},
	{"CONNECT", "HTTP/1.1 299 OK|Transfer-Encoding: chunked||", `299 "OK" 1.1 keep tunnel [Transfer-Encoding=chunked]`},
	{"CONNECT", "HTTP/1.1 407 X|Content-Length: 5||", `407 "X" 1.1 length=5 keep [Content-Length=5]`},

	// one length, however often
	{"", "HTTP/1.1 200 OK|Content-Length: 2, 2||", `200 "OK" 1.1 length=2 keep [Content-Length=2, 2]`},
	{"", "HTTP/1.1 200 OK|Content-Length: 2|content-length: 2||", `200 "OK" 1.1 length=2 keep [Content-Length=2] [content-length=2]`},
}

const (
	ok    = "HTTP/1.1 200 OK|Content-Length: 22|A: b||"
	okTE  = "HTTP/1.1 200 OK|Transfer-Encoding: chunked|A: b||"
	ok204 = "HTTP/1.1 204 X|A: b||"
	ok103 = "HTTP/1.1 103 X|A: b||"
)

// responseRefusals are answered with 502 by a gateway, all of them.
var responseRefusals = []refusal{
	{"bare-lf", 502, ok, "OK|", "OK\n", "\nContent"},
	{"bare-lf", 502, ok, "b||", "b\n|", "\n|"},
	{"bare-lf", 502, ok, "b||", "b|\n", "\n"},
	{"bare-lf", 502, ok, "b||", "b\n c||", "\n c"},
	{"bare-cr", 502, ok, "OK", "O\rK", "\rK"},
	{"bare-cr", 502, ok, "A: b", "A: b\rc", "\rc"},
	{"nul", 502, ok, "OK", "O\x00K", "\x00"},
	{"control", 502, ok, "A: b", "A: \x7f", "\x7f"},
	{"control", 502, ok, "A: b", "A: b| \x01", "\x01"},
	{"status-line", 502, ok, "HTTP/1.1 200", "|HTTP/1.1 200", "|HTTP"},
	{"status-line", 502, ok, "HTTP/1.1 200 OK", "HTTP/1.1", "HTTP"},
	{"status-line", 502, ok, "HTTP/1.1 200 OK", "HTTP/1.1 20", "HTTP"},
	{"status-line", 502, ok, "HTTP/1.1 ", " HTTP/1.1 ", " HTTP"},
	{"status-line", 502, ok, "HTTP/1.1 ", "ICY ", "ICY"},
	{"status-line", 502, ok, "HTTP/1.1 ", "HTTP/1.1\t", "HTTP"},
	{"version", 502, ok, "HTTP/1.1", "http/1.1", "http"},
	{"version", 502, ok, "HTTP/1.1", "HTTP/x.1", "HTTP"},
	{"version-major", 502, ok, "HTTP/1.1", "HTTP/2.0", "HTTP"},
	{"status-code", 502, ok, "200", "2x0", "2x0"},
	{"status-code", 502, ok, "200", "+20", "+20"},
	{"status-code", 502, ok, "200", " 200", " 200"},
	{"status-code", 502, ok, "200", "099", "099"},
	{"status-code", 502, "HTTP/1.1 200 OK||", "200", "000", "000"},
	{"reason", 502, ok, "200 ", "2000 ", "0 OK"},
	{"reason", 502, ok, "200 OK", "200\tOK", "\tOK"},
	{"content-forbidden", 502, ok204, "A: b", "Content-Length: 5", "|"},
	{"content-forbidden", 502, ok204, "A: b", "Transfer-Encoding: chunked", "|"},
	{"content-forbidden", 502, ok103, "A: b", "Content-Length: 5", "|"},
	{"content-forbidden", 502, ok103, "A: b", "Transfer-Encoding: chunked", "|"},
	{"head-too-large", 502, ok[:len(ok)-2] + filler[:limit-len("HTTP/1.1 200 OK\r\nContent-Length: 22\r\nA: b\r\n\r\n")] + "||", "OK", "OKS", "\n"},
	{"head-too-large", 502, ok, "OK", filler, filler[:len("HTTP/1.1 200 ")] + "|Cont"},

	{"obs-fold", 502, ok, "Content", " Content", " Content"},
	{"no-colon", 502, ok, "A: b", "A", "||"},
	{"empty-name", 502, ok, "A:", ":", ": b"},
	{"name-blank", 502, ok, "A:", "A :", " :"},
	{"name-byte", 502, ok, "A:", "A(:", "("},

	{"length-value", 502, ok, "22", "+22", "+22"},
	{"length-value", 502, ok, "22", "2| 2", "2  "},
	{"length-differs", 502, ok, "22", "22, 24", "22, "},
	{"length-differs", 502, ok, "A: b", "Content-Length: 2", "2||"},
	{"length-overflow", 502, ok, "22", "9223372036854775808", "9223"},
	{"coding-on-1.0", 502, okTE, "1.1", "1.0", "chunked"},
	{"coding-repeated", 502, okTE, "A: b", "Transfer-Encoding: chunked", "chunked||"},
	{"coding-and-length", 502, okTE, "A: b", "Content-Length: 22", "22||"},
	{"coding-and-length", 502, ok, "A: b", "Transfer-Encoding: chunked", "chunked"},
	{"coding-not-final", 502, okTE, "chunked", "gzip", "gzip"},
	{"coding-unknown", 502, okTE, "chunked", "gzip, chunked", "gzip"},
}

// responseStory tells everything a parser found in a head, in one line.
func responseStory(r *Response, buf []byte) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d %q 1.%d", r.Status, r.Reason.Of(buf), r.Minor)
	switch r.Framing {
	case Length:
		fmt.Fprintf(&b, " length=%d", r.Length)
	case Chunked:
		b.WriteString(" chunked")
	case UntilClose:
		b.WriteString(" until close")
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{r.KeepAlive, " keep"}, {r.Upgrade, " upgrade"}, {r.Tunnel, " tunnel"}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	fieldsStory(&b, r.Fields, buf)
	return b.String()
}

// readResponse shows head in pieces that end at the cuts, each in a buffer of
// its own, and gives the story or the error, and the length of the head.
func readResponse(p *ResponseParser, head []byte, method string, maxHead int, cuts ...int) (story string, n int) {
	var buf []byte
	for _, end := range append(cuts, len(head)) {
		buf = append(bytes.Clone(buf), head[len(buf):end]...)
		n, err := p.Head(buf, method, maxHead)
		switch {
		case err != nil:
			return err.Error(), n
		case n > 0:
			return responseStory(&p.Response, buf), n
		}
	}
	return "need more", 0
}

func TestAcceptedResponses(t *testing.T) {
	var reused ResponseParser
	for _, c := range acceptedResponses {
		head := lines(c.head)
		story, n := readResponse(new(ResponseParser), head, c.method, 0)
		if story != c.story || n != len(head) {
			t.Errorf("%q\n got %s (%d of %d bytes)\nwant %s", c.head, story, n, len(head), c.story)
		}
		// What follows is not looked at, and an earlier head leaves no trace.
		reused.Reset()
		if story, n := readResponse(&reused, append(head, "\n\x00HTTP"...), c.method, 0); story != c.story || n != len(head) {
			t.Errorf("%q after another head, with more behind it: got %s (%d bytes)", c.head, story, n)
		}
		if n, err := reused.Head(head, c.method, 0); n != len(head) || err != nil {
			t.Errorf("%q asked again: %d bytes, %v", c.head, n, err)
		}
	}
}

func TestRefusedResponses(t *testing.T) {
	for _, c := range responseRefusals {
		good := lines(c.base)
		if story, n := readResponse(new(ResponseParser), good, "GET", limit); n != len(good) {
			t.Errorf("%.60q is not accepted: %s", c.base, story)
		}
		bad := c.changed(t)
		var p ResponseParser
		n, err := p.Head(bytes.Clone(bad), "GET", limit)
		if n != 0 || err == nil {
			t.Errorf("%s: %.120q instead of %.40q in %.60q: not refused (%d)", c.rule, c.new, c.old, c.base, n)
			continue
		}
		e := asError(t, err)
		if _, again := p.Head(bad, "GET", limit); again != err {
			t.Errorf("%s: asked again: %v", c.rule, again)
		}
		if c.rule == "length-value" && strings.Contains(c.new, "|") {
			bad = bytes.Replace(bad, []byte("\r\n 2"), []byte("   2"), 1) // unfolded
		}
		c.check(t, bad, e)
	}
}

func TestResponseCutAnywhere(t *testing.T) {
	check := func(head []byte, method string) {
		want, wantN := readResponse(new(ResponseParser), head, method, limit)
		for cut := range len(head) + 1 {
			if got, n := readResponse(new(ResponseParser), head, method, limit, cut); got != want || n != wantN {
				t.Errorf("cut at %d of %.300q:\n got %s (%d)\nwant %s (%d)", cut, head, got, n, want, wantN)
			}
		}
		if got, n := readResponse(new(ResponseParser), head, method, limit, everyByte(len(head))...); got != want || n != wantN {
			t.Errorf("byte by byte %.300q:\n got %s (%d)\nwant %s (%d)", head, got, n, want, wantN)
		}
	}
	for _, c := range acceptedResponses {
		check(append(lines(c.head), "rest"...), c.method)
	}
	for _, c := range responseRefusals {
		check(lines(c.base), "GET")
		check(c.changed(t), "GET")
	}
}

// TestFoldIsOverwritten: the fields of a head stay pieces of its buffer.
func TestFoldIsOverwritten(t *testing.T) {
	buf := lines("HTTP/1.1 200 OK|A: b|\tc|D: e||")
	var p ResponseParser
	if n, err := p.Head(buf, "GET", 0); n != len(buf) || err != nil {
		t.Fatal(n, err)
	}
	if want := lines("HTTP/1.1 200 OK|A: b  \tc|D: e||"); !bytes.Equal(buf, want) {
		t.Errorf("%q, want %q", buf, want)
	}
}
