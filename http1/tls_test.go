package http1_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// testCertificate is the one of package httptest, and a configuration that trusts it.
func testCertificate(t *testing.T) (tls.Certificate, *tls.Config) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	client := s.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
	client.ServerName = "example.com"
	return s.TLS.Certificates[0], client
}

// writePEM writes what a user has: a certificate and its key in files.
func writePEM(t *testing.T, cert tls.Certificate) (certFile, keyFile string) {
	dir := t.TempDir()
	key, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name, kind string, der []byte) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	return write("cert.pem", "CERTIFICATE", cert.Certificate[0]), write("key.pem", "PRIVATE KEY", key)
}

// TestTLS is Tornado H01, H02, H03 and H28: a server for https on a real socket.
func TestTLS(t *testing.T) {
	cert, trusting := testCertificate(t)
	certFile, keyFile := writePEM(t, cert)
	var log logged
	bound := make(chan net.Addr, 1)
	srv := &http1.Server{
		Handler:      routes{"/": whence, "/length": site["/length"]},
		TrustProxies: prefixes("127.0.0.0/8"),
		Logger:       slog.New(slog.NewTextHandler(&log, nil)),
		OnListen:     func(a net.Addr) { bound <- a },
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.ListenAndServeTLS("127.0.0.1:0", certFile, keyFile) }()
	addr := (<-bound).String()
	tr := &http.Transport{TLSClientConfig: trusting}
	client := &http.Client{Transport: tr}
	for _, tt := range []struct{ path, field, value, body, want string }{
		{"/", "A", "b", "", "127.0.0.1 127.0.0.1 https true"},
		{"/", "X-Scheme", "http", "", "127.0.0.1 127.0.0.1 http true"},
		{"/", "X-Scheme", "unknown", "", "127.0.0.1 127.0.0.1 https true"},
		{"/length", "A", "b", strings.Repeat("A", 200_000), "200000"},
	} {
		req, err := http.NewRequest("POST", "https://"+addr+tt.path, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set(tt.field, tt.value)
		resp, err := client.Do(req)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || string(got) != tt.want {
			t.Errorf("%s with %s: %q %v, want %q", tt.path, tt.value, got, err, tt.want)
		}
		resp.Body.Close()
	}
	tr.CloseIdleConnections()

	plain := dial(t, addrOf(addr)) // an answer in the clear would be taken for TLS, and is none
	if _, err := io.WriteString(plain, wire(getLast)); err != nil {
		t.Error(err)
	}
	if got, _ := io.ReadAll(plain); strings.Contains(string(got), "HTTP/") {
		t.Errorf("plain HTTP is answered %q", got)
	}
	if err := srv.Shutdown(context.Background()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != http1.ErrServerClosed {
		t.Error(err)
	}
	if text := log.take(); text != "" {
		t.Error("at the level Info it logs", text)
	}
}

type addrOf string

func (a addrOf) Network() string { return "tcp" }
func (a addrOf) String() string  { return string(a) }

// TestTLSFiles is Tornado H04: what is missing is said before anything listens.
func TestTLSFiles(t *testing.T) {
	cert, _ := testCertificate(t)
	certFile, keyFile := writePEM(t, cert)
	srv := &http1.Server{Handler: site}
	for _, files := range [][2]string{{"", keyFile}, {certFile, ""}, {certFile, keyFile + ".none"}} {
		if err := srv.ListenAndServeTLS("127.0.0.1:0", files[0], files[1]); !errors.Is(err, fs.ErrNotExist) {
			t.Error(files, err)
		}
	}
	if err := srv.ListenAndServeTLS("127.0.0.1:0", certFile, certFile); err == nil {
		t.Error("a certificate is no key")
	}
}

// TestTLSInMemory: "http/1.1" is offered unless the server says otherwise.
func TestTLSInMemory(t *testing.T) {
	cert, trusting := testCertificate(t)
	for want, offer := range map[string][]string{"http/1.1": nil, "x": {"x"}} {
		config := &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: offer}
		h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			state, _ := r.TLS()
			_, err := w.WriteString(state.NegotiatedProtocol)
			return err
		})
		serveOn(t, &world{srv: &http1.Server{Handler: h, TLS: &stream.TLSOptions{Config: config}}}, func(co *loop.Co, w *world) error {
			c := w.dial(co)
			ask := trusting.Clone()
			ask.NextProtos = []string{"x", "http/1.1"}
			if _, err := loop.Await(co, c.StartTLS(stream.TLSOptions{Config: ask})); err != nil {
				return err
			}
			c.send(co, getLast)
			if got := c.recv(co); !strings.HasSuffix(got, "||"+want+"<end>") {
				t.Errorf("%s, want %s", got, want)
			}
			return nil
		})
	}
}
