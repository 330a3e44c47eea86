package websocket

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

const address = "127.0.0.1:80"

// serve has h answer requests on a network in memory.
func serve(t testing.TB, h http1.HandlerFunc, body func(co *loop.Co, net *looptest.Network, srv *http1.Server) error) {
	t.Helper()
	looptest.Run(t, func(co *loop.Co) error {
		net := &looptest.Network{}
		srv := &http1.Server{Handler: h, Network: net, Logger: slog.New(slog.NewTextHandler(t.Output(), nil))}
		if _, err := srv.Listen(co.Loop(), address); err != nil {
			return err
		}
		defer srv.Close()
		return body(co, net, srv)
	})
}

// accepting is a handler that echoes.
func accepting(o *AcceptOptions) http1.HandlerFunc {
	return func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		w.Header().Set("X-Server", "here")
		c, err := Accept(co, w, r, o)
		if err != nil {
			return err
		}
		echo(c)
		return nil
	}
}

func on(net *looptest.Network) *DialOptions {
	return &DialOptions{Dialer: &stream.Dialer{Network: net}}
}

// hello is a client's handshake; old, which it contains, is replaced by new.
func hello(old, new string) string {
	s := "GET /chat HTTP/1.1|Host: a.example|Upgrade: websocket|Connection: Upgrade|" +
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|Sec-WebSocket-Version: 13||"
	if !strings.Contains(s, old) {
		panic(old)
	}
	return strings.ReplaceAll(strings.Replace(s, old, new, 1), "|", "\r\n")
}

// TestAcceptRefusals: W01-W03, W20 and their like, with the status and the fields of each.
func TestAcceptRefusals(t *testing.T) {
	origin := func(s string) string { return hello("Host:", "Origin: "+s+"|Host:") }
	for _, tt := range []struct {
		name, send string
		o          *AcceptOptions
		want       string // beginning of the answer
		also       string // part of it
	}{
		{"the RFC's", hello("", ""), nil, "HTTP/1.1 101", "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"},
		{"fields of the handler", hello("", ""), nil, "HTTP/1.1 101", "X-Server: here\r\n"},
		{"plain GET", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", nil, "HTTP/1.1 426", "Upgrade: websocket\r\n"},
		{"no key", hello("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==|", ""), nil, "HTTP/1.1 400", "Sec-WebSocket-Key"},
		{"version 12", hello(": 13", ": 12"), nil, "HTTP/1.1 426", "Sec-WebSocket-Version: 13\r\n"},
		{"no version", hello("Sec-WebSocket-Version: 13|", ""), nil, "HTTP/1.1 426", "Sec-WebSocket-Version: 13\r\n"},
		{"POST", hello("GET", "POST"), nil, "HTTP/1.1 405", "Allow: GET\r\n"},
		{"no Connection", hello("Connection: Upgrade|", ""), nil, "HTTP/1.1 400", "Connection"},
		{"a body", hello("Host:", "Content-Length: 8|Host:") + "\x81\x82\x00\x00\x00\x00hi", nil, "HTTP/1.1 400", "body"},
		{"chunks", hello("Host:", "Transfer-Encoding: chunked|Host:") + "0\r\n\r\n", nil, "HTTP/1.1 400", "body"},
		{"same origin", origin("http://a.example"), nil, "HTTP/1.1 101", ""},
		{"same origin, with the port", origin("http://a.example:80"), nil, "HTTP/1.1 101", ""},
		{"same origin by TLS", origin("https://A.example"), nil, "HTTP/1.1 101", ""},
		{"same origin, with a path", origin("http://a.example/path"), nil, "HTTP/1.1 101", ""},
		{"other host", origin("http://b.example"), nil, "HTTP/1.1 403", "origin"},
		{"subdomain", origin("http://x.a.example"), nil, "HTTP/1.1 403", ""},
		{"other port", origin("http://a.example:8080"), nil, "HTTP/1.1 403", ""},
		{"no scheme", origin("a.example"), nil, "HTTP/1.1 403", ""},
		{"null", origin("null"), nil, "HTTP/1.1 403", ""},
		{"two origins", origin("http://a.example|Origin: http://a.example"), nil, "HTTP/1.1 403", ""},
		{"other host, allowed", origin("https://b.example"), &AcceptOptions{Origins: []string{"c.example", "b.example"}}, "HTTP/1.1 101", ""},
		{"other host, all allowed", origin("https://b.example"), &AcceptOptions{Origins: []string{"*"}}, "HTTP/1.1 101", ""},
		{"checked by the program", origin("http://a.example"), &AcceptOptions{CheckOrigin: func(string, *http1.Request) bool { return false }}, "HTTP/1.1 403", ""},
		{"subprotocol", hello("Host:", "Sec-WebSocket-Protocol: x, b, a|Host:"), &AcceptOptions{Subprotocols: []string{"a", "b"}}, "HTTP/1.1 101", "Sec-WebSocket-Protocol: a\r\n"},
		{"compression", hello("Host:", "Sec-WebSocket-Extensions: x, permessage-deflate; client_max_window_bits|Host:"),
			&AcceptOptions{Options: Options{Compression: &Compression{}}}, "HTTP/1.1 101", "Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n"},
		{"frames sent ahead", hello("", "") + "\x81\x82\x00\x00\x00\x00hi", nil, "HTTP/1.1 101", "\r\n\r\n\x81\x02hi"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, accepting(tt.o), func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
				s, err := stream.Dial(co, net, "tcp", address)
				if err != nil {
					return err
				}
				s.Write([]byte(tt.send))
				settle(co)
				got := string(s.Buffered())
				if !strings.HasPrefix(got, tt.want) || !strings.Contains(got, tt.also) {
					t.Errorf("got %q\nwant %q and %q", got, tt.want, tt.also)
				}
				if strings.Contains(got, "Extensions") != strings.Contains(tt.name, "compression") || strings.Contains(got, "Protocol:") != strings.Contains(tt.name, "subprotocol") {
					t.Errorf("more was agreed on than was offered: %q", got)
				}
				s.Abort()
				return nil
			})
		})
	}
}

