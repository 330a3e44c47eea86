package httpwire

import (
	"strings"
	"testing"
)

// accepted are heads and what must be found in them. "|" stands for CR LF.
var accepted = []struct{ head, story string }{
	{"GET / HTTP/1.1|Host: a||", `GET / origin 1.1 host="a" keep [Host=a]`},
	{"GET / HTTP/1.0||", `GET / origin 1.0 host=""`},
	{"GET / HTTP/1.0|hOST: a||", `GET / origin 1.0 host="a" [hOST=a]`},
	{"|||GET / HTTP/1.1|Host: a||", `GET / origin 1.1 host="a" keep [Host=a]`},
	{"M-SEARCH!#$%&'*+.^_`~ / HTTP/1.1|Host: a||", "M-SEARCH!#$%&'*+.^_`~ / origin 1.1 host=\"a\" keep [Host=a]"},
	{"get / HTTP/1.1|Host: a||", `get / origin 1.1 host="a" keep [Host=a]`},
	{"GET / HTTP/1.7|Host: a||", `GET / origin 1.1 host="a" keep [Host=a]`},

	// targets
	{"GET //a/?b=c&{}^\"<>\\ HTTP/1.1|Host: a||", `GET //a/?b=c&{}^"<>\ origin 1.1 host="a" keep [Host=a]`},
	{"GET /\xc3\xa9%zz HTTP/1.1|Host: a||", "GET /\xc3\xa9%zz origin 1.1 host=\"a\" keep [Host=a]"},
	{"OPTIONS * HTTP/1.1|Host: a||", `OPTIONS * asterisk 1.1 host="a" keep [Host=a]`},
	{"OPTIONS /* HTTP/1.1|Host: a||", `OPTIONS /* origin 1.1 host="a" keep [Host=a]`},
	{"CONNECT a.b:443 HTTP/1.1|Host: c||", `CONNECT a.b:443 authority 1.1 host="a.b:443" keep [Host=c]`},
	{"CONNECT a:65535 HTTP/1.1|Host: c||", `CONNECT a:65535 authority 1.1 host="a:65535" keep [Host=c]`},
	{"GET / HTTP/1.1|Host: a:99999||", `GET / origin 1.1 host="a:99999" keep [Host=a:99999]`},
	{"CONNECT [::1]:443 HTTP/1.1|Host: c||", `CONNECT [::1]:443 authority 1.1 host="[::1]:443" keep [Host=c]`},
	{"GET http://x:80/y?z HTTP/1.1|Host: a||", `GET http://x:80/y?z absolute 1.1 host="x:80" keep [Host=a]`},
	{"GET a+b-c.1://x?y HTTP/1.1|Host: a||", `GET a+b-c.1://x?y absolute 1.1 host="x" keep [Host=a]`},
	{"|GET HTTP://x HTTP/1.1|Host:||", `GET HTTP://x absolute 1.1 host="x" keep [Host=]`},
	{"GET http://x/@ HTTP/1.0||", `GET http://x/@ absolute 1.0 host="x"`},

	// fields
	{"GET / HTTP/1.1|Host:||", `GET / origin 1.1 host="" keep [Host=]`},
	{"GET / HTTP/1.1|Host: \t a:8080\t ||", `GET / origin 1.1 host="a:8080" keep [Host=a:8080]`},
	{"GET / HTTP/1.1|Host: [2001:DB8::1.2.3.4]:||", `GET / origin 1.1 host="[2001:DB8::1.2.3.4]:" keep [Host=[2001:DB8::1.2.3.4]:]`},
	{"GET / HTTP/1.1|Host: a|A: b\tc  d\xff\x80|A:||", "GET / origin 1.1 host=\"a\" keep [Host=a] [A=b\tc  d\xff\x80] [A=]"},
	{"GET / HTTP/1.1|Host: a|!#$%&'*+-.^_`~: :,;||", "GET / origin 1.1 host=\"a\" keep [Host=a] [!#$%&'*+-.^_`~=:,;]"},
	{"GET / HTTP/1.1|Host: a|Hosts: b|Hose: c||", `GET / origin 1.1 host="a" keep [Host=a] [Hosts=b] [Hose=c]`},

	// the connection
	{"GET / HTTP/1.1|Host: a|Connection: x, ClosE ,||", `GET / origin 1.1 host="a" [Host=a] [Connection=x, ClosE ,]`},
	{"GET / HTTP/1.1|Host: a|connection: closed, close;x||", `GET / origin 1.1 host="a" keep [Host=a] [connection=closed, close;x]`},
	{"GET / HTTP/1.1|Host: a|Connection: keep-alive|Connection: close||", `GET / origin 1.1 host="a" [Host=a] [Connection=keep-alive] [Connection=close]`},
	{"GET / HTTP/1.0|Connection: keep-alive||", `GET / origin 1.0 host="" keep [Connection=keep-alive]`},
	{"GET / HTTP/1.0|Connection: Keep-Alive||", `GET / origin 1.0 host="" keep [Connection=Keep-Alive]`},
	{"GET / HTTP/1.0|Connection: keep-alive, close||", `GET / origin 1.0 host="" [Connection=keep-alive, close]`},
	{"GET / HTTP/1.1|Host: a|Upgrade: websocket|Connection: keep-alive, Upgrade||",
		`GET / origin 1.1 host="a" keep upgrade [Host=a] [Upgrade=websocket] [Connection=keep-alive, Upgrade]`},
	{"GET / HTTP/1.1|Host: a|Upgrade: websocket||", `GET / origin 1.1 host="a" keep [Host=a] [Upgrade=websocket]`},
	{"GET / HTTP/1.1|Host: a|Upgrade:|Connection: upgrade||", `GET / origin 1.1 host="a" keep [Host=a] [Upgrade=] [Connection=upgrade]`},
	{"GET / HTTP/1.0|Upgrade: x|Connection: upgrade||", `GET / origin 1.0 host="" [Upgrade=x] [Connection=upgrade]`},

	// the body
	{"POST / HTTP/1.1|Host: a|Content-Length: 5||", `POST / origin 1.1 host="a" length=5 keep [Host=a] [Content-Length=5]`},
	{"POST / HTTP/1.1|Host: a|content-length: 0||", `POST / origin 1.1 host="a" keep [Host=a] [content-length=0]`},
	{"POST / HTTP/1.1|Host: a|Content-Length: 9223372036854775807||",
		`POST / origin 1.1 host="a" length=9223372036854775807 keep [Host=a] [Content-Length=9223372036854775807]`},
	{"POST / HTTP/1.1|Host: a|Content-Length: 2 ,2|CONTENT-LENGTH: 02||",
		`POST / origin 1.1 host="a" length=2 keep [Host=a] [Content-Length=2 ,2] [CONTENT-LENGTH=02]`},
	{"POST / HTTP/1.1|Host: a|Transfer-Encoding: cHUNKED||", `POST / origin 1.1 host="a" chunked keep [Host=a] [Transfer-Encoding=cHUNKED]`},
	{"POST / HTTP/1.0|Content-Length: 5||", `POST / origin 1.0 host="" length=5 [Content-Length=5]`},
	{"POST / HTTP/1.1|Host: a|Expect: 100-Continue|Content-Length: 5||",
		`POST / origin 1.1 host="a" length=5 keep expect [Host=a] [Expect=100-Continue] [Content-Length=5]`},
	{"POST / HTTP/1.1|Host: a|Expect: 100-continue, 100-continue|Transfer-Encoding: chunked||",
		`POST / origin 1.1 host="a" chunked keep expect [Host=a] [Expect=100-continue, 100-continue] [Transfer-Encoding=chunked]`},
	{"GET / HTTP/1.1|Host: a|Expect: 100-continue||", `GET / origin 1.1 host="a" keep [Host=a] [Expect=100-continue]`},
	{"GET / HTTP/1.1|Host: a|Expect:||", `GET / origin 1.1 host="a" keep [Host=a] [Expect=]`},
	{"POST / HTTP/1.0|Expect: 100-continue|Content-Length: 5||", `POST / origin 1.0 host="" length=5 [Expect=100-continue] [Content-Length=5]`},
}

