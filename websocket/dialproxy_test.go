package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// proxyFor is an HTTP proxy of the usual kind, which wants a password.
func proxyFor(t *testing.T, asked *sync.Map) *httptest.Server {
	var tunnels sync.WaitGroup
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.Method+" "+r.Host, true)
		if r.Header.Get("Proxy-Authorization") != "Basic dTpw" {
			http.Error(w, "who are you?", http.StatusProxyAuthRequired)
			return
		}
		to, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		from, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(from, "HTTP/1.0 200 OK\r\n\r\n")
		tunnels.Add(2)
		go func() { defer tunnels.Done(); io.Copy(to, from); to.Close() }()
		go func() { defer tunnels.Done(); io.Copy(from, to); from.Close() }()
	}))
	t.Cleanup(func() { srv.Close(); tunnels.Wait() })
	return srv
}

func TestDialThroughProxy(t *testing.T) {
	l := running(t)
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = AcceptNetHTTP(l, w, r, nil, func(_ *loop.Co, c *Conn) error { echo(c); return nil })
	})
	plain, secure := httptest.NewServer(h), httptest.NewTLSServer(h)
	defer plain.Close()
	defer secure.Close()
	var asked sync.Map
	proxy := proxyFor(t, &asked)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, srv := range []*httptest.Server{plain, secure} {
		for _, user := range []string{"u:p@", ""} {
			_, err := loop.Do(ctx, l, func(co *loop.Co) (struct{}, error) {
				o := &DialOptions{
					Proxy: func(*url.URL) (*url.URL, error) { return url.Parse("http://" + user + proxy.Listener.Addr().String()) },
				}
				if srv == secure { // the certificate is checked, for the server's name
					roots := secure.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
					o.Dialer = &stream.Dialer{TLS: &stream.TLSOptions{Config: &tls.Config{RootCAs: roots}}}
				}
				c, err := Dial(co, strings.Replace(srv.URL, "http", "ws", 1), o)
				if user == "" {
					var he *HandshakeError
					if !errors.As(err, &he) || he.Status != 407 {
						t.Errorf("without a password: %v", err)
					}
					return struct{}{}, nil
				}
				if err != nil {
					return struct{}{}, err
				}
				if err := c.Write(co, Text, []byte("hello")); err != nil {
					return struct{}{}, err
				}
				reads(t, co, c, `text "hello"`)
				_, err = loop.Await(co, c.Close(Normal, ""))
				return struct{}{}, err
			})
			if err != nil {
				t.Errorf("%s, %q: %v", srv.URL, user, err)
			}
		}
		if _, ok := asked.Load("CONNECT " + srv.Listener.Addr().String()); !ok {
			t.Errorf("the proxy was not asked for %s", srv.URL)
		}
	}
}

// TestDialRedirects: followed by option, without credentials to another host.
func TestDialRedirects(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		network := &looptest.Network{}
		var got []string
		h := http1.HandlerFunc(func(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
			got = append(got, r.Host+r.Target+" "+r.Header.Get("Authorization")+r.Header.Get("X-Other"))
			to := map[string]string{"/a": "/b", "/b": "http://10.0.0.2/c", "/ring": "/ring", "/bad": "ftp://x/", "/none": ""}
			if next, ok := to[r.Path()]; ok {
				if next != "" {
					w.Header().Set("Location", next)
				}
				w.SetStatus(302)
				return nil
			}
			c, err := Accept(co, w, r, nil)
			if err == nil {
				echo(c)
			}
			return err
		})
		for _, address := range []string{"10.0.0.1:80", "10.0.0.2:80"} {
			srv := &http1.Server{Handler: h, Network: network}
			if _, err := srv.Listen(co.Loop(), address); err != nil {
				return err
			}
			defer srv.Close()
		}
		o := on(network)
		o.Redirects = 2
		o.Header.Add("Authorization", "secret")
		o.Header.Add("X-Other", "x")
		c, err := Dial(co, "ws://10.0.0.1/a", o)
		if err != nil {
			return err
		}
		if want := "10.0.0.1/a secretx,10.0.0.1/b secretx,10.0.0.2/c x"; strings.Join(got, ",") != want {
			t.Errorf("asked %q", got)
		}
		c.Abort()
		for path, hops := range map[string]int{"/ring": 3, "/bad": 1, "/none": 1} {
			got = nil
			var he *HandshakeError
			if _, err := Dial(co, "ws://10.0.0.1"+path, o); !errors.As(err, &he) || he.Status != 302 || len(got) != hops {
				t.Errorf("%s: %v after %q", path, err, got)
			}
		}
		return nil
	})
}
