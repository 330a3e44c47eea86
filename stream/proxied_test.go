package stream_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	proxyLine  = "PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\r\n"
	proxyBytes = "\r\n\r\n\x00\r\nQUIT\n\x21\x11\x00\x0c\xc0\x00\x02\x01\xcb\x00\x71\x07\x30\x39\x01\xbb"
	proxyCheck = "\r\n\r\n\x00\r\nQUIT\n\x20\x00\x00\x00" // of the proxy's own
	clientAddr = "192.0.2.1:12345"
	wantedAddr = "203.0.113.7:443"
)

// here is where the proxies of the tests are: this machine.
func here() []netip.Prefix { return []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }

// tellEnds answers each line with the two ends of the connection.
func tellEnds(co *loop.Co, s *stream.Stream) error {
	for {
		line, err := loop.Await(stream.Idle(co), s.ReadUntil("\n", 1000))
		if err != nil {
			return err
		}
		s.Write(fmt.Appendf(nil, "%v %v %s", s.RemoteAddr(), s.LocalAddr(), line))
	}
}

// A proxy says whose a connection is, in either version; what comes behind its header,
// also at once, is the client's. Where it names nobody, the addresses are the socket's.
func TestProxyHeader(t *testing.T) {
	for name, header := range map[string]string{
		"line": proxyLine, "binary": proxyBytes, "unknown": "PROXY UNKNOWN\r\n", "check": proxyCheck,
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				srv := &stream.Server{Handler: tellEnds, ProxyFrom: here()}
				addr := p.serve(srv)
				defer srv.Close()
				for _, pieces := range []int{1, 2, len(header)} {
					s := p.call(addr)
					want := clientAddr + " " + wantedAddr
					if strings.Contains("unknown check", name) {
						want = s.LocalAddr().String() + " " + addr
					}
					for i := range pieces {
						s.Write([]byte(header[i*len(header)/pieces : (i+1)*len(header)/pieces]))
						if pieces > 1 {
							_ = p.turn()
						}
					}
					s.Write([]byte("hello\n"))
					p.gets(s.ReadUntil("\n", 1000), want+" hello\n")
					s.Close()
				}
				p.over(srv)
				if st := srv.Stats(); st != (stream.ServerStats{Accepted: 3}) {
					p.t.Errorf("the counts are %+v", st)
				}
			})
		})
	}
}

// A Consumer is given what came with the header, and the names for package net are the
// client's too.
func TestProxyAccept(t *testing.T) {
	everywhere(t, func(p *pair) {
		var r *recorder
		var in *stream.Stream
		srv := &stream.Server{Accept: func(s *stream.Stream) { in, r = s, newRecorder(s, all) }, ProxyFrom: here()}
		addr := p.serve(srv)
		defer srv.Close()
		s := p.call(addr)
		s.Write([]byte(proxyLine + "hello"))
		if err := s.CloseWrite(); err != nil {
			p.t.Error(err)
		}
		p.until("it has come", func() bool { return r != nil && string(r.text) == "hello" && in.EOF() })
		c := stream.NetConn(p.co, in)
		if c.RemoteAddr().String() != clientAddr || c.LocalAddr().String() != wantedAddr {
			p.t.Errorf("its ends are %v and %v", c.LocalAddr(), c.RemoteAddr())
		}
		in.Close()
		p.does(s.Close())
		p.over(srv)
	})
}

// The header comes before TLS, whose callbacks know the client by it.
func TestProxyTLS(t *testing.T) {
	withRoom(t, func(p *pair) {
		seen := ""
		config := serverConfig()
		config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
			seen = hello.Conn.RemoteAddr().String() + " " + hello.Conn.LocalAddr().String()
			return nil, nil
		}
		srv := &stream.Server{Handler: tellEnds, ProxyFrom: here(), TLS: &stream.TLSOptions{Config: config}}
		addr := p.serve(srv)
		defer srv.Close()
		s := p.call(addr)
		s.Write([]byte(proxyBytes))
		p.does(s.StartTLS(usual().client))
		s.Write([]byte("hello\n"))
		p.gets(s.ReadUntil("\n", 1000), clientAddr+" "+wantedAddr+" hello\n")
		if seen != clientAddr+" "+wantedAddr {
			p.t.Errorf("the handshake saw %s", seen)
		}
		s.Close()
		p.over(srv)
	})
}

// Of those who are not trusted no header is looked for: its bytes are the protocol's.
func TestProxyNotTrusted(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{Handler: tellEnds, ProxyFrom: []netip.Prefix{
			netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("::/0"),
		}}
		addr := p.serve(srv)
		defer srv.Close()
		s := p.call(addr)
		s.Write([]byte(proxyLine))
		p.gets(s.ReadUntil("\n", 1000), s.LocalAddr().String()+" "+addr+" "+proxyLine)
		s.Close()
		p.over(srv)
	})
}