// TestDial: fields, subprotocols and compression both ways (W13, W14, W21).
func TestDial(t *testing.T) {
	var got *http1.Request
	var server *Conn
	h := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) (err error) {
		got = r
		w.Header().Set("X-Extra", "hello")
		server, err = Accept(co, w, r, &AcceptOptions{
			Options: Options{Compression: &Compression{Threshold: 1}}, Subprotocols: []string{"b", "a"},
		})
		if err == nil {
			echo(server)
			_, err = w.WriteString("more")
			if !errors.Is(err, http1.ErrHijacked) { // W13
				t.Errorf("writing a response afterwards: %v", err)
			}
		}
		return nil
	}
	serve(t, h, func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
		o := on(net)
		o.Subprotocols = []string{"a", "b"}
		o.Compression = &Compression{Threshold: 1}
		o.Header.Add("X-Test", "hello")
		o.Header.Add("Origin", "http://127.0.0.1")
		var answer *Response
		o.OnResponse = func(r *Response) { answer = r }
		c, err := Dial(co, "ws://127.0.0.1/path?q=1", o)
		if err != nil {
			return err
		}
		if got.Target != "/path?q=1" || got.Host != "127.0.0.1" || got.Header.Get("X-Test") != "hello" {
			t.Errorf("the server got %+v", got)
		}
		if answer.Status != 101 || answer.Header.Get("X-Extra") != "hello" {
			t.Errorf("the client got %+v", answer)
		}
		for _, one := range []*Conn{c, server} {
			if one.Subprotocol() != "b" || !one.Compressed() {
				t.Errorf("%q, compressed %v", one.Subprotocol(), one.Compressed())
			}
		}
		if err := c.Write(co, Text, []byte(strings.Repeat("grüß ", 50))); err != nil {
			return err
		}
		reads(t, co, c, fmt.Sprintf("text %q", strings.Repeat("grüß ", 50)))
		_, err = loop.Await(co, c.Close(Normal, ""))
		return err
	})
}