func lines(s string) []byte { return []byte(strings.ReplaceAll(s, "|", "\r\n")) }

func TestAccepted(t *testing.T) {
	var reused Parser
	for _, c := range accepted {
		head := lines(c.head)
		story, n := readHead(head, 0)
		if story != c.story || n != len(head) {
			t.Errorf("%q\n got %s (%d of %d bytes)\nwant %s", c.head, story, n, len(head), c.story)
		}
		// What follows is not looked at, and an earlier head leaves no trace.
		reused.Reset()
		if story, n := readHeadIn(&reused, append(head, "\n\x00GET"...), 0); story != c.story || n != len(head) {
			t.Errorf("%q after another head, with more behind it: got %s (%d bytes)", c.head, story, n)
		}
	}
}

// TestHeadIsRepeatable: a complete head and a refusal stay what they are
// until Reset.
func TestHeadIsRepeatable(t *testing.T) {
	var p Parser
	buf := []byte(wrkGet)
	for range 2 {
		if n, err := p.Head(buf, 0); n != len(buf) || err != nil {
			t.Fatal(n, err)
		}
	}
	p.Reset()
	first := asError(t, second(p.Head([]byte("\n"), 0)))
	if again := asError(t, second(p.Head([]byte("\n"+wrkGet), 0))); again != first {
		t.Errorf("second call: %v", again)
	}
	p.Reset()
	if n, err := p.Head(buf, 0); n != len(buf) || err != nil {
		t.Fatal(n, err)
	}
}

func second[A, B any](_ A, b B) B { return b }

func TestResetGivesUpUnusualRoom(t *testing.T) {
	var p Parser
	head := []byte("GET / HTTP/1.1\r\nHost: a\r\n" + strings.Repeat("a: b\r\n", keptFields) + "\r\n")
	if n, err := p.Head(head, 0); n != len(head) || err != nil {
		t.Fatal(n, err)
	}
	if p.Reset(); p.Request.Fields != nil {
		t.Errorf("room for %d fields kept", cap(p.Request.Fields))
	}
	if _, err := p.Head([]byte(wrkGet), 0); err != nil {
		t.Fatal(err)
	}
	if p.Reset(); cap(p.Request.Fields) == 0 {
		t.Error("no room kept")
	}
}

func TestBlank(t *testing.T) {
	for s, want := range map[string]bool{"": true, "|": true, "||": true, "|\r": false, "G": false, "|G": false, "GET / HTTP/1.1|": false} {
		var p Parser
		buf := lines(s)
		if n, err := p.Head(buf, 0); n != 0 || err != nil {
			t.Fatal(n, err)
		}
		if got := p.Blank(buf); got != want {
			t.Errorf("Blank after %q: %v", s, got)
		}
	}
}

func TestFind(t *testing.T) {
	var p Parser
	buf := lines("GET / HTTP/1.1|Host: a|X-A: 1|x-a: 2||")
	if _, err := p.Head(buf, 0); err != nil {
		t.Fatal(err)
	}
	if v, ok := p.Request.Find(buf, "X-a"); !ok || string(v.Of(buf)) != "1" {
		t.Errorf("X-a: %q, %v", v.Of(buf), ok)
	}
	if _, ok := p.Request.Find(buf, "X-B"); ok {
		t.Error("X-B found")
	}
}
