package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// answering is a server that answers each connection with text, in which | is the end of a
// line and KEY the right Sec-WebSocket-Accept.
func answering(text string) http1.HandlerFunc {
	return func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		s, err := w.Hijack()
		if err != nil {
			return err
		}
		text := strings.ReplaceAll(text, "|", "\r\n")
		s.Write([]byte(strings.ReplaceAll(text, "KEY", wswire.AcceptKey(r.Header.Get("Sec-WebSocket-Key")))))
		s.Close()
		return nil
	}
}

// TestDialAnswers: what a client takes for the answer to its handshake.
func TestDialAnswers(t *testing.T) {
	const ok = "HTTP/1.1 101 X|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Accept: KEY|"
	without := func(line string) string { return strings.Replace(ok, line+"|", "", 1) + "|" }
	with := func(line string) string { return ok + line + "||" }
	const deflate = "Sec-WebSocket-Extensions: permessage-deflate"
	for _, tt := range []struct{ name, answer, wrong string }{
		{"plain", ok + "|", ""},
		{"no reason", strings.Replace(ok, "101 X", "101", 1) + "|", ""},
		{"in lower case", strings.Replace(strings.ToLower(ok), "http/1.1", "HTTP/1.1", 1) + "|", "Accept"}, // KEY too
		{"names in lower case", "HTTP/1.1 101 X|upgrade: WebSocket|connection: keep-alive, upgrade|sec-websocket-accept: KEY||", ""},
		{"behind an interim one", "HTTP/1.1 103 Early Hints|Link: </a>||HTTP/1.1 100 Continue||" + ok + "|", ""},
		{"interim ones without end", strings.Repeat("HTTP/1.1 100 Continue||", 50), "interim"},
		{"an interim one and no more", "HTTP/1.1 100 Continue||", "unexpected EOF"},
		{"HTTP/1.0", strings.Replace(ok, "1.1", "1.0", 1) + "|", "HTTP/1.1"},
		{"HTTP/2.0", strings.Replace(ok, "1.1", "2.0", 1) + "|", "status line"},
		{"no Upgrade", without("Upgrade: websocket"), "Upgrade"},
		{"Upgrade to more", strings.Replace(ok, "Upgrade: websocket", "Upgrade: websocket, h2c", 1) + "|", "Upgrade"},
		{"no Connection", without("Connection: Upgrade"), "Connection"},
		{"Connection: close", strings.Replace(ok, "Connection: Upgrade", "Connection: close", 1) + "|", "Connection"},
		{"no accept", without("Sec-WebSocket-Accept: KEY"), "Accept"},
		{"accept twice", with("Sec-WebSocket-Accept: KEY"), "Accept"},
		{"a folded line", with(" x"), "not a field"},
		{"a blank before a colon", with("X : y"), "not a field"},
		{"a bare line feed", with("X: y\nZ: a"), "control byte"},
		{"ends in line feeds", strings.ReplaceAll(ok, "|", "\n") + "|", "unexpected EOF"},

		{"a subprotocol of those", with("Sec-WebSocket-Protocol: b"), ""},
		{"another subprotocol", with("Sec-WebSocket-Protocol: c"), "subprotocol"},
		{"in another case", with("Sec-WebSocket-Protocol: B"), "subprotocol"},
		{"two subprotocols", with("Sec-WebSocket-Protocol: a, b"), "subprotocol"},
		{"two, in two fields", with("Sec-WebSocket-Protocol: a|Sec-WebSocket-Protocol: b"), "subprotocol"},
		{"an empty subprotocol", with("Sec-WebSocket-Protocol:"), "subprotocol"},

		{"compression as asked", with(deflate + "; server_no_context_takeover"), ""},
		{"client's window too", with(deflate + "; server_no_context_takeover; client_max_window_bits=8"), ""},
		{"takeover, which was not wanted", with(deflate), "server_no_context_takeover"},
		{"client's window without a value", with(deflate + "; server_no_context_takeover; client_max_window_bits"), "parameters"},
		{"an unknown parameter", with(deflate + "; server_no_context_takeover; x"), "parameters"},
		{"a parameter twice", with(deflate + "; server_no_context_takeover; server_no_context_takeover"), "parameters"},
		{"twice", with(deflate + "; server_no_context_takeover, permessage-deflate"), "not offered"},
		{"another extension", with("Sec-WebSocket-Extensions: x"), "not offered"},
		{"no list", with("Sec-WebSocket-Extensions: ;"), "not a list"},

		{"401", "HTTP/1.1 401 Unauthorized|WWW-Authenticate: Basic|Content-Length: 2||no", "does not switch"},
		{"204", "HTTP/1.1 204 No Content||", "does not switch"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, answering(tt.answer), func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
				o := on(net)
				o.Subprotocols = []string{"a", "b"}
				o.Compression = &Compression{}
				answers := 0
				o.OnResponse = func(*Response) { answers++ }
				c, err := Dial(co, "ws://127.0.0.1/", o)
				if (err == nil) != (tt.wrong == "") || err != nil && !strings.Contains(err.Error(), tt.wrong) || answers > 1 {
					t.Errorf("%v after %d answers, want %q", err, answers, tt.wrong)
				}
				var he *HandshakeError
				if errors.As(err, &he) && he.Status == 401 && he.Response.Header.Get("WWW-Authenticate") != "Basic" {
					t.Errorf("the answer is not all there: %+v", he.Response)
				}
				if c != nil {
					c.Abort()
				}
				return nil
			})
		})
	}
}

