package stream_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Both ends can be ours, and say the same of what they agreed on (Tornado S37: before
// the handshake there is nothing to say).
func TestTLSHandshake(t *testing.T) {
	everywhere(t, func(p *pair) {
		if _, ok := p.near.TLS(); ok {
			p.t.Error("TLS before StartTLS")
		}
		e := usual()
		c, s := p.near.StartTLS(e.client), p.far.StartTLS(e.server)
		if _, ok := p.near.TLS(); ok {
			p.t.Error("TLS before the handshake")
		}
		p.does(c)
		p.does(s)
		sees, seen := p.agreed(p.near), p.agreed(p.far)
		if !sees.HandshakeComplete || sees.Version != tls.VersionTLS13 || sees.CipherSuite != seen.CipherSuite || seen.ServerName != "one.test" {
			p.t.Errorf("%+v and %+v", sees, seen)
		}
		p.converse()
		closed := p.near.Close()
		p.refuses(p.far.ReadSome(1), io.EOF)
		p.does(p.far.Close())
		p.does(closed)
		p.agreed(p.near) // still
	})
}

// converse has each end say something.
func (p *pair) converse() {
	p.t.Helper()
	p.does(p.near.Write([]byte("ping")))
	p.gets(p.far.ReadFull(4), "ping")
	p.does(p.far.Write([]byte("pong")))
	p.gets(p.near.ReadFull(4), "pong")
}

// What tls.Config can do, it does here.
func TestTLSConfig(t *testing.T) {
	for name, c := range map[string]struct {
		set  func(client, server *tls.Config)
		want func(client, server tls.ConnectionState) bool
	}{
		"ALPN": {
			func(client, server *tls.Config) {
				client.NextProtos, server.NextProtos = []string{"x", "y"}, []string{"y", "z"}
			},
			func(c, s tls.ConnectionState) bool {
				return c.NegotiatedProtocol == "y" && s.NegotiatedProtocol == "y"
			},
		},
		"SNI": {
			func(client, server *tls.Config) {
				client.ServerName, server.Certificates = "two.test", nil
				server.GetCertificate = func(h *tls.ClientHelloInfo) (*tls.Certificate, error) {
					cert := theCA().issue(h.ServerName)
					return &cert, nil
				}
			},
			func(c, s tls.ConnectionState) bool {
				return c.PeerCertificates[0].DNSNames[0] == "two.test" && s.ServerName == "two.test"
			},
		},
		"TLS 1.2": {
			func(client, server *tls.Config) { client.MaxVersion = tls.VersionTLS12 },
			func(c, s tls.ConnectionState) bool {
				return c.Version == tls.VersionTLS12 && s.Version == tls.VersionTLS12
			},
		},
		"client certificate": {
			func(client, server *tls.Config) {
				client.Certificates = []tls.Certificate{clientCert()}
				server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, theCA().pool
			},
			func(c, s tls.ConnectionState) bool {
				return s.PeerCertificates[0].Subject.CommonName == "a client"
			},
		},
		"name not checked": { // Tornado S40 test_check_disabled
			func(client, server *tls.Config) { client.ServerName, client.InsecureSkipVerify = "other.test", true },
			func(c, s tls.ConnectionState) bool { return len(c.VerifiedChains) == 0 },
		},
		"callbacks know loop and peer": {
			func(client, server *tls.Config) {
				server.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
					l, ok := loop.Of(h.Context())
					if !ok || l.Current() == nil || h.Conn.RemoteAddr().String() == "" || h.Conn.LocalAddr() == nil {
						return nil, errors.New("no loop, no coroutine or no address")
					}
					return nil, nil
				}
			},
			func(c, s tls.ConnectionState) bool { return s.HandshakeComplete },
		},
		"callbacks may wait": {
			func(client, server *tls.Config) {
				server.GetConfigForClient = func(h *tls.ClientHelloInfo) (*tls.Config, error) {
					l, _ := loop.Of(h.Context())
					return nil, loop.Sleep(l.Current(), 3*time.Millisecond)
				}
			},
			func(c, s tls.ConnectionState) bool { return s.HandshakeComplete },
		},
	} {
		t.Run(name, func(t *testing.T) {
			at(t, wide, func(p *pair) {
				e := usual()
				c.set(e.client.Config, e.server.Config)
				e.must(p)
				if client, server := p.agreed(p.near), p.agreed(p.far); !c.want(client, server) {
					p.t.Errorf("%+v and %+v", client, server)
				}
				p.converse()
			})
		})
	}
}

