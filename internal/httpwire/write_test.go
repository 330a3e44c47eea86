package httpwire

import (
	"strings"
	"testing"
)

func TestAppend(t *testing.T) {
	cases := []struct {
		got  []byte
		want string
	}{
		{AppendStatusLine(nil, 200), "HTTP/1.1 200 OK\r\n"},
		{AppendStatusLine([]byte("x"), 404), "xHTTP/1.1 404 Not Found\r\n"},
		{AppendStatusLine(nil, 999), "HTTP/1.1 999 \r\n"},
		{AppendStatusLine(nil, 299), "HTTP/1.1 299 \r\n"},
		{AppendRequestLine([]byte("x"), "GET", "/y?z"), "xGET /y?z HTTP/1.1\r\n"},
		{AppendField(nil, "A", "b"), "A: b\r\n"},
		{AppendContentLength(nil, 0), "Content-Length: 0\r\n"},
		{AppendContentLength(nil, 1<<63-1), "Content-Length: 9223372036854775807\r\n"},
		{AppendChunk(nil, make([]byte, 26)), "1a\r\n" + strings.Repeat("\x00", 26) + "\r\n"},
		{AppendChunk([]byte("x"), nil), "x"},
		{AppendChunkSize(nil, 255), "ff\r\n"},
		{AppendLastChunk(nil), "0\r\n\r\n"},
		{AppendHeadEnd(AppendField(AppendTrailers(nil), "A", "b")), "0\r\nA: b\r\n\r\n"},
		{AppendHeadEnd(nil), "\r\n"},
	}
	for _, c := range cases {
		if string(c.got) != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestStatusOutOfRangePanics(t *testing.T) {
	for _, code := range []int{-1, 0, 99, 1000} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%d does not panic", code)
				}
			}()
			AppendStatusLine(nil, code)
		}()
	}
}

func TestStatusText(t *testing.T) {
	for code, want := range map[int]string{100: "Continue", 413: "Content Too Large", 511: "Network Authentication Required", -1: "", 512: "", 299: ""} {
		if got := StatusText(code); got != want {
			t.Errorf("%d: %q, want %q", code, got, want)
		}
	}
	for code, want := range map[int]bool{100: false, 101: false, 200: true, 204: false, 205: true, 304: false, 404: true} {
		if HasContent(code) != want {
			t.Errorf("%d has content: %v", code, !want)
		}
	}
}

// TestValidFields: what may be sent is what the parser accepts, byte for
// byte, apart from blanks around the value, which it takes off.
func TestValidFields(t *testing.T) {
	if ValidFieldName("") || !ValidFieldValue("") {
		t.Error("an empty name must be refused, an empty value accepted")
	}
	for c := range 256 {
		s := string([]byte{'a', byte(c), 'b'})
		if _, err := fieldLine(AppendField(nil, s, "v")[:len(s)+3], 0); c != ':' && ValidFieldName(s) != (err == nil) {
			t.Errorf("name %q: %v, but the parser says %v", s, ValidFieldName(s), err)
		}
		if _, err := fieldLine([]byte("N: "+s), 0); ValidFieldValue([]byte(s)) != (err == nil) {
			t.Errorf("value %q: %v, but the parser says %v", s, ValidFieldValue(s), err)
		}
	}
	if ValidFieldName("a:b") {
		t.Error("a colon in a name")
	}
}

// TestValidTarget: what may be sent is what the parser accepts, byte for byte.
func TestValidTarget(t *testing.T) {
	for c := range 256 {
		target := "/" + string([]byte{byte(c)})
		head := AppendField(AppendRequestLine(nil, "GET", target), "Host", "a")
		if _, n := readHead(AppendHeadEnd(head), 0); ValidTarget(target) != (n > 0) {
			t.Errorf("target %q: %v, but the parser takes %d bytes", target, ValidTarget(target), n)
		}
	}
	if ValidTarget([]byte(nil)) {
		t.Error("an empty target")
	}
}

func TestValidTrailerName(t *testing.T) {
	for name, want := range map[string]bool{
		"Digest": true, "x-checksum": true, "Hosts": true, "": false, "a b": false,
		"content-length": false, "TE": false, "Transfer-Encoding": false, "set-cookie": false, "IF-RANGE": false,
	} {
		if ValidTrailerName(name) != want || ValidTrailerName([]byte(name)) != want {
			t.Errorf("%q: %v", name, !want)
		}
	}
	// Whatever may be sent is accepted.
	body := AppendTrailers(AppendChunk(nil, []byte("x")))
	body = AppendHeadEnd(AppendField(AppendField(body, "Digest", "y"), "X", ""))
	if story, n := readBody(body, nil); story != `"x" [Digest=y] [X=] done` || n != len(body) {
		t.Error(story, n)
	}
}

func TestTokens(t *testing.T) {
	equal := []struct {
		a, b string
		want bool
	}{
		{"", "", true}, {"Close", "cLOSE", true}, {"close", "closed", false},
		{"k", "\u212a", false}, {"a", "\x01", false}, {"-", "\r", false}, {"@", "`", false}, {"[", "{", false},
	}
	for _, c := range equal {
		if EqualFold(c.a, []byte(c.b)) != c.want || EqualFold(c.b, c.a) != c.want {
			t.Errorf("EqualFold(%q, %q) is %v", c.a, c.b, !c.want)
		}
	}
	lists := []struct {
		list string
		want bool
	}{
		{"", false}, {",", false}, {"close", true}, {"a,CLOSE", true}, {" \tclose\t ,b", true},
		{",,close,", true}, {"closed", false}, {"close;a", false}, {"a close", false}, {"\"close\"", false},
	}
	for _, c := range lists {
		if HasToken(c.list, "Close") != c.want || HasToken([]byte(c.list), "Close") != c.want {
			t.Errorf("HasToken(%q): %v", c.list, !c.want)
		}
	}
	if HasToken(",", "") {
		t.Error("the empty token is in a list")
	}
}

// TestErrorText: position, status and rule are in the text, the peer's bytes
// are not.
func TestErrorText(t *testing.T) {
	story, _ := readHead([]byte("GET /secret\x01 HTTP/1.1\r\n"), 0)
	if story != "httpwire: control at byte 11: a control byte (answer: 400)" {
		t.Error(story)
	}
}
