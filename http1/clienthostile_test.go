package http1_test

import (
	"crypto/tls"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// readThrough asks as Open does, and reads to the end.
func readThrough(co *loop.Co, c *http1.Client, r *http1.ClientRequest) (*http1.Response, error) {
	res, err := c.Open(co, r)
	if err != nil {
		return nil, err
	}
	defer res.Stream.Close()
	res.Body, err = io.ReadAll(res.Stream)
	return res, err
}

// Odd servers, read whole and piece by piece: what is accepted, what is refused in words
// that say why, and whether the connection is used again.
func TestClientOddServers(t *testing.T) {
	interim := func(n int) string { return strings.Repeat("HTTP/1.1 102 P||", n) }
	const ok, chunked = "HTTP/1.1 200 OK|", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||"
	for _, tt := range []struct {
		name, say string
		want      string // a response, or a part of the error
		idle      int
	}{
		{"bare LF", "HTTP/1.1 200 OK\nContent-Length: 2\n\nab", "LF without CR", 0},
		{"bare CR", ok + "A: b\rc|Content-Length: 2||ab", "CR stands without", 0},
		{"NUL", ok + "A: b\x00c|Content-Length: 2||ab", "NUL", 0},
		{"folded length", ok + "Content-Length: |  2||ab", `200 "ab"`, 1},
		{"folded first field", ok + " Content-Length: 2||ab", "begins with a blank", 0},
		{"blank before the colon", ok + "Content-Length : 2||ab", "before its colon", 0},
		{"coding twice", ok + "Transfer-Encoding: chunked|Transfer-Encoding: chunked||2|ab|0||", "appears twice", 0},
		{"coding of 1.0", "HTTP/1.0 200 OK|Transfer-Encoding: chunked||2|ab|0||", "in HTTP/1.0", 0},
		{"identity", ok + "Transfer-Encoding: identity|Content-Length: 2||ab", "not chunked", 0},
		{"as many 1xx as permitted", interim(64) + ok + "Content-Length: 2||ab", `200 "ab"`, 1},
		{"one 1xx too many", interim(65) + ok + "Content-Length: 2||ab", "more than 64", 0},
		{"1xx with a body", "HTTP/1.1 103 X|Content-Length: 4||abcd" + ok + "Content-Length: 2||ab", "cannot have one", 0},
		{"long reason", "HTTP/1.1 200 " + strings.Repeat("x", 60_000) + "|Content-Length: 2||ab", `200 "ab"`, 1},
		{"extensions and trailers", chunked + "2;a=\"b\";c|ab|0;z|T: 1|U: 2||", `200 "ab"`, 1},
		{"chunk of 16 digits", chunked + "ffffffffffffffff|ab", "beyond 62 bits", 0},
		{"negative chunk", chunked + "-2|ab|0||", "hexadecimal", 0},
		{"chunk with a bare LF", chunked + "2\nab|0||", "LF without CR", 0},
		{"length of 20 digits", ok + "Content-Length: 99999999999999999999||ab", "beyond 63 bits", 0},
		{"empty length", ok + "Content-Length: ||ab", "decimal", 0},
		{"status of four digits", "HTTP/1.1 1000 OK|Content-Length: 2||ab", "not followed by a space", 0},
		{"not HTTP", "ICY 200 OK|Content-Length: 2||ab", "not version and status code", 0},
		{"another response behind", ok + "Content-Length: 2||ab" + ok + "Content-Length: 4||evil", `200 "ab"`, 0},
		{"a line behind", ok + "Content-Length: 2||ab|", `200 "ab"`, 0},
		{"chunks and something behind", chunked + "2|ab|0||evil", `200 "ab"`, 0},
		{"204 and a body", "HTTP/1.1 204 X||evil", `204 ""`, 0},
		{"keep-alive without a length", "HTTP/1.0 200 OK|Connection: keep-alive||ab<end>", `200 "ab"`, 0},
		{"close among others", ok + "Connection: foo, CLOSE|Content-Length: 2||ab", `200 "ab"`, 0},
		{"later minor version", "HTTP/1.9 200 OK|Content-Length: 2||ab", `200 "ab"`, 1},
		{"empty Location", "HTTP/1.1 302 X|Location: |Content-Length: 2||ab", "302 X", 1},
		{"gzip of nothing", ok + "Content-Encoding: gzip|Content-Length: 0||", `200 ""`, 1},
		{"gzip cut off", ok + "Content-Encoding: gzip|Content-Length: 2||\x1f\x8b", "gzip: unexpected EOF", 1},
		{"no gzip", ok + "Content-Encoding: gzip|Content-Length: 10||0123456789", "gzip: invalid header", 1},
		{"damaged deflate", ok + "Content-Encoding: deflate|Content-Length: 3||\xff\xff\xff", "deflate: flate: corrupt", 1},
		{"codings in two fields", ok + "Content-Encoding: deflate|Content-Encoding: gzip|Content-Length: 2||ab", `200 "ab"`, 1},
		{"codings in a list", ok + "Content-Encoding: deflate, gzip|Content-Length: 2||ab", `200 "ab"`, 1},
	} {
		for name, ask := range map[string]func(*loop.Co, *http1.Client, *http1.ClientRequest) (*http1.Response, error){
			"Open": readThrough,
			"Do": func(co *loop.Co, c *http1.Client, r *http1.ClientRequest) (*http1.Response, error) {
				return c.Do(co, r)
			},
		} {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, answers(tt.say))
				res, err := ask(co, w.client, &http1.ClientRequest{URL: urlOf("/")})
				got := brief(res, err)
				var ce *http1.ClientError
				switch {
				case errors.As(err, &ce):
					if !strings.Contains(got, tt.want) || !errors.Is(err, http1.ErrBadResponse) {
						t.Errorf("%s, %s: %s, want %s", tt.name, name, got, tt.want)
					}
					if strings.Contains(got, "httpwire") || strings.Contains(got, "answer:") {
						t.Errorf("%s, %s: %s speaks of what clients do not know", tt.name, name, got)
					}
				case got != tt.want && (err == nil || !strings.Contains(got, tt.want)):
					t.Errorf("%s, %s: %s, want %s", tt.name, name, got, tt.want)
				}
				settle(co)
				if s := w.client.Stats(); s.Open != tt.idle || s.Idle != tt.idle {
					t.Errorf("%s, %s: afterwards %+v", tt.name, name, s)
				}
				return nil
			})
		}
	}
}