// A client that came before needs no certificate the second time.
func TestTLSResumption(t *testing.T) {
	for _, version := range []uint16{tls.VersionTLS12, tls.VersionTLS13} {
		t.Run(tls.VersionName(version), func(t *testing.T) {
			at(t, wide, func(p *pair) {
				e := usual()
				e.client.Config.MaxVersion = version
				e.client.Config.ClientSessionCache = tls.NewLRUClientSessionCache(1)
				ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
				if err != nil {
					p.t.Fatal(err)
				}
				defer ln.Close()
				e.must(p)
				p.converse() // of TLS 1.3, the ticket comes with the first bytes
				if p.agreed(p.near).DidResume {
					p.t.Error("resumed at first")
				}
				closed := p.near.Close()
				p.does(p.far.Close())
				p.does(closed)
				if p.near, p.far, err = connect(p.co, p.n, ln); err != nil {
					p.t.Fatal(err)
				}
				defer p.near.Abort()
				defer p.far.Abort()
				e.must(p)
				if !p.agreed(p.near).DidResume || !p.agreed(p.far).DidResume {
					p.t.Error("not resumed")
				}
				p.converse()
			})
		})
	}
}

// Handshakes that must fail, and how (Tornado S34, S35, S40). Both ends are over
// then, with the error that StartTLS gave.
func TestTLSRefusals(t *testing.T) {
	remote := func(text string) func(error) bool {
		return func(err error) bool {
			var op *net.OpError
			return errors.As(err, &op) && op.Op == "remote error" && strings.Contains(err.Error(), text)
		}
	}
	says := func(text string) func(error) bool {
		return func(err error) bool { return err != nil && strings.Contains(err.Error(), text) }
	}
	unverified := func(text string) func(error) bool {
		return func(err error) bool {
			var v *tls.CertificateVerificationError
			return errors.As(err, &v) && strings.Contains(err.Error(), text)
		}
	}
	for name, c := range map[string]struct {
		set            func(client, server *tls.Config)
		client, server func(error) bool
	}{
		"unknown authority": {
			func(client, server *tls.Config) { client.RootCAs = stranger().pool },
			unverified("unknown authority"), remote("bad certificate"),
		},
		"other name": {
			func(client, server *tls.Config) { client.ServerName = "three.test" },
			unverified("not three.test"), remote("bad certificate"),
		},
		"no name": {
			func(client, server *tls.Config) { client.ServerName = "" },
			says("ServerName"), func(err error) bool { return errors.Is(err, io.ErrUnexpectedEOF) },
		},
		"no certificate": { // Tornado H04
			func(client, server *tls.Config) { server.Certificates = nil },
			remote("unrecognized name"), says("no certificates"),
		},
		"no common protocol": {
			func(client, server *tls.Config) {
				client.NextProtos, server.NextProtos = []string{"x"}, []string{"y"}
			},
			remote("no application protocol"), says("unsupported application protocols"),
		},
		"no client certificate": {
			func(client, server *tls.Config) { server.ClientAuth = tls.RequireAnyClientCert },
			remote("certificate required"), says("didn't provide a certificate"),
		},
		"client certificate of a stranger": {
			func(client, server *tls.Config) {
				cert := stranger().issue("a client")
				client.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &cert, nil }
				server.ClientAuth, server.ClientCAs = tls.RequireAndVerifyClientCert, theCA().pool
			},
			remote("unknown certificate authority"), unverified("unknown authority"),
		},
		"a callback says no": {
			func(client, server *tls.Config) {
				server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { return nil, errNo }
			},
			remote("internal error"), func(err error) bool { return errors.Is(err, errNo) },
		},
		"a callback panics": {
			func(client, server *tls.Config) {
				server.GetConfigForClient = func(*tls.ClientHelloInfo) (*tls.Config, error) { panic(errNo) }
			},
			func(err error) bool { return err != nil },
			func(err error) bool { var p *loop.PanicError; return errors.As(err, &p) },
		},
	} {
		for _, offload := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, offload %v", name, offload), func(t *testing.T) {
				at(t, func(s site) bool { return s.roomy() && offloadable(offload)(s) }, func(p *pair) {
					e := usual()
					e.client.Offload, e.server.Offload = offload, offload
					c.set(e.client.Config, e.server.Config)
					client, server := e.handshake(p)
					if client == nil { // of TLS 1.3: the client is done before the server
						_, client = loop.Await(p.co, p.near.ReadSome(1))
					}
					if !c.client(client) || !c.server(server) {
						p.t.Errorf("the client says %v, the server %v", client, server)
					}
					if _, ok := p.far.TLS(); ok || !p.near.Closed() || !p.far.Closed() {
						p.t.Error("it goes on")
					}
					p.refuses(p.far.ReadSome(1), errors.Unwrap(server))
					p.fails(p.near.Write([]byte("x")), errors.Unwrap(client))
				})
			})
		}
	}
}

var errNo = errors.New("no")

