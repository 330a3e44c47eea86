package httpwire

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// A refusal is a head (or a body, or a trailer section) that is accepted as
// it stands and refused once old, which it contains once, has become new. "|"
// stands for CR LF. The offset of the error must be that of the
// last at in the changed text.
type refusal struct {
	rule     string
	status   int
	base     string
	old, new string
	at       string
}

const (
	get  = "GET /x HTTP/1.1|Host: a|A: b||"
	old  = "GET /x HTTP/1.0|A: b||"
	post = "POST /x HTTP/1.1|Host: a|Content-Length: 22|A: b||"
	te   = "POST /x HTTP/1.1|Host: a|Transfer-Encoding: chunked||"
	opt  = "OPTIONS * HTTP/1.1|Host: a||"
	conn = "CONNECT a:443 HTTP/1.1|Host: a||"
	abs  = "GET http://a/x HTTP/1.1|Host: a||"
)

// limit is the limit of all heads in headRefusals; it is reached only where
// it is meant to.
const limit = 256

var filler = strings.Repeat("x", limit)

var headRefusals = []refusal{
	{"bare-lf", 400, get, "1.1|", "1.1\n", "\nHost"},
	{"bare-lf", 400, get, "b||", "b\n|", "\n|"},
	{"bare-lf", 400, get, "b||", "b|\n", "\n"},
	{"bare-lf", 400, "|" + get, "|GET", "\nGET", "\nGET"},
	{"bare-cr", 400, get, "/x", "/x\ry", "\ry"},
	{"bare-cr", 400, get, "GET ", "GET\r ", "\r "},
	{"bare-cr", 400, get, "HTTP/1.1", "HTTP/1.\r", "\r|Host"},
	{"bare-cr", 400, get, "b||", "b\r||", "\r||"},
	{"bare-cr", 400, get, "A:", "A\r:", "\r:"},
	{"bare-cr", 400, get, "b||", "b|\r|", "\r|"},
	{"nul", 400, get, "/x", "/\x00x", "\x00"},
	{"nul", 400, get, " b", " b\x00", "\x00"},
	{"nul", 400, get, "A:", "A\x00:", "\x00"},
	{"control", 400, get, "/x", "/x\x7f", "\x7f"},
	{"control", 400, get, "GET", "GE\x01T", "\x01"},
	{"control", 400, get, " b", " b\x7f", "\x7f"},
	{"control", 400, get, " b", " 0123456\x1f90123456", "\x1f"},
	{"control", 400, get, " b", " 0123456789\x7f", "\x7f"},
	{"control", 400, get, " b", " 0123456789\x0b2345", "\x0b"},

	{"blank-lines", 400, "||||" + get, "||||G", "|||||G", "|GET"},
	{"request-line", 400, get, " HTTP/1.1", "", "GET"},
	{"request-line", 400, get, "/x ", "", "GET"},
	{"request-line", 400, get, "/x HTTP", " HTTP", "GET"},
	{"request-line", 400, get, "1.1|", "1.1 |", "GET"},
	{"request-line", 400, get, "HTTP/1.1", "HTTP/1.10", "GET"},
	{"request-line", 400, get, "GET /x HTTP/1.1", "asdf", "asdf"},
	{"method", 400, get, "GET", "GET,POST", ",POST"},
	{"method", 400, get, "GET", "", " /x"},
	{"method", 400, get, "GET ", "GET\t", "\t"},
	{"target-byte", 400, get, "/x", "/x y", " y"},
	{"target-byte", 400, get, " /x", "  /x", " /x"},
	{"target-byte", 400, get, "/x", "/\tx", "\tx"},
	{"target-fragment", 400, get, "/x", "/x#y", "#y"},
	{"version", 400, get, "HTTP/1", "http/1", "http"},
	{"version", 400, get, "1.1", "1,1", "HTTP"},
	{"version", 400, get, "1.1", "x.1", "HTTP"},
	{"version", 400, get, "1.1", "1.x", "HTTP"},
	{"version-major", 505, get, "1.1", "2.0", "HTTP"},
	{"version-major", 505, get, "1.1", "0.9", "HTTP"},
	{"version-major", 505, opt, "OPTIONS * HTTP/1.1", "PRI * HTTP/2.0", "HTTP"},

	{"target-form", 400, get, "/x", "x", "x"},
	{"target-form", 400, abs, "http://", "http:/", "http:"},
	{"target-form", 400, abs, "http://", "urn:", "urn"},
	{"target-form", 400, abs, "http://", "1http://", "1http"},
	{"target-form", 400, abs, "http://", "://", "://"},
	{"target-form", 400, opt, "*", "**", "**"},
	{"target-asterisk", 400, opt, "OPTIONS", "GET", "*"},
	{"target-authority", 400, conn, "a:443", "a", "a HTTP"},
	{"target-authority", 400, conn, "a:443", "a:", "a: HTTP"},
	{"target-authority", 400, conn, "a:443", "a:0", "a:0"},
	{"target-authority", 400, conn, "a:443", "a:65536", "a:65536"},
	{"target-authority", 400, conn, "a:443", "a:18446744073709552059", "a:1844"}, // 443 in 64 bits
	{"target-authority", 400, conn, "a:443", ":443", ":443"},
	{"target-authority", 400, conn, "a:443", "b@a:443", "b@"},
	{"target-authority", 400, conn, "a:443", "/", "/ HTTP"},
	{"target-authority", 400, conn, "a:443", "http://a:443", "http"},
	{"target-authority", 400, conn, "a:443", "*", "*"},
	{"target-form", 400, conn, "CONNECT", "GET", "a:443"},
	{"target-host", 400, abs, "a/x", "/x", "/x"},
	{"target-host", 400, abs, "a/x", ":80/x", ":80"},
	{"target-host", 400, abs, "a/x", "a:8x/x", "a:8x"},
	{"target-host", 400, abs, "a/x", "a%41/x", "a%"},
	{"target-host", 400, abs, "a/x", "[::1/x", "[::1"},
	{"target-userinfo", 400, abs, "a/x", "u:p@a/x", "@a/x"},
	{"line-too-long", 414, get, "/x", "/" + filler[:limit-len("GET /")] + "yz", "yz"},
	{"head-too-large", 431, get[:len(get)-2] + filler[:limit-len("GET /x HTTP/1.1\r\nHost: a\r\nA: b\r\n\r\n")] + "||", "GET", "GETS", "\n"},

	{"obs-fold", 400, get, "b||", "b| c||", " c"},
	{"obs-fold", 400, get, "A: b", "\tA: b", "\tA"},
	{"obs-fold", 400, get, "Host", " Host", " Host"},
	{"no-colon", 400, get, "A: b", "Ab", "||"},
	{"empty-name", 400, get, "A:", ":", ": b"},
	{"name-blank", 400, get, "A:", "A :", " :"},
	{"name-blank", 400, get, "A:", "A\t:", "\t:"},
	{"name-blank", 400, get, "A:", "A B:", " B:"},
	{"name-byte", 400, get, "A:", "A\xe9:", "\xe9"},
	{"name-byte", 400, get, "A:", "A(:", "("},
	{"name-byte", 400, get, "A:", "\"A:", "\"A"},

	{"host-missing", 400, get, "Host: a|", "", "|"},
	{"host-missing", 400, abs, "Host: a|", "", "|"},
	{"host-missing", 400, old, "1.0", "1.1", "|"},
	{"host-repeated", 400, get, "A: b", "host: b", "b||"},
	{"host-repeated", 400, get, "A: b", "hOST: a", "a||"},
	{"host-repeated", 400, get, "A: b", "Host:", "||"},
	{"host-repeated", 400, "GET / HTTP/1.0|Host: a|A: b||", "A", "Host", "b||"},
	{"host-value", 400, get, "Host: a", "Host: a,b", "a,b"},
	{"host-value", 400, get, "Host: a", "Host: a b", "a b"},
	{"host-value", 400, get, "Host: a", "Host: a/b", "a/b"},
	{"host-value", 400, get, "Host: a", "Host: a@b", "a@b"},
	{"host-value", 400, get, "Host: a", "Host: a?b", "a?b"},
	{"host-value", 400, get, "Host: a", "Host: a#b", "a#b"},
	{"host-value", 400, get, "Host: a", "Host: 'a'", "'a'"},
	{"host-value", 400, get, "Host: a", "Host: \"a\"", "\"a\""},
	{"host-value", 400, get, "Host: a", "Host: <a>", "<a>"},
	{"host-value", 400, get, "Host: a", "Host: a\\b", "a\\b"},
	{"host-value", 400, get, "Host: a", "Host: \xe9", "\xe9"},
	{"host-value", 400, get, "Host: a", "Host: :80", ":80"},
	{"host-value", 400, get, "Host: a", "Host: a:80:81", "a:80"},
	{"host-value", 400, get, "Host: a", "Host: a:+8", "a:+"},
	{"host-value", 400, get, "Host: a", "Host: []", "[]"},
	{"host-value", 400, get, "Host: a", "Host: [::1", "[::1"},
	{"host-value", 400, get, "Host: a", "Host: [::1]a", "[::1]a"},
	{"host-value", 400, get, "Host: a", "Host: [::1)", "[::1)"},
	{"host-value", 400, get, "Host: a", "Host: [::g]", "[::g]"},
	{"host-value", 400, abs, "Host: a", "Host: a/", "a/||"},

	{"length-value", 400, post, "22", "+22", "+22"},
	{"length-value", 400, post, "22", "-22", "-22"},
	{"length-value", 400, post, "22", "2_2", "2_2"},
	{"length-value", 400, post, "22", "2 2", "2 2"},
	{"length-value", 400, post, "22", "0x2", "0x2"},
	{"length-value", 400, post, "22", "foo", "foo"},
	{"length-value", 400, post, " 22", "", "|A"},
	{"length-value", 400, post, "22", "22,", "22,"},
	{"length-value", 400, post, "22", ",22", ",22"},
	{"length-differs", 400, post, "22", "22, 23", "22, "},
	{"length-differs", 400, post, "A: b", "content-length: 2", "2||"},
	{"length-differs", 400, post, "A: b", "Content-Length: 0", "0||"},
	{"length-overflow", 413, post, "22", "9223372036854775808", "9223"},
	{"length-overflow", 413, post, "22", "18446744073709551638", "1844"},
	{"length-overflow", 413, post, "22", "99999999999999999999999990", "99999999999999999999999990"},
	{"coding-on-1.0", 400, old, "A: b", "Transfer-Encoding: chunked", "chunked"},
	{"coding-on-1.0", 400, te, "1.1", "1.0", "chunked"},
	{"coding-repeated", 400, te, "d||", "d|transfer-encoding: chunked||", "chunked||"},
	{"coding-repeated", 400, te, "chunked", "chunked, chunked", "chunked, "},
	{"coding-and-length", 400, te, "Transfer", "Content-Length: 0|Transfer", "chunked"},
	{"coding-and-length", 400, te, "d||", "d|Content-Length: 2||", "2||"},
	{"coding-not-final", 400, te, "chunked", "gzip", "gzip"},
	{"coding-not-final", 400, te, "chunked", "chunked, gzip", "chunked"},
	{"coding-not-final", 400, te, "chunked", "xchunked", "xchunked"},
	{"coding-not-final", 400, te, "chunked", "\"chunked\"", "\"chunked"},
	{"coding-not-final", 400, te, "chunked", "chunked;q=1", "chunked;"},
	{"coding-not-final", 400, te, "chunked", "chunked,", "chunked,"},
	{"coding-not-final", 400, te, " chunked", "", "||"},
	{"coding-unknown", 501, te, "chunked", "gzip, chunked", "gzip"},
	{"coding-unknown", 501, te, "chunked", "identity,chunked", "identity"},
	{"expectation", 417, get, "A: b", "Expect: b", "b||"},
	{"expectation", 417, get, "A: b", "Expect: 100-continue, b", "100"},
	{"expectation", 417, old, "A: b", "Expect: 100-continued", "100"},
}