// TestDialFramesBehindTheAnswer, in the same piece and byte by byte.
func TestDialFramesBehindTheAnswer(t *testing.T) {
	serve(t, answering("HTTP/1.1 101 X|Upgrade: websocket|Connection: Upgrade|Sec-WebSocket-Accept: KEY||\x81\x02hi\x88\x02\x03\xe8"),
		func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
			for _, short := range []float64{0, 0.9} {
				net.Faults.ShortReads = short
				c, err := Dial(co, "ws://127.0.0.1/", on(net))
				if err != nil {
					return err
				}
				reads(t, co, c, `text "hi"`, "websocket: closed by the peer: 1000")
			}
			return nil
		})
}

// TestDialHost: what the server is told of where it is.
func TestDialHost(t *testing.T) {
	for raw, want := range map[string]string{
		"ws://a/": "a", "ws://a:80/": "a", "ws://a:443/": "a:443", "wss://a:443/": "a", "wss://a:80/": "a:80", "ws://A:81": "A:81",
		"ws://[::1]/": "[::1]", "ws://[::1]:80/": "[::1]", "ws://[::1]:8080/": "[::1]:8080",
		"ws://[fe80::1%25eth0]/": "[fe80::1]", "ws://[fe80::1%25eth0]:8080/": "[fe80::1]:8080", "ws://a%25b/": "a%b",
	} {
		u, err := parseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		d := &dial{o: &DialOptions{}, u: u, header: &http1.Header{}}
		if p, err := d.hello(); err != nil || !strings.Contains(string(p), "\r\nHost: "+want+"\r\n") {
			t.Errorf("%s: %q, %v", raw, p, err)
		}
		d.header.Add("host", "b")
		if p, err := d.hello(); err != nil || strings.Count(strings.ToLower(string(p)), "\r\nhost:") != 1 || !strings.Contains(string(p), "\r\nHost: b\r\n") {
			t.Errorf("%s: %q, %v", raw, p, err)
		}
	}
	looptest.Run(t, func(co *loop.Co) error {
		o := &DialOptions{}
		o.Header.Add("Host", "a\r\nX: y")
		if _, err := Dial(co, "ws://a/", o); err == nil || !strings.Contains(err.Error(), `"Host"`) {
			t.Errorf("fields within a host: %v", err)
		}
		return nil
	})
}