// TestDialFails: W08-W11 and their like.
func TestDialFails(t *testing.T) {
	answer := func(text string) http1.HandlerFunc {
		return func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			s, err := w.Hijack()
			if err != nil {
				return err
			}
			s.Write([]byte(strings.ReplaceAll(text, "|", "\r\n")))
			s.Close()
			return nil
		}
	}
	const ok = "HTTP/1.1 101 X|Upgrade: websocket|Connection: Upgrade|"
	for _, tt := range []struct {
		name   string
		h      http1.HandlerFunc
		status int
		reason string
	}{
		{"404", func(*loop.Co, *http1.ResponseWriter, *http1.Request) error { return &http1.HTTPError{Status: 404} }, 404, "does not switch"},
		{"200", func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error { w.WriteString("hi"); return nil }, 200, "does not switch"},
		{"redirect", answer("HTTP/1.1 302 Found|Location: ws://b/||"), 302, "does not switch"},
		{"another accept", answer(ok + "Sec-WebSocket-Accept: x||"), 101, "Accept"},
		{"no accept", answer(ok + "|"), 101, "Accept"},
		{"no HTTP", answer("SSH-2.0-x||"), 0, "status line"},
		{"nothing", answer(""), -1, "unexpected EOF"},
		{"a head without end", answer("HTTP/1.1 101 X|" + strings.Repeat("x", 70_000)), -1, "no end within the maximum"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			serve(t, tt.h, func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
				c, err := Dial(co, "ws://127.0.0.1/", on(net))
				var he *HandshakeError
				if c != nil || !errors.As(err, &he) != (tt.status < 0) || !strings.Contains(err.Error(), tt.reason) {
					t.Fatalf("%v, %v", c, err)
				}
				if he != nil && (he.Status != tt.status || he.Response == nil != (tt.status == 0)) {
					t.Errorf("%+v", he)
				}
				settle(co)
				if n := len(net.Conns()); n != 0 {
					t.Errorf("%d connections are left", n)
				}
				return nil
			})
		})
	}
}

func TestDialRefused(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		o := on(&looptest.Network{})
		o.Timeout = time.Hour
		began := co.Loop().Now()
		_, err := Dial(co, "ws://127.0.0.1:1/", o)
		if !errors.Is(err, syscall.ECONNREFUSED) || co.Loop().Now().Sub(began) > time.Second {
			t.Errorf("after %v: %v", co.Loop().Now().Sub(began), err)
		}
		return nil
	})
}

// TestDialTimeout: a server that does not answer.
func TestDialTimeout(t *testing.T) {
	serve(t, func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error { return loop.Sleep(co, time.Hour) },
		func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
			began := co.Loop().Now()
			_, err := Dial(co, "ws://127.0.0.1/", on(net))
			if took := co.Loop().Now().Sub(began); !errors.Is(err, context.DeadlineExceeded) || took != 30*time.Second {
				t.Errorf("after %v: %v", took, err)
			}
			settle(co)
			if n := len(net.Conns()); n != 0 {
				t.Errorf("%d connections are left", n)
			}
			return nil
		})
}

func TestDialMistakes(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		field := func(name, value string) *DialOptions {
			o := &DialOptions{}
			o.Header.Add(name, value)
			return o
		}
		for _, tt := range []struct {
			url string
			o   *DialOptions
		}{
			{"http://a/", nil}, {"ws:///", nil}, {"ws://a/#b", nil}, {"ws://u:p@a/", nil}, {"ws://a:b/", nil}, {"://", nil},
			{"ws://a/", field("Sec-WebSocket-Key", "x")}, {"ws://a/", field("connection", "x")}, {"ws://a/", field("A", "b\r\nC: d")},
			{"ws://a/", field("A B", "c")}, {"ws://a/", &DialOptions{Subprotocols: []string{"a b"}}},
		} {
			if _, err := Dial(co, tt.url, tt.o); err == nil || !strings.HasPrefix(err.Error(), "websocket: ") {
				t.Errorf("%s %+v: %v", tt.url, tt.o, err)
			}
		}
		return nil
	})
}

// TestShutdown: connections are told 1001, and Shutdown waits until they have ended.
func TestShutdown(t *testing.T) {
	var causes []error
	h := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		c, err := Accept(co, w, r, nil)
		if err != nil || r.Path() == "/idle" {
			return err
		}
		_, _, err = c.Read(co)
		causes = append(causes, context.Cause(co))
		return err
	}
	serve(t, h, func(co *loop.Co, net *looptest.Network, srv *http1.Server) error {
		var clients []*Conn
		for _, path := range []string{"idle", "reading"} {
			c, err := Dial(co, "ws://127.0.0.1/"+path, on(net))
			if err != nil {
				return err
			}
			clients = append(clients, c)
		}
		settle(co)
		done := loop.FromFunc(co.Loop(), func(context.Context) (struct{}, error) {
			return struct{}{}, srv.Shutdown(context.Background())
		})
		for _, c := range clients {
			reads(t, co, c, "websocket: closed by the peer: 1001")
		}
		if _, err := loop.Await(co, done); err != nil {
			return err
		}
		if len(causes) != 1 || causes[0] != http1.ErrServerClosed {
			t.Errorf("handlers ended: %v", causes)
		}
		return nil
	})
}