var (
	longest  = strings.Repeat("e", maxChunkLine-len("5;\r\n"))
	extended = strings.Repeat("1;"+longest[:125]+"|x|", maxExtensions/126) // 126 bytes of extension in each
	rest     = longest[:maxExtensions%126-1]
)

var chunkRefusals = []refusal{
	{"bare-lf", 400, "5|hello|0||", "5|", "5\n", "\nh"},
	{"bare-lf", 400, "5;a|hello|0||", "a|", "a\n", "\nh"},
	{"bare-lf", 400, "5;a|hello|0||", ";a", ";\na", "\na"},
	{"bare-lf", 400, "5|hello|0||", "0||", "0\n|", "\n|"},
	{"bare-lf", 400, "5|hello|0||", "0||", "0|\n", "\n"},
	{"bare-lf", 400, "0|A: b||", "b|", "b\n", "\n|"},
	{"bare-cr", 400, "5;a|hello|0||", ";a", ";\ra", "\ra"},
	{"nul", 400, "5;a|hello|0||", ";a", ";\x00a", "\x00"},
	{"control", 400, "0|A: b||", " b", " \x08b", "\x08"},
	{"control", 400, "5;a|hello|0||", ";a", ";\x7fa", "\x7f"},
	{"chunk-size", 400, "5|hello|0||", "5|", "|", "|hello"},
	{"chunk-size", 400, "5|hello|0||", "5|", "+5|", "+5"},
	{"chunk-size", 400, "5|hello|0||", "5|", "-5|", "-5"},
	{"chunk-size", 400, "5|hello|0||", "5|", "0x5|", "x5"},
	{"chunk-size", 400, "5|hello|0||", "5|", "0_5|", "_5"},
	{"chunk-size", 400, "5|hello|0||", "5|", " 5|", " 5"},
	{"chunk-size", 400, "5|hello|0||", "5|", "5 |", " |"},
	{"chunk-size", 400, "5|hello|0||", "5|", "5 a|", " a"},
	{"chunk-size", 400, "5|hello|0||", "5|", "5g|", "g|"},
	{"chunk-size", 400, "5;a|hello|0||", "5;", ";", ";a"},
	{"chunk-overflow", 413, "0000000000000005|hello|0||", "5|", "50|", "0000000000000005"},
	{"chunk-overflow", 413, "5|hello|0||", "5|", "4000000000000001|", "4000"},
	{"chunk-overflow", 413, "5|hello|0||", "5|", "8000000000000000|", "8000"},
	{"chunk-overflow", 413, "5|hello|0||", "5|", "FFFFFFFFFFFFFFFF|", "FFFFFFFFFFFFFFFF"},
	{"chunk-line", 400, "5;" + longest + "|hello|0||", ";", ";;", "\nhello"},
	{"chunk-extensions", 400, extended + "1;" + rest + "|x|0||", "0||", "0;||", ";||"},
	{"chunk-end", 400, "5|hello|0||", "hello", "hell", "\n0"},
	{"chunk-end", 400, "5|hello|0||", "hello", "hellox", "x|0"},
	{"chunk-end", 400, "5|hello|0||", "hello|", "hello\n", "\n0"},
	{"chunk-end", 400, "5|hello|0||", "hello|", "hello\r", "0||"},
	{"trailer-field", 400, "0|A: b||", "A", "Content-Length", "Content"},
	{"trailer-field", 400, "0|A: b||", "A", "transfer-encoding", "transfer"},
	{"trailer-field", 400, "0|A: b||", "A", "HOST", "HOST"},
	{"trailer-field", 400, "0|A: b||", "A", "Connection", "Connection"},
	{"trailer-field", 400, "0|A: b||", "A", "Te", "Te"},
	{"no-colon", 400, "0|A: b||", "A: b", "A", "||"},
	{"obs-fold", 400, "0|A: b||", "b||", "b| c||", " c"},
	{"name-blank", 400, "0|A: b||", "A:", "A :", " :"},
	{"empty-name", 400, "0|A: b||", "A:", ":", ": b"},
	{"trailers-too-large", 431, "0|A: " + strings.Repeat("b", maxTrailers-len("A: \r\n\r\n")) + "||", "A", "AA", "\n"},
}

