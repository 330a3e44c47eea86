package websocket

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// TestReverseProxy: net/http's proxy passes a WebSocket on through an http1.Transport,
// plain and over TLS behind it, on a server of ours and on net/http's.
func TestReverseProxy(t *testing.T) {
	for _, secure := range []bool{false, true} {
		for _, own := range []bool{false, true} {
			t.Run(fmt.Sprint("TLS ", secure, " own ", own), func(t *testing.T) { throughReverseProxy(t, secure, own) })
		}
	}
}

func throughReverseProxy(t *testing.T, secure, own bool) {
	l := running(t)
	back := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("X-Forwarded-For") == "" {
			t.Error("it comes by no proxy")
		}
		_ = AcceptNetHTTP(l, w, r, nil, func(_ *loop.Co, c *Conn) error {
			echo(c)
			return nil
		})
	}))
	client := &http1.Client{}
	if secure {
		back.StartTLS()
		roots := x509.NewCertPool()
		roots.AddCert(back.Certificate())
		client.TLS = &stream.TLSOptions{Config: &tls.Config{RootCAs: roots}}
	} else {
		back.Start()
	}
	defer back.Close()
	to, err := url.Parse(back.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := httputil.NewSingleHostReverseProxy(to)
	proxy.Transport = &http1.Transport{Client: client, Loop: l}
	var front string
	if own {
		srv := &http1.Server{Handler: http1.Std(proxy)}
		addr, err := loop.Do(t.Context(), l, func(*loop.Co) (string, error) {
			addr, err := srv.Listen(l, "127.0.0.1:0")
			if err != nil {
				return "", err
			}
			return addr.String(), nil
		})
		if err != nil {
			t.Fatal(err)
		}
		defer srv.Close()
		front = addr
	} else {
		srv := httptest.NewServer(proxy)
		defer srv.Close()
		front = strings.TrimPrefix(srv.URL, "http://")
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err = loop.Do(ctx, l, func(co *loop.Co) (none struct{}, _ error) {
		c, err := Dial(co, "ws://"+front+"/x", nil)
		if err != nil {
			return none, err
		}
		for _, n := range []int{0, 5, 100_000} {
			text := bytes.Repeat([]byte{'x'}, n)
			if err := c.Write(co, Binary, text); err != nil {
				return none, err
			}
			if _, got, err := c.Read(co); err != nil || !bytes.Equal(got, text) {
				t.Errorf("of %d bytes come %d, %v", n, len(got), err)
			}
		}
		if s := client.Stats(); s.Open != 0 {
			t.Errorf("it counts among the connections for requests: %+v", s)
		}
		_, err = loop.Await(co, c.Close(Normal, ""))
		return none, err
	})
	if err != nil {
		t.Error(err)
	}
}