// TestHandlerOutlived: a handler returns, and the connection lives on, without its request.
func TestHandlerOutlived(t *testing.T) {
	serve(t, accepting(nil), func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
		c, err := Dial(co, "ws://127.0.0.1/", on(net))
		if err != nil {
			return err
		}
		for range 3 {
			if err := loop.Sleep(co, time.Hour); err != nil {
				return err
			}
			if err := c.Write(co, Text, []byte("still there?")); err != nil {
				return err
			}
			reads(t, co, c, `text "still there?"`)
		}
		c.Close(Normal, "")
		return nil
	})
}

// FuzzConversation has any bytes said to either role: what is answered is always valid, the
// connection ends when the peer does, and holds nothing that was not sent.
func FuzzConversation(f *testing.F) {
	f.Add([]byte("\x81\x82\x00\x00\x00\x00hi\x89\x80\x01\x02\x03\x04\x88\x80\x01\x02\x03\x04"), true, uint8(3), false)
	f.Add([]byte("\x01\x02hi\x80\x00\xc1\x07\xf2\x48\xcd\xc9\xc9\x07\x00"), false, uint8(1), true)
	f.Fuzz(func(t *testing.T, input []byte, server bool, step uint8, reader bool) {
		looptest.Run(t, func(co *loop.Co) error {
			c, peer := pair(t, co, server, func(s *settings) {
				s.rules.MaxMessage = 1000
				*s = s.deflated(*(&Options{Compression: &Compression{}}).want(server), &Compression{Threshold: 1})
			})
			total := 0
			if reader {
				loop.Go(co, func(co *loop.Co) (struct{}, error) {
					for {
						_, r, err := c.NextReader(co)
						if err != nil {
							return struct{}{}, nil
						}
						n, _ := io.Copy(io.Discard, r)
						total += int(n)
					}
				})
			} else {
				c.OnMessage(func(co *loop.Co, m Message) error {
					total += len(m.Data)
					return c.Write(co, m.Type, m.Data)
				})
			}
			n := 1 + int(step)
			for rest := input; len(rest) > 0; rest = rest[min(n, len(rest)):] {
				peer.Write(rest[:min(n, len(rest))])
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			peer.CloseWrite()
			for s := ""; s != "end" && s != "broken"; { // next fails the test on what is not valid
				if s = peer.next(co); s == "open" && loop.Sleep(co, time.Second) != nil {
					return co.Err()
				}
			}
			peer.Abort()
			settle(co)
			if c.state != over {
				t.Errorf("state %d at the end", c.state)
			}
			return nil
		})
	})
}

// TestMessagesWaitForTheHandler (W17, W22): a handler may wait before Accept, and behind it;
// what the client sends meanwhile is kept.
func TestMessagesWaitForTheHandler(t *testing.T) {
	h := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		c, err := Accept(co, w, r, nil)
		if err != nil {
			return err
		}
		if err := loop.Sleep(co, time.Second); err != nil {
			return err
		}
		echo(c)
		return nil
	}
	serve(t, h, func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
		c, err := Dial(co, "ws://127.0.0.1/", on(net))
		if err != nil {
			return err
		}
		for _, text := range []string{"a", "b"} {
			if err := c.Write(co, Text, []byte(text)); err != nil {
				return err
			}
		}
		began := co.Loop().Now()
		reads(t, co, c, `text "a"`, `text "b"`)
		if took := co.Loop().Now().Sub(began); took != time.Second {
			t.Errorf("the echo came after %v", took)
		}
		c.Close(Normal, "")
		return nil
	})
}

// TestHandlerFails (W23) behind Accept: a panic breaks the connection off, an error is for the
// handler's own Close to deal with.
func TestHandlerFails(t *testing.T) {
	h := func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
		c, err := Accept(co, w, r, nil)
		if err != nil {
			return err
		}
		if r.Path() == "/panic" {
			panic("boom")
		}
		defer c.Close(InternalError, "sorry")
		return errors.New("boom")
	}
	serve(t, h, func(co *loop.Co, net *looptest.Network, _ *http1.Server) error {
		for path, want := range map[string]string{
			"panic": "websocket: ended without a close frame: connection reset by peer",
			"error": `websocket: closed by the peer: 1011 "sorry"`,
		} {
			c, err := Dial(co, "ws://127.0.0.1/"+path, on(net))
			if err != nil {
				if path != "panic" || !errors.Is(err, syscall.ECONNRESET) {
					t.Errorf("%s: %v", path, err)
				}
				continue
			}
			reads(t, co, c, want)
		}
		return nil
	})
}
