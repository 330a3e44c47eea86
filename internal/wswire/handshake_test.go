package wswire

import (
	"fmt"
	"strings"
	"testing"
)

const sampleKey = "dGhlIHNhbXBsZSBub25jZQ==" // of RFC 6455, 1.3

func TestAcceptKey(t *testing.T) {
	if got := AcceptKey(sampleKey); got != "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=" {
		t.Errorf("accept %s", got)
	}
	if got := EncodeKey([16]byte([]byte("the sample nonce"))); got != sampleKey {
		t.Errorf("key %s", got)
	}
}

func TestCheckHello(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Hello)
		status int
	}{
		{"the RFC's", func(h *Hello) {}, 0},
		{"lists and other case", func(h *Hello) { h.Connection = []string{"keep-alive, UPGRADE"}; h.Upgrade = []string{"x, WebSocket"} }, 0},
		{"two fields", func(h *Hello) { h.Connection = []string{"keep-alive", "upgrade"} }, 0},
		{"method", func(h *Hello) { h.Method = "POST" }, 405},
		{"HTTP/1.0", func(h *Hello) { h.Minor = 0 }, 400},
		{"a body", func(h *Hello) { h.Body = true }, 400},
		{"no Upgrade", func(h *Hello) { h.Upgrade = nil }, 426},
		{"another Upgrade", func(h *Hello) { h.Upgrade = []string{"websockets"} }, 426},
		{"no Connection", func(h *Hello) { h.Connection = nil }, 400},
		{"another Connection", func(h *Hello) { h.Connection = []string{"keep-alive"} }, 400},
		{"no version", func(h *Hello) { h.Version = nil }, 426},
		{"version 12", func(h *Hello) { h.Version = []string{"12"} }, 426},
		{"version 8", func(h *Hello) { h.Version = []string{"8"} }, 426},
		{"two versions", func(h *Hello) { h.Version = []string{"13", "13"} }, 426},
		{"no key", func(h *Hello) { h.Key = nil }, 400},
		{"two keys", func(h *Hello) { h.Key = []string{sampleKey, sampleKey} }, 400},
		{"a short key", func(h *Hello) { h.Key = []string{"dGhlIHNhbXBsZQ=="} }, 400},
		{"a key that is not base64", func(h *Hello) { h.Key = []string{"dGhlIHNhbXBsZSBub25jZQ=!"} }, 400},
		{"a key with bits left over", func(h *Hello) { h.Key = []string{"dGhlIHNhbXBsZSBub25jZR=="} }, 400},
		{"a key with a line break", func(h *Hello) { h.Key = []string{"dGhlIHNhbXBsZSBub25j\nZQ=="} }, 400},
	} {
		h := &Hello{Method: "GET", Minor: 1, Connection: []string{"Upgrade"}, Upgrade: []string{"websocket"}, Version: []string{"13"}, Key: []string{sampleKey}}
		tt.change(h)
		got := 0
		if r := CheckHello(h); r != nil {
			got = r.Status
		}
		if got != tt.status {
			t.Errorf("%s: %d, want %d", tt.name, got, tt.status)
		}
	}
}

func TestCheckAnswer(t *testing.T) {
	for _, tt := range []struct {
		name   string
		change func(*Answer)
		wrong  string
	}{
		{"the RFC's", func(a *Answer) {}, ""},
		{"other case", func(a *Answer) { a.Upgrade = []string{"WebSocket"}; a.Connection = []string{"upgrade"} }, ""},
		{"subprotocol", func(a *Answer) { a.Protocol = []string{"b"} }, ""},
		{"status", func(a *Answer) { a.Status = 200 }, "switch"},
		{"HTTP/1.0", func(a *Answer) { a.Minor = 0 }, "HTTP/1.1"},
		{"no Upgrade", func(a *Answer) { a.Upgrade = nil }, "Upgrade"},
		{"another Upgrade", func(a *Answer) { a.Upgrade = []string{"h2c"} }, "Upgrade"},
		{"no Connection", func(a *Answer) { a.Connection = []string{"close"} }, "Connection"},
		{"no accept", func(a *Answer) { a.Accept = nil }, "Accept"},
		{"another accept", func(a *Answer) { a.Accept = []string{AcceptKey("x")} }, "Accept"},
		{"subprotocol that was not offered", func(a *Answer) { a.Protocol = []string{"c"} }, "not offered"},
		{"subprotocol in another case", func(a *Answer) { a.Protocol = []string{"A"} }, "not offered"},
		{"two subprotocols", func(a *Answer) { a.Protocol = []string{"a", "b"} }, "more than one"},
	} {
		a := &Answer{Minor: 1, Status: 101, Connection: []string{"Upgrade"}, Upgrade: []string{"websocket"}, Accept: []string{AcceptKey(sampleKey)}}
		tt.change(a)
		got := CheckAnswer(a, sampleKey, []string{"a", "b"})
		if (got == "") != (tt.wrong == "") || !strings.Contains(got, tt.wrong) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.wrong)
		}
	}
}