// The classic use: a dialogue goes on over TLS when both have agreed to (Tornado S33).
func TestStartTLSDialogue(t *testing.T) {
	at(t, wide, func(p *pair) {
		p.far.Write([]byte("220 hello\r\n"))
		p.gets(p.near.ReadUntil("\r\n", 100), "220 hello\r\n")
		p.near.Write([]byte("STARTTLS\r\n"))
		p.gets(p.far.ReadUntil("\r\n", 100), "STARTTLS\r\n")
		p.does(p.far.Write([]byte("220 go ahead\r\n")))
		p.gets(p.near.ReadUntil("\r\n", 100), "220 go ahead\r\n")
		c := p.near.StartTLS(usual().client)
		p.until("the hello has come", func() bool { return len(p.far.Buffered()) > 0 })
		p.does(p.far.StartTLS(usual().server)) // it finds the hello in the buffer
		p.does(c)
		p.near.Write([]byte("EHLO\r\n"))
		p.gets(p.far.ReadUntil("\r\n", 100), "EHLO\r\n")
		p.far.Write([]byte("250 again\r\n"))
		p.gets(p.near.ReadUntil("\r\n", 100), "250 again\r\n")
	})
}

// Commands that someone has slipped in behind STARTTLS are never taken for the
// client's, neither before nor after the handshake.
func TestStartTLSInjection(t *testing.T) {
	everywhere(t, func(p *pair) {
		p.near.Write([]byte("STARTTLS\r\nEVIL\r\n"))
		p.gets(p.far.ReadUntil("\r\n", 100), "STARTTLS\r\n")
		p.until("it has come", func() bool { return string(p.far.Buffered()) == "EVIL\r\n" })
		p.isGarbage(p.far.StartTLS(usual().server))
		if got := p.far.Buffered(); len(got) != 0 {
			p.t.Errorf("there is %q to be read", got)
		}
	})
	everywhere(t, func(p *pair) { // and the same for answers
		p.far.Write([]byte("220 go ahead\r\n250 EVIL\r\n"))
		p.gets(p.near.ReadUntil("\r\n", 100), "220 go ahead\r\n")
		p.until("it has come", func() bool { return string(p.near.Buffered()) == "250 EVIL\r\n" })
		p.fails(p.near.StartTLS(usual().client), stream.ErrNotIdle)
		p.gets(p.near.ReadUntil("\r\n", 100), "250 EVIL\r\n")
	})
}

// StartTLS changes nothing when the stream is in use.
func TestStartTLSNotIdle(t *testing.T) {
	for name, use := range map[string]func(p *pair){
		"read":     func(p *pair) { p.near.ReadSome(1) },
		"consumer": func(p *pair) { newRecorder(p.near, nil) },
		"unsent":   func(p *pair) { p.stuff(p.near, 1) },
	} {
		t.Run(name, func(t *testing.T) {
			withRoom(t, func(p *pair) {
				use(p)
				for _, server := range []bool{false, true} {
					p.fails(p.near.StartTLS(stream.TLSOptions{Config: serverConfig(), Server: server}), stream.ErrNotIdle)
				}
				if _, ok := p.near.TLS(); ok || p.near.Closed() {
					p.t.Error("it changed something")
				}
			})
		})
	}
	at(t, func(s site) bool { return s.memory() && wide(s) }, func(p *pair) { // Tornado S38
		c := p.near.StartTLS(usual().client)
		p.fails(p.near.StartTLS(usual().client), stream.ErrNotIdle)
		p.does(p.far.StartTLS(usual().server))
		p.does(c)
		p.does(c) // Tornado S39: whoever asks again is answered at once
	})
	at(t, func(s site) bool { return s.memory() && wide(s) }, func(p *pair) {
		p.far.SetConsumer(&starter{p: p})
		p.near.Write([]byte("x"))
		p.until("it was asked", func() bool { return p.far.Buffered() != nil })
	})
	at(t, func(s site) bool { return s.memory() && wide(s) }, func(p *pair) {
		p.near.Abort()
		p.fails(p.near.StartTLS(usual().client), net.ErrClosed)
		c := usual().client
		c.Config.Renegotiation = tls.RenegotiateFreelyAsClient
		p.fails(p.far.StartTLS(c), errors.ErrUnsupported)
	})
}

// starter is a Consumer that takes itself off and starts TLS with the bytes still in
// its hands.
type starter struct{ p *pair }

func (s *starter) Consume(b []byte) int {
	s.p.far.SetConsumer(nil)
	if _, err := s.p.far.StartTLS(usual().server).Result(); err != stream.ErrNotIdle {
		s.p.t.Error(err)
	}
	return 0
}

func (s *starter) Ended(error) {}

// A second layer, as through a proxy that speaks TLS itself.
func TestTLSInTLS(t *testing.T) {
	at(t, wide, func(p *pair) {
		usual().must(p)
		p.converse()
		usual().must(p)
		p.converse()
		sent := noise(p.size(300 << 10))
		p.near.Write(sent)
		closed := p.near.Close()
		if got := p.drain(p.far); string(got) != string(sent) {
			p.t.Errorf("%d bytes of %d", len(got), len(sent))
		}
		p.does(p.far.Close())
		p.does(closed)
	})
}
