package stream_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// An authority signs certificates. Both it and they are made for one run of the
// tests.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	pool *x509.CertPool
}

var (
	theCA      = sync.OnceValue(newAuthority)
	stranger   = sync.OnceValue(newAuthority)
	serverCert = sync.OnceValue(func() tls.Certificate { return theCA().issue("one.test", "two.test") })
	clientCert = sync.OnceValue(func() tls.Certificate { return theCA().issue("a client") })
)

func newAuthority() *authority {
	a := &authority{key: newKey(), pool: x509.NewCertPool()}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "authority"},
		NotAfter:              time.Now().Add(24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	a.cert = sign(template, template, &a.key.PublicKey, a.key)
	a.pool.AddCert(a.cert)
	return a
}

func (a *authority) issue(names ...string) tls.Certificate {
	key := newKey()
	cert := sign(&x509.Certificate{
		SerialNumber: big.NewInt(2),
		Subject:      pkix.Name{CommonName: names[0]},
		DNSNames:     names,
		NotAfter:     time.Now().Add(24 * time.Hour),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &key.PublicKey, a.key)
	return tls.Certificate{Certificate: [][]byte{cert.Raw}, PrivateKey: key, Leaf: cert}
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	return key
}

func sign(template, parent *x509.Certificate, of *ecdsa.PublicKey, by *ecdsa.PrivateKey) *x509.Certificate {
	raw, err := x509.CreateCertificate(rand.Reader, template, parent, of, by)
	if err != nil {
		panic(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		panic(err)
	}
	return cert
}

func serverConfig() *tls.Config {
	return &tls.Config{Certificates: []tls.Certificate{serverCert()}}
}

func clientConfig() *tls.Config {
	return &tls.Config{RootCAs: theCA().pool, ServerName: "one.test"}
}

// tlsEnds is what the two ends of a handshake want.
type tlsEnds struct{ client, server stream.TLSOptions }

func usual() tlsEnds {
	return tlsEnds{
		client: stream.TLSOptions{Config: clientConfig()},
		server: stream.TLSOptions{Config: serverConfig(), Server: true},
	}
}

// handshake makes p.near the client and p.far the server, and says what came of it.
func (e tlsEnds) handshake(p *pair) (client, server error) {
	p.t.Helper()
	c, s := p.near.StartTLS(e.client), p.far.StartTLS(e.server)
	_, client = loop.Await(p.co, c)
	_, server = loop.Await(p.co, s)
	return client, server
}

// must is handshake where nothing may go wrong.
func (e tlsEnds) must(p *pair) {
	p.t.Helper()
	if client, server := e.handshake(p); client != nil || server != nil {
		p.t.Fatalf("the client says %v, the server %v", client, server)
	}
}

// wide is all sites but that whose window is one byte: a handshake takes some thousand
// iterations there. TestTLSHandshake and TestTLSUsedAtOnce do it, and with full counts all.
func wide(s site) bool { return s.window != 1 || deep() }

// secured runs body at the wide ones of the sites that which chooses, with a connection
// that speaks TLS.
func secured(t *testing.T, which func(site) bool, body func(p *pair)) {
	at(t, func(s site) bool { return which(s) && wide(s) }, func(p *pair) {
		usual().must(p)
		body(p)
	})
}

func anywhere(site) bool { return true }

// agreed is what s has agreed on.
func (p *pair) agreed(s *stream.Stream) tls.ConnectionState {
	p.t.Helper()
	state, ok := s.TLS()
	if !ok {
		p.t.Error("it does not speak TLS")
	}
	return state
}

// offloadable is anywhere, but for handshakes that are computed elsewhere, only where
// time is real: virtual time would not wait for them.
func offloadable(offload bool) func(site) bool {
	return func(s site) bool { return !offload || !s.memory() }
}