func TestParseExtensions(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"", "[]"}, {" , ,", "[]"}, {"a", "[{a []}]"}, {"a,b , c", "[{a []} {b []} {c []}]"},
		{"a;x", "[{a [{x  false}]}]"}, {"a ; x = 1 ; y", "[{a [{x 1 true} {y  false}]}]"},
		{`a; x="1"`, "[{a [{x 1 true}]}]"}, {`a; x="\1\0", b`, "[{a [{x 10 true}]} {b []}]"},
		{"a b", "no"}, {"a;", "no"}, {"a;=1", "no"}, {"a; x=", "no"}, {`a; x="`, "no"}, {`a; x=""`, "no"}, {`a; x="1 2"`, "no"},
		{`a; x="1"2`, "no"}, {"a;;x", "no"}, {"a=1", "no"}, {"(a)", "no"}, {"é", "no"},
	} {
		got := "no"
		if list, ok := ParseExtensions([]string{tt.in}); ok {
			got = strings.ReplaceAll(fmt.Sprint(list), "<nil>", "[]")
		}
		if got != tt.want {
			t.Errorf("%s is %s, want %s", tt.in, got, tt.want)
		}
	}
}

// TestAgree is the server's side of RFC 7692, 7.1.
func TestAgree(t *testing.T) {
	none, no := Deflate{}, "none"
	frugal := Deflate{ServerNoTakeover: true, ClientNoTakeover: true}
	narrow := Deflate{ServerBits: 10, ClientBits: 11}
	const pd = "permessage-deflate"
	for _, tt := range []struct {
		offer string
		want  Deflate
		agree string
	}{
		{"", none, no}, {"x-webkit-deflate-frame", none, no}, {pd, none, pd}, {"PerMessage-Deflate", none, pd},
		{pd, frugal, pd + "; server_no_context_takeover; client_no_context_takeover"},
		{pd + "; server_no_context_takeover", none, pd + "; server_no_context_takeover"},
		{pd + "; client_no_context_takeover", none, pd + "; client_no_context_takeover"},
		{pd + "; server_max_window_bits=9", none, pd + "; server_max_window_bits=9"},
		{pd + `; server_max_window_bits="8"`, none, pd + "; server_max_window_bits=8"},
		{pd + "; server_max_window_bits=12", narrow, pd + "; server_max_window_bits=10"},
		{pd + "; server_max_window_bits=9", narrow, pd + "; server_max_window_bits=9"},
		{pd + "; client_max_window_bits", none, pd},
		{pd + "; client_max_window_bits", narrow, pd + "; server_max_window_bits=10; client_max_window_bits=11"},
		{pd + "; client_max_window_bits=9", narrow, pd + "; server_max_window_bits=10; client_max_window_bits=9"},
		{pd + "; client_max_window_bits=14", narrow, pd + "; server_max_window_bits=10; client_max_window_bits=11"},
		{pd, narrow, pd + "; server_max_window_bits=10"}, // the client may not know the other
		{pd + "; server_max_window_bits=7", none, no}, {pd + "; server_max_window_bits=16", none, no},
		{pd + "; server_max_window_bits=08", none, no}, {pd + "; server_max_window_bits=+9", none, no},
		{pd + "; server_max_window_bits", none, no}, {pd + "; client_max_window_bits=0", none, no},
		{pd + "; client_max_window_bits=x", none, no}, {pd + "; server_no_context_takeover=1", none, no},
		{pd + "; client_no_context_takeover=x", none, no}, {pd + "; unknown", none, no},
		{pd + "; server_no_context_takeover; server_no_context_takeover", none, no},
		{pd + "; server_max_window_bits=9; server_max_window_bits=9", none, no},
		{pd + "; unknown, " + pd, none, pd}, {pd + "; server_max_window_bits=99, x, " + pd + "; client_no_context_takeover", none, pd + "; client_no_context_takeover"},
		{pd + "; server_max_window_bits=10, " + pd, none, pd + "; server_max_window_bits=10"}, // the first that can be had
	} {
		got := no
		list, ok := ParseExtensions([]string{tt.offer})
		if !ok {
			t.Fatalf("%s is no list", tt.offer)
		}
		if d, ok := Agree(list, tt.want); ok {
			got = d.Offer()
		}
		if got != tt.agree {
			t.Errorf("%s with %+v: %s, want %s", tt.offer, tt.want, got, tt.agree)
		}
	}
}

