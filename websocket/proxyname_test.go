package websocket

import (
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// TestProxyNames: a proxy is asked for by a URL of HTTP, and told the server's name; the server's
// certificate is checked for that name, and so is a proxy's for the proxy's.
func TestProxyNames(t *testing.T) {
	l := running(t)
	var mu sync.Mutex
	var names, asked []string
	note := func(list *[]string, s string) {
		mu.Lock()
		defer mu.Unlock()
		*list = append(*list, s)
	}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = AcceptNetHTTP(l, w, r, nil, func(_ *loop.Co, c *Conn) error { echo(c); return nil })
	}))
	srv.TLS = &tls.Config{GetConfigForClient: func(h *tls.ClientHelloInfo) (*tls.Config, error) {
		note(&names, h.ServerName)
		return nil, nil
	}}
	srv.StartTLS()
	defer srv.Close()
	var tunnels sync.WaitGroup
	proxy := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		note(&asked, r.Method+" "+r.Host)
		to, err := new(net.Dialer).DialContext(r.Context(), "tcp", srv.Listener.Addr().String())
		if err != nil {
			t.Error(err)
			return
		}
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(from, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n")
		tunnels.Go(func() { io.Copy(to, from); to.Close() })
		tunnels.Go(func() { io.Copy(from, to); from.Close() })
	}))
	proxy.StartTLS()
	defer func() { proxy.Close(); tunnels.Wait() }()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := loop.Do(ctx, l, func(co *loop.Co) (struct{}, error) {
		roots := srv.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs // of the proxy, too
		o := &DialOptions{
			Dialer: &stream.Dialer{TLS: &stream.TLSOptions{Config: &tls.Config{RootCAs: roots}}},
			Proxy: func(u *url.URL) (*url.URL, error) {
				note(&asked, u.String())
				return url.Parse(proxy.URL)
			},
		}
		c, err := Dial(co, "wss://example.com/x", o)
		if err != nil {
			return struct{}{}, err
		}
		if err := c.Write(co, Text, []byte("hello")); err != nil {
			return struct{}{}, err
		}
		reads(t, co, c, `text "hello"`)
		_, err = loop.Await(co, c.Close(Normal, ""))
		if _, err := Dial(co, "wss://other.example/x", o); err == nil {
			t.Error("a certificate for another name is taken")
		}
		return struct{}{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(names) < 1 || names[0] != "example.com" || len(asked) < 2 || asked[0] != "https://example.com/x" || asked[1] != "CONNECT example.com:443" {
		t.Errorf("names %q, asked %q", names, asked)
	}
}