// changed makes the refused text; the base must contain old just once.
func (c refusal) changed(t *testing.T) []byte {
	if strings.Count(c.base, c.old) != 1 {
		t.Fatalf("%s: %q is not once in %q", c.rule, c.old, c.base)
	}
	return lines(strings.Replace(c.base, c.old, c.new, 1))
}

func (c refusal) check(t *testing.T, bad []byte, e *Error) {
	t.Helper()
	offset := strings.LastIndex(string(bad), string(lines(c.at)))
	if e.Rule != c.rule || e.Status != c.status || e.Offset != offset {
		t.Errorf("%.120q instead of %.40q in %.60q\n got %v\nwant %s at %d, %d", c.new, c.old, c.base, e, c.rule, offset, c.status)
	}
}

func TestRefusedHeads(t *testing.T) {
	for _, c := range headRefusals {
		good := lines(c.base)
		if story, n := readHead(good, limit); n != len(good) {
			t.Errorf("%.60q is not accepted: %s", c.base, story)
		}
	}
	for _, c := range headRefusals {
		bad := c.changed(t)
		var p Parser
		n, err := p.Head(bad, limit)
		if n != 0 || err == nil {
			t.Errorf("%s: %.120q instead of %.40q in %.60q: not refused (%d)", c.rule, c.new, c.old, c.base, n)
			continue
		}
		c.check(t, bad, asError(t, err))
	}
}