// TestCheckAgreed is the client's side.
func TestCheckAgreed(t *testing.T) {
	const pd = "permessage-deflate"
	usual := Deflate{ServerNoTakeover: true, ClientNoTakeover: true, ClientBitsKnown: true}
	for _, tt := range []struct {
		answer  string
		offered *Deflate
		wrong   string
		d       Deflate
	}{
		{"", &usual, "", Deflate{}},
		{"", nil, "", Deflate{}},
		{pd, nil, "not offered", Deflate{}},
		{"x", &usual, "not offered", Deflate{}},
		{pd + ", " + pd, &usual, "not offered", Deflate{}},
		{pd + "; server_no_context_takeover", &usual, "", Deflate{ServerNoTakeover: true, ClientNoTakeover: true}},
		{pd, &Deflate{}, "", Deflate{}},
		{pd + "; client_no_context_takeover", &Deflate{}, "", Deflate{ClientNoTakeover: true}},
		{pd + "; server_no_context_takeover; server_max_window_bits=9", &Deflate{}, "", Deflate{ServerNoTakeover: true, ServerBits: 9}},
		{pd, &usual, "server_no_context_takeover", Deflate{}},
		{pd + "; server_max_window_bits=11", &Deflate{ServerBits: 10}, "server_max_window_bits", Deflate{}},
		{pd, &Deflate{ServerBits: 10}, "server_max_window_bits", Deflate{}},
		{pd + "; server_max_window_bits=10", &Deflate{ServerBits: 10}, "", Deflate{ServerBits: 10}},
		{pd + "; client_max_window_bits=10", &Deflate{}, "client_max_window_bits", Deflate{}},
		{pd + "; client_max_window_bits=10", &Deflate{ClientBitsKnown: true}, "", Deflate{ClientBits: 10, ClientBitsKnown: true}},
		{pd + "; client_max_window_bits=12", &Deflate{ClientBitsKnown: true, ClientBits: 9}, "", Deflate{ClientBits: 9, ClientBitsKnown: true}},
		{pd + "; client_max_window_bits", &Deflate{ClientBitsKnown: true}, "invalid", Deflate{}},
		{pd + "; server_max_window_bits=7", &Deflate{}, "invalid", Deflate{}},
		{pd + "; x", &Deflate{}, "invalid", Deflate{}},
	} {
		list, _ := ParseExtensions([]string{tt.answer})
		d, on, wrong := CheckAgreed(list, tt.offered)
		if (wrong == "") != (tt.wrong == "") || !strings.Contains(wrong, tt.wrong) || wrong == "" && d != tt.d || on != (wrong == "" && tt.answer != "") {
			t.Errorf("%s to %+v: %+v %v %q, want %+v %q", tt.answer, tt.offered, d, on, wrong, tt.d, tt.wrong)
		}
	}
}

func TestParseResponse(t *testing.T) {
	for _, tt := range []struct{ in, want string }{
		{"HTTP/1.1 101 Switching Protocols|A: b|C:d ||rest", "101 Switching Protocols [{A b} {C d}] 48"},
		{"HTTP/1.1 200||", "200  [] 16"}, {"HTTP/1.1 404 ||", "404  [] 17"},
		{"HTTP/1.1 101 X|A: b", "more"}, {"", "more"}, {"HTTP/1.1 101 X|A: b|", "more"},
		{"HTTP/1.0 200 X||", "200 X [] 18"}, {"HTTP/1.2 101 X||", "wrong"}, {"HTTP/1.1 1x1 X||", "wrong"}, {"HTTP/1.1 1010||", "wrong"}, {"ICY 200 OK||", "wrong"},
		{"HTTP/1.1 101 X\n\n", "wrong"}, {"HTTP/1.1 101 X|A b||", "wrong"}, {"HTTP/1.1 101 X|A : b||", "wrong"},
		{"HTTP/1.1 101 X| folded: x||", "wrong"}, {"HTTP/1.1 101 X|A: b\x00||", "wrong"}, {"HTTP/1.1 101 X|A: b\rc||", "wrong"}, {"HTTP/1.1 101 X|: b||", "wrong"},
	} {
		in := strings.ReplaceAll(tt.in, "|", "\r\n")
		r, n, wrong := ParseResponse([]byte(in))
		got := "more"
		if wrong != "" {
			got = "wrong"
		} else if n > 0 {
			got = fmt.Sprint(r.Status, " ", r.Reason, " ", r.Fields, " ", n)
		}
		if got != tt.want {
			t.Errorf("%q: %s (%s), want %s", in, got, wrong, tt.want)
		}
	}
}