// A handler that passes on what a bad server has done to it is no fault of its client:
// the answer is 502, whatever of the framing was broken.
func TestClientBadResponseInGateway(t *testing.T) {
	for _, say := range []string{
		"HTTP/2.0 200 OK||",
		"HTTP/1.1 200 OK|Content-Length: 99999999999999999999||",
		"HTTP/1.1 200 OK|Transfer-Encoding: chunked||x|",
		"HTTP/1.1 200 OK|Transfer-Encoding: chunked||ffffffffffffffff|",
		"HTTP/1.1 200 OK|Transfer-Encoding: chunked||0|A: " + strings.Repeat("b", 10_000),
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, hostA, answers(say))
			defer w.serve(co, "127.0.0.1:81", func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error {
				_, err := w.client.Get(co, urlOf("/"))
				return err
			}).Close()
			res, err := w.client.Do(co, &http1.ClientRequest{URL: "http://127.0.0.1:81/", AnyStatus: true})
			if err != nil || res.Status != 502 {
				t.Errorf("%.60s: %s", say, brief(res, err))
			}
			return nil
		})
	}
}

// A server that speaks before it is asked, which shows when a proxy or TLS had the first
// bytes, is no server to wait for.
func TestClientServerSpeaksFirst(t *testing.T) {
	withClient(t, proxied("socks5://127.0.0.1"), func(co *loop.Co, w *clientWorld) error {
		w.script(co, "127.0.0.1:1080", func(co *loop.Co, p peer, _ int) error {
			p.Write([]byte("\x05\x00\x05\x00\x00\x01\x00\x00\x00\x00\x00\x50"))
			p.say("HTTP/1.1 200 OK|Content-Length: 4||evil")
			return loop.Sleep(co, time.Hour)
		})
		began := co.Loop().Now()
		_, err := w.client.Get(co, "http://a.test/")
		if !errors.Is(err, http1.ErrBadResponse) || co.Loop().Now().Sub(began) > time.Second {
			t.Errorf("after %v: %v", co.Loop().Now().Sub(began), err)
		}
		settle(co)
		if s := w.client.Stats(); s != (http1.ClientStats{}) || len(w.net.Conns()) > 0 {
			t.Errorf("%+v, and %d connections", s, len(w.net.Conns()))
		}
		return nil
	})
}

// In TLS 1.2 the server has the last word of the handshake, and what it says at once comes
// together with that.
func TestClientTLSServerSpeaksFirst(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
		server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}, MaxVersion: tls.VersionTLS12}}
		w.script(co, "127.0.0.1:1443", func(co *loop.Co, p peer, _ int) error {
			if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
				return err
			}
			p.say("HTTP/1.1 200 OK|Content-Length: 4||evil")
			return loop.Sleep(co, time.Hour)
		})
		w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, _ int) error {
			to, err := stream.Dial(co, w.net, "tcp", "127.0.0.1:1443")
			if err != nil {
				return err
			}
			return loop.WithGroup(co, func(g *loop.Group) error {
				g.Go(func(co *loop.Co) error {
					for {
						b, err := loop.Await(co, p.ReadSome(1<<16))
						if err != nil {
							to.Abort()
							return nil
						}
						to.Write(b)
					}
				})
				for {
					b, err := loop.Await(g.Co(), to.ReadSome(1<<16))
					if err != nil {
						return nil
					}
					_ = loop.Sleep(g.Co(), time.Second) // what comes meanwhile goes together
					p.Write(append(b, to.Buffered()...))
					to.Discard(len(to.Buffered()))
				}
			})
		})
		began := co.Loop().Now()
		_, err := w.client.Get(co, "https://a.test/")
		if took := co.Loop().Now().Sub(began); !errors.Is(err, http1.ErrBadResponse) || took > 10*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		settle(co)
		if s := w.client.Stats(); s != (http1.ClientStats{}) {
			t.Errorf("%+v", s)
		}
		return nil
	})
}