func TestRefusedBodies(t *testing.T) {
	for _, c := range chunkRefusals {
		good := lines(c.base)
		if story, n := readBody(good, nil); n != len(good) || !strings.HasSuffix(story, "done") {
			t.Errorf("%.60q is not accepted: %.200s (%d of %d)", c.base, story, n, len(good))
		}
		bad := c.changed(t)
		var chunks Chunks
		for consumed := 0; ; {
			_, n, done, err := chunks.Next(bad[consumed:])
			consumed += n
			if err == nil && !done && n > 0 {
				continue
			}
			if err == nil {
				t.Errorf("%s: %.120q instead of %.40q in %.60q: not refused", c.rule, c.new, c.old, c.base)
				break
			}
			e := asError(t, err)
			again := asError(t, func() error { _, _, _, err := chunks.Next(bad[consumed:]); return err }())
			if again.Rule != e.Rule || again.Offset != e.Offset-n {
				t.Errorf("%s: the second call finds %v after %v", c.rule, again, e)
			}
			e.Offset += consumed - n
			c.check(t, bad, e)
			break
		}
	}
}

// TestEveryRuleIsProvoked: no refusal is declared that no case provokes.
func TestEveryRuleIsProvoked(t *testing.T) {
	provoked := map[string]int{}
	for _, c := range append(headRefusals[:len(headRefusals):len(headRefusals)], chunkRefusals...) {
		provoked[c.rule] = c.status
	}
	for _, c := range responseRefusals { // those that requests cannot break
		if _, ok := provoked[c.rule]; !ok {
			provoked[c.rule] = c.status
		}
	}
	for o, f := range offences[none+1:] {
		if f.rule == "" || f.reason == "" {
			t.Errorf("offence %d has no rule or reason", o)
		}
		if provoked[f.rule] != f.status {
			t.Errorf("%s: declared with %d, provoked with %d", f.rule, f.status, provoked[f.rule])
		}
		delete(provoked, f.rule) // so that two offences of one name are noticed
	}
	if len(provoked) > 0 {
		t.Errorf("cases for rules that are not declared: %v", provoked)
	}
}