// A proxy without a valid header is reset, counted, and a line for debugging.
func TestProxyFails(t *testing.T) {
	for name, c := range map[string]struct {
		say  func(s *stream.Stream)
		text string
	}{
		"another protocol": {func(s *stream.Stream) { s.Write([]byte("GET / HTTP/1.1\r\n")) }, "no header"},
		"bad address":      {func(s *stream.Stream) { s.Write([]byte("PROXY TCP4 1 2 3 4\r\n")) }, "address"},
		"end":              {func(s *stream.Stream) { s.CloseWrite() }, "EOF"},
		"end midway":       {func(s *stream.Stream) { s.Write([]byte("PROXY")); s.CloseWrite() }, "EOF"},
		"reset":            {func(s *stream.Stream) { s.Abort() }, "reset"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, func(p *pair) {
				var log logbook
				srv := &stream.Server{Handler: tellEnds, ProxyFrom: here(), Logger: slog.New(&log)}
				addr := p.serve(srv)
				defer srv.Close()
				s := p.call(addr)
				p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
				c.say(s)
				if _, err := loop.Await(p.co, s.ReadSome(1)); name != "reset" && !errors.Is(err, syscall.ECONNRESET) {
					p.t.Errorf("the proxy sees %v", err)
				}
				p.over(srv)
				if st := srv.Stats(); st != (stream.ServerStats{Accepted: 1, ProxyFailed: 1}) {
					p.t.Errorf("the counts are %+v", st)
				}
				if !log.has("DEBUG zonda: proxy sent no valid header", c.text) {
					p.t.Errorf("the log says %q", log.all())
				}
			})
		})
	}
}

// A header must come within five seconds, however it trickles. In time, it is no matter how
// long the client is silent then.
func TestProxySlow(t *testing.T) {
	inMemory(t, func(p *pair) {
		var log logbook
		srv := &stream.Server{Handler: tellEnds, ProxyFrom: here(), Logger: slog.New(&log)}
		addr := p.serve(srv)
		defer srv.Close()
		quick, slow := p.call(addr), p.call(addr)
		begin := p.l.Now()
		quick.Write([]byte(proxyLine[:10]))
		for i := range 4 {
			slow.Write([]byte(proxyLine[i : i+1]))
			_ = loop.Sleep(p.co, time.Second)
		}
		quick.Write([]byte(proxyLine[10:]))
		p.refuses(slow.ReadSome(1), syscall.ECONNRESET)
		if d := p.l.Now().Sub(begin).Round(time.Second); d != 5*time.Second {
			p.t.Errorf("it was given %v", d)
		}
		if !log.has("DEBUG zonda: proxy sent no valid header", "no PROXY header") || srv.Stats().ProxyFailed != 1 {
			p.t.Errorf("the log says %q, the counts are %+v", log.all(), srv.Stats())
		}
		_ = loop.Sleep(p.co, time.Hour)
		quick.Write([]byte("hello\n"))
		p.gets(quick.ReadUntil("\n", 1000), clientAddr+" "+wantedAddr+" hello\n")
		quick.Close()
		p.over(srv)
	})
}

// The limit for each address is one of clients, wherever they come through, and not of
// proxies.
func TestProxyMaxConnsPerAddr(t *testing.T) {
	everywhere(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines, ProxyFrom: here(), MaxConnsPerAddr: 1}
		addr := p.serve(srv)
		defer srv.Close()
		client := func(header string) *stream.Stream {
			s := p.call(addr)
			s.Write([]byte(header + "hello\n"))
			return s
		}
		served := func(s *stream.Stream) *stream.Stream {
			p.gets(s.ReadUntil("\n", 100), "hello\n")
			return s
		}
		one := served(client(proxyLine))
		checks := []*stream.Stream{served(client(proxyCheck)), served(client(proxyCheck))}
		p.refuses(client(proxyBytes).ReadSome(1), syscall.ECONNRESET) // the same client
		p.until("it is out", func() bool { return srv.Stats().Conns == 3 })
		other := served(client(strings.Replace(proxyLine, "192.0.2.1", "192.0.2.2", 1)))
		p.refuses(client(proxyBytes).ReadSome(1), syscall.ECONNRESET) // that has left nothing
		if st := srv.Stats(); st.Refused != 2 || st.ProxyFailed != 0 {
			p.t.Errorf("the counts are %+v", st)
		}
		one.Close()
		p.until("one has left", func() bool { return srv.Stats().Conns == 3 })
		one = served(client(proxyBytes))
		for _, s := range append(checks, one, other) {
			s.Close()
		}
		p.over(srv)
	})
}

// Shutdown waits for a header, and asks the connection to end then; Close waits for nothing,
// and that is no fault of the proxy's.
func TestProxyAndTheEnd(t *testing.T) {
	inMemory(t, func(p *pair) {
		srv := &stream.Server{Accept: func(*stream.Stream) {}, Drain: (*stream.Stream).CloseIdle, ProxyFrom: here()}
		s := p.call(p.serve(srv))
		p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
		down := p.shutdown(srv)
		for range 20 {
			_ = p.turn()
		}
		if down.Done() {
			p.t.Error("it did not wait")
		}
		s.Write([]byte(proxyLine))
		p.refuses(s.ReadSome(1), io.EOF)
		p.does(down)

		srv = &stream.Server{Accept: func(*stream.Stream) {}, ProxyFrom: here()}
		s = p.call(p.serve(srv))
		p.until("it is in", func() bool { return srv.Stats().Conns == 1 })
		_ = srv.Close()
		p.refuses(s.ReadSome(1), syscall.ECONNRESET)
		_ = loop.Sleep(p.co, time.Minute)
		if st := srv.Stats(); st != (stream.ServerStats{Accepted: 1}) {
			p.t.Errorf("the counts are %+v", st)
		}
	})
}

// Prefixes with which no address begins are a mistake.
func TestProxyFromMistakes(t *testing.T) {
	inMemory(t, func(p *pair) {
		for _, prefix := range []netip.Prefix{{}, netip.MustParsePrefix("::ffff:127.0.0.1/128")} {
			srv := &stream.Server{Handler: tellEnds, ProxyFrom: []netip.Prefix{prefix}, Network: p.n}
			if _, err := srv.Listen(p.l, "tcp", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "ProxyFrom") {
				p.t.Errorf("%v: %v", prefix, err)
			}
		}
	})
}
