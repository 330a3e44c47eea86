package http1_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/big"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A clientWorld is a Client and its servers on one loop, with a network in memory and
// virtual time.
type clientWorld struct {
	t      testing.TB
	net    *looptest.Network
	client *http1.Client
	log    logged
}

// withClient runs body in a world. Then the client is closed, and nothing of it may be
// left on the network.
func withClient(t *testing.T, c *http1.Client, body func(co *loop.Co, w *clientWorld) error) {
	t.Helper()
	looptest.Run(t, func(co *loop.Co) error { return inClientWorld(t, co, c, body) })
}

func inClientWorld(t testing.TB, co *loop.Co, c *http1.Client, body func(co *loop.Co, w *clientWorld) error) error {
	w := &clientWorld{t: t, net: &looptest.Network{}, client: c}
	if c.Dialer == nil {
		c.Dialer = &stream.Dialer{Network: w.net, Resolver: stream.MapResolver{Hosts: nameOfHosts()}}
	}
	if c.Logger == nil {
		c.Logger = newLogger(&w.log)
	}
	err := body(co, w)
	c.Close()
	settle(co)
	if s := c.Stats(); s != (http1.ClientStats{}) {
		t.Errorf("after Close the client has %+v", s)
	}
	return err
}

// serve has srv answer on address, and ends it with the test's body.
func (w *clientWorld) serve(co *loop.Co, address string, h http1.HandlerFunc) *http1.Server {
	w.t.Helper()
	srv := &http1.Server{Handler: h, Network: w.net, Logger: newLogger(&w.log)}
	if _, err := srv.Listen(co.Loop(), address); err != nil {
		w.t.Fatal(err)
	}
	return srv
}

// A peer is the server's end of a connection, by hand.
type peer struct {
	*stream.Stream
	w *clientWorld
}

// script has fn talk to each client on address, in wire notation; n counts the
// connections from 1.
func (w *clientWorld) script(co *loop.Co, address string, fn func(co *loop.Co, p peer, n int) error) {
	w.t.Helper()
	w.scriptOn(co, "tcp", address, fn)
}

func (w *clientWorld) scriptOn(co *loop.Co, network, address string, fn func(co *loop.Co, p peer, n int) error) {
	w.t.Helper()
	ln, err := w.net.Listen(co.Loop(), network, address)
	if err != nil {
		w.t.Fatal(err)
	}
	n := 0
	l := co.Loop()
	err = ln.Accept(func(t stream.Transport) {
		s, err := stream.New(l, t)
		if err != nil {
			w.t.Error(err)
			return
		}
		n++
		number := n
		loop.Go(l, func(co *loop.Co) (struct{}, error) {
			_ = fn(co, peer{s, w}, number) // a client may go at any time
			if _, err := loop.Await(co, s.ReadUntilClose(1<<30)); !errors.Is(err, stream.ErrClosed) {
				s.Abort()
			}
			return struct{}{}, nil
		})
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// head reads a request's head.
func (p peer) head(co *loop.Co) (string, error) {
	b, err := loop.Await(co, p.ReadUntil("\r\n\r\n", 1<<20))
	return story(b), err
}

// say sends text in wire notation.
func (p peer) say(text string) { p.Write([]byte(wire(text))) }

// answers has a peer answer each request with the next text, and close behind "<end>".
func answers(texts ...string) func(co *loop.Co, p peer, n int) error {
	i := 0
	return func(co *loop.Co, p peer, _ int) error {
		for i < len(texts) {
			if _, err := p.head(co); err != nil {
				return err
			}
			text, end := strings.CutSuffix(texts[i], "<end>")
			i++
			p.say(text)
			if end {
				p.Close()
				return nil
			}
		}
		return nil
	}
}

const hostA = "127.0.0.1:80"

var localAddr = netip.MustParseAddrPort("10.0.0.1:0")

func urlOf(path string) string { return "http://127.0.0.1" + path }

// brief is a response or an error in a line.
func brief(res *http1.Response, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %q", res.Status, res.Body)
}

func nameOfHosts() map[string][]netip.AddrPort {
	return map[string][]netip.AddrPort{
		"a.test":    {netip.MustParseAddrPort("127.0.0.1:0")},
		"b.test":    {netip.MustParseAddrPort("127.0.0.1:0")},
		"site.test": {netip.MustParseAddrPort("127.0.0.1:0")},
		"six.test":  {netip.MustParseAddrPort("[::1]:0")},
	}
}

func newLogger(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

// serveTLS is serve over TLS: the server sees a network whose connections are decrypted
// by a relay.
func (w *clientWorld) serveTLS(co *loop.Co, address string, cert tls.Certificate, h http1.HandlerFunc) *http1.Server {
	w.t.Helper()
	inner := "127.0.0.1:10" + address[strings.LastIndex(address, ":")+1:]
	options := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
	w.script(co, address, func(co *loop.Co, p peer, _ int) error {
		if _, err := loop.Await(co, p.StartTLS(options)); err != nil {
			return err
		}
		to, err := stream.Dial(co, w.net, "tcp", inner)
		if err != nil {
			return err
		}
		return pass(co, p.Stream, to)
	})
	return w.serve(co, inner, h)
}

// selfSigned is a certificate for names, and the options that trust it. Virtual time
// begins in 2000.
func selfSigned(t testing.TB, names ...string) (tls.Certificate, *stream.TLSOptions) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: names, NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(leaf)
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, &stream.TLSOptions{Config: &tls.Config{RootCAs: pool}}
}

func isCertificateError(err error) bool {
	var ve *tls.CertificateVerificationError
	return errors.As(err, &ve)
}