// How TLS ends matters: only what says so in good order is the end of a body that goes on
// until the connection's end.
func TestClientTLSEnds(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
	for _, tt := range []struct {
		name, say string
		end       func(p peer)
		want      string
	}{
		{"in good order", "HTTP/1.1 200 OK||half", func(p peer) { p.Close() }, `200 "half"`},
		{"broken off", "HTTP/1.1 200 OK||half", func(p peer) { p.Abort() }, "gone"},
		{"too early", "HTTP/1.1 200 OK|Content-Length: 10||half", func(p peer) { p.Close() }, "gone"},
		{"before the response", "", func(p peer) { p.Close() }, "gone"},
	} {
		withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, _ int) error {
				if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
					return err
				}
				if _, err := p.head(co); err != nil {
					return err
				}
				p.say(tt.say)
				settle(co)
				tt.end(p)
				return nil
			})
			res, err := w.client.Get(co, "https://a.test/")
			if got := brief(res, err); got != tt.want && !(tt.want == "gone" && errors.Is(err, http1.ErrServerGone)) {
				t.Errorf("%s: %s", tt.name, got)
			}
			settle(co)
			if s := w.client.Stats(); s != (http1.ClientStats{}) {
				t.Errorf("%s: %+v", tt.name, s)
			}
			return nil
		})
	}
}

// A server that cuts the connection under TLS, or sends an alert or garbage there, has not
// ended the body.
func TestClientTLSCut(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	for _, tail := range []string{
		"",                             // the end of TCP without that of TLS
		"\x15\x03\x03\x00\x02\x02\x28", // an alert in the clear
		"\x17\x03\x03\x00\x05hello",    // a record that is not decrypted
		"HTTP/1.1 400 what is this|",   // no record at all
		"\x17\x03\x03\xff\xff",         // a record that is too long
	} {
		withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
			server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
			w.script(co, "127.0.0.1:1443", func(co *loop.Co, p peer, _ int) error {
				if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
					return err
				}
				if _, err := p.head(co); err != nil {
					return err
				}
				p.say("HTTP/1.1 200 OK||half")
				return loop.Sleep(co, time.Hour)
			})
			// What passes the records on adds the tail behind the half.
			w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, _ int) error {
				to, err := stream.Dial(co, w.net, "tcp", "127.0.0.1:1443")
				if err != nil {
					return err
				}
				defer to.Abort()
				loop.Go(co.Loop(), func(co *loop.Co) (struct{}, error) {
					_ = loop.Sleep(co, time.Second)
					p.Write([]byte(tail))
					p.Close()
					return struct{}{}, nil
				})
				return pass(co, p.Stream, to)
			})
			res, err := w.client.Get(co, "https://a.test/")
			var ce *http1.ClientError
			if !errors.As(err, &ce) || ce.Phase != http1.PhaseBody || !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Errorf("%q: %s", tail, brief(res, err))
			}
			settle(co)
			if s := w.client.Stats(); s != (http1.ClientStats{}) {
				t.Errorf("%q: %+v", tail, s)
			}
			return nil
		})
	}
}

// The time for the head begins when the request is sent, and a body may take long.
func TestClientFirstByteAfterUpload(t *testing.T) {
	withClient(t, &http1.Client{Timeouts: http1.Timeouts{FirstByte: time.Second, Whole: -1}}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
			if _, err := loop.Await(co, p.ReadUntil("0\r\n\r\n", 1000)); err != nil {
				return err
			}
			if n == 1 {
				p.say("HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ab")
			}
			return loop.Sleep(co, time.Hour)
		})
		slowly := &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Producer: func(co *loop.Co, w *http1.BodyWriter) error {
			_, _ = io.WriteString(w, "slowly")
			return loop.Sleep(co, time.Minute)
		}}
		res, err := w.client.Do(co, slowly)
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		began := co.Loop().Now()
		_, err = w.client.Do(co, slowly)
		var ce *http1.ClientError
		if took := co.Loop().Now().Sub(began); !errors.As(err, &ce) || !ce.Timeout() || took < 61*time.Second || took > 62*time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		return nil
	})
}
