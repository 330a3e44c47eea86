package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// A client is a connection to the program. It ends with the test.
type client struct {
	net.Conn
	t *testing.T
}

// dial connects, with TLS if the program has it.
func (p *process) dial() *client {
	p.t.Helper()
	c, err := p.connect()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { socket(c).Close() })
	return &client{Conn: c, t: p.t}
}

// socket is what is below TLS. To close it says no goodbye, for which there may be no
// room.
func socket(c net.Conn) net.Conn {
	if secure, ok := c.(*tls.Conn); ok {
		return secure.NetConn()
	}
	return c
}

// connect is dial for goroutines, which may not end the test.
func (p *process) connect() (net.Conn, error) {
	c, err := p.plain()
	if err != nil || p.tls == nil {
		return c, err
	}
	secure := tls.Client(c, p.tls)
	if err := secure.Handshake(); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return secure, nil
}

// plain connects without TLS.
func (p *process) plain() (net.Conn, error) {
	c, err := net.DialTimeout(p.addr.Network(), p.addr.String(), bound)
	if err != nil {
		return nil, err
	}
	return c, c.SetDeadline(time.Now().Add(bound))
}

func (c *client) send(s string) {
	c.t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		c.t.Fatal(err)
	}
}

// gets reads exactly what is wanted.
func (c *client) gets(want string) {
	c.t.Helper()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || string(got) != want {
		c.t.Fatalf("got %.100q, %v; want %.100q", got[:n], err, want)
	}
}

// getsNothing is sure that nothing comes, for a moment.
func (c *client) getsNothing() {
	c.t.Helper()
	if err := c.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		c.t.Fatal(err)
	}
	if n, err := c.Read(make([]byte, 1)); !errors.Is(err, os.ErrDeadlineExceeded) {
		c.t.Fatalf("%d bytes came, %v", n, err)
	}
	if err := c.SetReadDeadline(time.Now().Add(bound)); err != nil {
		c.t.Fatal(err)
	}
}

// getsRest reads what is wanted, and then the orderly end.
func (c *client) getsRest(want []byte) {
	c.t.Helper()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want) {
		c.t.Fatalf("%d bytes and %v, want %d and the end; the same up to %d", len(got), err, len(want), same(got, want))
	}
}

// halfClose says that no more will be sent.
func (c *client) halfClose() {
	c.t.Helper()
	if err := c.Conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		c.t.Fatal(err)
	}
}

func same(a, b []byte) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// certificate makes files with a certificate and its key, and what a client needs.
func certificate(t *testing.T) (cert, key string, config *tls.Config) {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := x509.Certificate{
		SerialNumber: big.NewInt(1),
		NotBefore:    time.Now().Add(-time.Hour),
		NotAfter:     time.Now().Add(time.Hour),
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1)},
	}
	der, err1 := x509.CreateCertificate(rand.Reader, &template, &template, &k.PublicKey, k)
	text, err2 := x509.MarshalPKCS8PrivateKey(k)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	own, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(own)
	dir := t.TempDir()
	file := func(name, kind string, data []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: data}), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	return file("cert.pem", "CERTIFICATE", der), file("key.pem", "PRIVATE KEY", text),
		&tls.Config{RootCAs: roots, ServerName: "127.0.0.1"}
}
