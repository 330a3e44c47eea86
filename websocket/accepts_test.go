package websocket

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// asked gives what a server that accepts with o answers to bytes, and whether it then ends.
func asked(t *testing.T, o *AcceptOptions, send string) (got string, ended bool) {
	serve(t, accepting(o), func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
		s, err := stream.Dial(co, net, "tcp", address)
		if err != nil {
			return err
		}
		s.Write([]byte(send))
		settle(co)
		got, ended = string(s.Buffered()), s.EOF()
		s.Abort()
		return nil
	})
	return got, ended
}

// TestAcceptHandshakes: forms of fields that are not those of the RFC's example.
func TestAcceptHandshakes(t *testing.T) {
	extensions := func(s string) string { return hello("Host:", "Sec-WebSocket-Extensions: "+s+"|Host:") }
	protocols := func(s string) string { return hello("Host:", "Sec-WebSocket-Protocol: "+s+"|Host:") }
	const agreed = "Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover"
	for _, tt := range []struct {
		name, send string
		status     string
		also       string // part of the answer; "-x": no part of it
	}{
		{"Connection with more tokens", hello("Connection: Upgrade", "Connection: keep-alive, Upgrade"), "101", ""},
		{"Connection twice", hello("Connection: Upgrade", "Connection: keep-alive|Connection: UPGRADE"), "101", ""},
		{"Connection that only contains the word", hello("Connection: Upgrade", "Connection: upgrades"), "400", ""},
		{"Connection: close too", hello("Connection: Upgrade", "Connection: close, Upgrade"), "101", ""},
		{"Upgrade with more tokens", hello("Upgrade: websocket", "Upgrade: h2c, WebSocket"), "101", ""},
		{"Upgrade to something else", hello("Upgrade: websocket", "Upgrade: h2c"), "426", "Connection: Upgrade\r\n"},
		{"Upgrade that only contains the word", hello("Upgrade: websocket", "Upgrade: websockets"), "426", ""},
		{"names in lower case", strings.ToLower(hello("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|", "")[14:]), "400", ""},
		{"HTTP/1.0", hello("HTTP/1.1", "HTTP/1.0"), "400", ""},
		{"HEAD", hello("GET", "HEAD"), "405", "Allow: GET\r\n"},
		{"no host", hello("Host: a.example|", ""), "400", ""},
		{"an empty body", hello("Host:", "Content-Length: 0|Host:"), "101", ""},
		{"Expect without a body", hello("Host:", "Expect: 100-continue|Host:"), "101", "-100 Continue"},
		{"version twice", hello("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 13|Sec-WebSocket-Version: 13"), "426", ""},
		{"versions in a list", hello("Version: 13", "Version: 13, 8"), "426", ""},
		{"version 013", hello("Version: 13", "Version: 013"), "426", ""},
		{"key twice", hello("Sec-WebSocket-Key:", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Key:"), "400", ""},
		{"key of 15 bytes", hello("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25j"), "400", ""},
		{"key with loose bits", hello("dGhlIHNhbXBsZSBub25jZQ==", "dGhlIHNhbXBsZSBub25jZR=="), "400", ""},

		{"smallest window", extensions("permessage-deflate; server_max_window_bits=8"), "101", agreed + "; server_max_window_bits=8\r\n"},
		{"windows in quotes", extensions(`permessage-deflate; server_max_window_bits="10"; client_max_window_bits="9"`), "101", agreed + "; server_max_window_bits=10; client_max_window_bits=9\r\n"},
		{"window of 7", extensions("permessage-deflate; server_max_window_bits=7"), "101", "-Extensions"},
		{"window of 16", extensions("permessage-deflate; client_max_window_bits=16"), "101", "-Extensions"},
		{"window of 08", extensions("permessage-deflate; server_max_window_bits=08"), "101", "-Extensions"},
		{"server's window without a value", extensions("permessage-deflate; server_max_window_bits"), "101", "-Extensions"},
		{"a value where none belongs", extensions("permessage-deflate; server_no_context_takeover=1"), "101", "-Extensions"},
		{"a parameter twice", extensions("permessage-deflate; server_max_window_bits=9; server_max_window_bits=9"), "101", "-Extensions"},
		{"an unknown parameter", extensions("permessage-deflate; x=1"), "101", "-Extensions"},
		{"an unknown parameter, then a plain offer", extensions("permessage-deflate; x=1, permessage-deflate"), "101", agreed + "\r\n"},
		{"the first offer that can be taken", extensions("permessage-deflate; server_max_window_bits=10, permessage-deflate"), "101", agreed + "; server_max_window_bits=10\r\n"},
		{"offers in two fields", extensions("x-other|Sec-WebSocket-Extensions: permessage-deflate"), "101", agreed + "\r\n"},
		{"another case", extensions("Permessage-Deflate"), "101", agreed + "\r\n"},
		{"no list", extensions("permessage-deflate; ="), "101", "-Extensions"},
		{"an old extension", extensions("x-webkit-deflate-frame"), "101", "-Extensions"},

		{"subprotocols in two fields", protocols("x|Sec-WebSocket-Protocol: b"), "101", "Sec-WebSocket-Protocol: b\r\n"},
		{"the server's order", protocols("b, a"), "101", "Sec-WebSocket-Protocol: a\r\n"},
		{"subprotocols in another case", protocols("A, B"), "101", "-Protocol:"},
		{"other subprotocols", protocols("x, y"), "101", "-Protocol:"},
		{"no subprotocol", protocols(" "), "101", "-Protocol:"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			got, ended := asked(t, &AcceptOptions{Options: Options{Compression: &Compression{}}, Subprotocols: []string{"a", "b"}}, tt.send)
			if not, ok := strings.CutPrefix(tt.also, "-"); !strings.HasPrefix(got, "HTTP/1.1 "+tt.status+" ") || strings.Contains(got, strings.TrimPrefix(tt.also, "-")) == ok && not+tt.also != "" {
				t.Errorf("got %q\nwant %s and %q", got, tt.status, tt.also)
			}
			if said := strings.Contains(got, "Connection: close\r\n"); ended != said || ended == (tt.status == "101") {
				t.Errorf("it ended: %v; it said so: %v: %q", ended, said, got)
			}
		})
	}
}

// TestOrigins: what the hosts of an origin and of a request are, and what Origins may say.
func TestOrigins(t *testing.T) {
	for _, tt := range []struct {
		origin, host string
		origins      []string
		lets         bool
	}{
		{"http://a", "a", nil, true},
		{"http://A", "a:80", nil, true},
		{"http://a:80", "a", nil, true},
		{"https://a", "a:443", nil, true},
		{"https://a:443", "a", nil, true},
		{"https://a", "a", nil, true}, // a proxy may speak TLS before us
		{"https://a:80", "a", nil, false},
		{"http://a", "a:443", nil, false},
		{"http://a:8080", "a:8080", nil, true},
		{"http://a:8080", "a", nil, false},
		{"http://a", "a:8080", nil, false},
		{"http://[::1]", "[::1]", nil, true},
		{"http://[::1]", "[::1]:80", nil, true},
		{"http://[::1]:8080", "[::1]:8080", nil, true},
		{"http://[::1]:8080", "[::1]", nil, false},
		{"http://[::1]", "[::2]", nil, false},
		{"null", "a", nil, false},
		{"", "a", nil, false},
		{"http://", "", nil, false},
		{"http:///", "", nil, false},
		{"file://a", "a", nil, false},
		{"chrome-extension://a", "a", nil, false},
		{"ws://a", "a", nil, false},
		{"//a", "a", nil, false},
		{"a", "a", nil, false},
		{"http://a.b", "b", nil, false},
		{"http://ab", "b", nil, false},
		{"http://a%zz", "a", nil, false},
		{"null", "a", []string{"null"}, false},
		{"null", "a", []string{"*"}, true},
		{"http://b:81", "a", []string{"b:81"}, true},
		{"http://b:80", "a", []string{"b"}, true},
		{"https://b", "a", []string{"b"}, true},
		{"https://b", "a", []string{"x", "https://b"}, true},
		{"https://b:443", "a", []string{"https://b"}, true},
		{"http://b", "a", []string{"https://b"}, false},
		{"https://b:444", "a", []string{"https://b"}, false},
		{"https://x.b", "a", []string{"https://b", "b"}, false},
		{"https://a", "a", []string{"b"}, true},
	} {
		o := &AcceptOptions{Origins: tt.origins}
		if got := o.lets([]string{tt.origin}, &http1.Request{Host: tt.host}); got != tt.lets {
			t.Errorf("origin %q, host %q, Origins %q: %v", tt.origin, tt.host, tt.origins, got)
		}
	}
}

// TestNetHTTPRefusalFields: those that the answer must have, over net/http too.
func TestNetHTTPRefusalFields(t *testing.T) {
	for _, method := range []string{"GET", "POST"} {
		rec := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
		if err := AcceptNetHTTP(nil, rec, r, nil, nil); err == nil {
			t.Error("it was taken in")
		}
		resp := rec.Result()
		body, err := io.ReadAll(resp.Body)
		if err != nil || len(body) == 0 {
			t.Errorf("%q, %v", body, err)
		}
		h := resp.Header
		switch {
		case method == "GET" && (resp.StatusCode != 426 || h.Get("Upgrade") != "websocket" || h.Get("Connection") != "Upgrade" || h.Get("Sec-WebSocket-Version") != "13"),
			method == "POST" && (resp.StatusCode != 405 || h.Get("Allow") != "GET"):
			t.Errorf("%s: %d %v", method, resp.StatusCode, h)
		}
	}
}