// TestDialTimeoutEachPhase: a proxy, a TLS server or a server that says nothing, or half of it.
func TestDialTimeoutEachPhase(t *testing.T) {
	for _, tt := range []struct{ name, url, proxy, says string }{
		{"the answer's head", "ws://10.0.0.1/", "", "HTTP/1.1 101"},
		{"behind an interim answer", "ws://10.0.0.1/", "", "HTTP/1.1 100 Continue\r\n\r\n"},
		{"TLS", "wss://10.0.0.1/", "", ""},
		{"proxy", "ws://a.example/", "http://10.0.0.1", ""},
		{"proxy's head", "wss://a.example/", "http://10.0.0.1", "HTTP/1.1 200"},
		{"TLS with a proxy", "ws://a.example/", "https://10.0.0.1", ""},
		{"TLS behind a proxy", "wss://a.example/", "http://10.0.0.1", "HTTP/1.1 200 OK\r\n\r\n"},
		{"the answer behind a proxy", "ws://a.example/", "http://10.0.0.1", "HTTP/1.1 200 OK\r\n\r\n"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			looptest.Run(t, func(co *loop.Co) error {
				net := &looptest.Network{}
				var all []*stream.Stream
				for _, port := range []string{"80", "443"} {
					ln, err := net.Listen(co.Loop(), "tcp", "10.0.0.1:"+port)
					if err != nil {
						return err
					}
					defer ln.Close()
					if err := ln.Accept(func(tr stream.Transport) {
						s, err := stream.New(co.Loop(), tr)
						if err != nil {
							t.Error(err)
							return
						}
						s.Write([]byte(tt.says))
						all = append(all, s)
					}); err != nil {
						return err
					}
				}
				o := on(net)
				o.Dialer.TLS = &stream.TLSOptions{Config: &tls.Config{InsecureSkipVerify: true}, Timeout: time.Hour}
				o.Timeout = 7 * time.Second
				if tt.proxy != "" {
					o.Proxy = func(*url.URL) (*url.URL, error) { return url.Parse(tt.proxy) }
				}
				began := co.Loop().Now()
				_, err := Dial(co, tt.url, o)
				if took := co.Loop().Now().Sub(began); !errors.Is(err, context.DeadlineExceeded) || took != o.Timeout {
					t.Errorf("after %v: %v", took, err)
				}
				for _, s := range all {
					s.Abort()
				}
				settle(co)
				if n := len(net.Conns()); n != 0 || len(all) != 1 {
					t.Errorf("%d of %d connections are left", n, len(all))
				}
				return nil
			})
		})
	}
}

// TestDialCancelled in the middle of a handshake, which leaves nothing behind.
func TestDialCancelled(t *testing.T) {
	serve(t, func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error { return loop.Sleep(co, time.Hour) },
		func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
			scope, cancel := co.WithCancel()
			cause := errors.New("enough")
			f := loop.Go(scope, func(co *loop.Co) (*Conn, error) { return Dial(co, "ws://127.0.0.1/", on(net)) })
			settle(co)
			cancel(cause)
			if c, err := loop.Await(co, f); c != nil || !errors.Is(err, cause) {
				t.Errorf("%v, %v", c, err)
			}
			settle(co)
			if n := len(net.Conns()); n != 0 {
				t.Errorf("%d connections are left", n)
			}
			return nil
		})
}

// TestRedirectsKeepSecrets: what is for one host only is not told another, also not behind a
// detour; redirects do not lead from wss to ws.
func TestRedirectsKeepSecrets(t *testing.T) {
	from := func(raw, location string) *dial {
		u, err := parseURL(raw)
		if err != nil {
			t.Fatal(err)
		}
		d := &dial{o: &DialOptions{}, u: u, header: &http1.Header{}}
		for _, name := range []string{"authorization", "Cookie", "Proxy-Authorization", "Host", "X-Other"} {
			d.header.Add(name, "x")
		}
		r := &Response{Status: 307}
		r.Header.Add("Location", location)
		return d.redirect(&HandshakeError{Status: 307, Response: r})
	}
	for _, tt := range []struct{ from, location, want string }{
		{"ws://a/x", "/y", "ws://a/y 5"},
		{"ws://a/x", "y?z=1#f", "ws://a/y?z=1 5"},
		{"ws://a/x", "ws://a:80/y", "ws://a:80/y 5"},
		{"ws://a/x", "http://b/y", "ws://b/y 1"},
		{"ws://a/x", "//b/y", "ws://b/y 1"},
		{"ws://a/x", "ws://a:81/", "ws://a:81/ 1"},
		{"ws://a/x", "wss://a/", "wss://a/ 1"},
		{"wss://a/x", "https://a/y", "wss://a/y 5"},
		{"wss://a/x", "http://a/y", ""},
		{"wss://a/x", "ws://a/y", ""},
		{"ws://a/x", "ws://u:p@a/", ""},
		{"ws://a/x", "mailto:a@b", ""},
		{"ws://a/x", "ws://[/", ""},
	} {
		got := ""
		if d := from(tt.from, tt.location); d != nil {
			n := 0
			for range d.header.All() {
				n++
			}
			got = fmt.Sprintf("%v %d", d.u, n)
		}
		if got != tt.want {
			t.Errorf("from %s to %s: %q, want %q", tt.from, tt.location, got, tt.want)
		}
	}
}