// TestRulesAreDocumented: who finds a rule in the log finds it in the docs.
func TestRulesAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/http.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range offences[none+1:] {
		if !strings.Contains(string(text), "`"+f.rule+"`") {
			t.Errorf("%s is not in docs/http.md", f.rule)
		}
	}
}

// TestEveryByteInItsPlace refuses or accepts each of the 256 bytes in a
// method, a target, a name and a value.
func TestEveryByteInItsPlace(t *testing.T) {
	const tchar = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	token := func(c byte) bool { return strings.IndexByte(tchar, c) >= 0 }
	places := []struct {
		format string
		ok     func(c byte) bool
	}{
		{"A%sB / HTTP/1.1\r\nHost: a\r\n\r\n", token},
		{"GET /a%sb HTTP/1.1\r\nHost: a\r\n\r\n", func(c byte) bool { return c > ' ' && c != 0x7f && c != '#' }},
		{"GET / HTTP/1.1\r\nHost: a\r\nA%sB: c\r\n\r\n", func(c byte) bool { return token(c) || c == ':' }},
		{"GET / HTTP/1.1\r\nHost: a\r\nA: b%sc\r\n\r\n", func(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }},
		{"GET / HTTP/1.1\r\nHost: a\r\nA: 0123456%s9abcdef\r\n\r\n", func(c byte) bool { return c == '\t' || c >= ' ' && c != 0x7f }},
	}
	for _, place := range places {
		for c := range 256 {
			head := fmt.Appendf(nil, place.format, string([]byte{byte(c)}))
			story, n := readHead(head, 0)
			if place.ok(byte(c)) != (n == len(head)) {
				t.Errorf("%q: %s", head, story)
			}
		}
	}
}
