package http1_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/stream"
)

// h2Client is net/http's client with HTTP/2 alone.
func h2Client(t *testing.T, config *tls.Config) *http.Client {
	p := new(http.Protocols)
	if p.SetUnencryptedHTTP2(config == nil); config != nil {
		p.SetHTTP2(true)
	}
	tr := &http.Transport{Protocols: p, TLSClientConfig: config.Clone()}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

// TestHTTP2: with and without TLS, native and not, and HTTP/1 beside it.
func TestHTTP2(t *testing.T) {
	about := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, server := r.Context().Value(http.ServerContextKey).(*http.Server)
		_, local := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
		body, err := io.ReadAll(r.Body)
		fmt.Fprint(w, r.Proto, r.TLS != nil, server, local, len(body), err)
	})
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS ", secure), func(t *testing.T) {
			srv := &http1.Server{Handler: http1.Std(about), HTTP2: true, Logger: slog.New(slog.DiscardHandler)}
			scheme, config := "http://", (*tls.Config)(nil)
			if secure {
				cert, client := testCertificate(t)
				scheme, config = "https://", client
				srv.TLS = &stream.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
			}
			serveSockets(t, srv, func(addr string) {
				for proto, c := range map[string]*http.Client{
					"HTTP/2.0": h2Client(t, config),
					"HTTP/1.1": {Transport: &http.Transport{TLSClientConfig: config.Clone(), DisableKeepAlives: true}},
				} {
					resp, err := c.Post(scheme+addr+"/", "text/plain", io.LimitReader(zeros{}, 100_000))
					if err != nil {
						t.Fatal(err)
					}
					got, err := io.ReadAll(resp.Body)
					resp.Body.Close()
					if want := fmt.Sprint(proto, secure, true, true, 100_000, nil); string(got) != want || err != nil {
						t.Errorf("%s, %v; want %s", got, err, want)
					}
				}
			})
		})
	}
	t.Run("native", func(t *testing.T) {
		srv := &http1.Server{Handler: native, HTTP2: true, Logger: slog.New(slog.DiscardHandler)}
		serveSockets(t, srv, func(addr string) { checkNative(t, h2Client(t, nil), "http://"+addr) })
	})
	t.Run("switched off", func(t *testing.T) {
		serveSockets(t, &http1.Server{Handler: native, Logger: slog.New(slog.DiscardHandler)}, func(addr string) {
			if resp, err := h2Client(t, nil).Get("http://" + addr); err == nil {
				t.Error(resp.Proto)
			}
		})
	})
	t.Run("a beginning like it", func(t *testing.T) {
		srv := &http1.Server{Handler: native, HTTP2: true, Logger: slog.New(slog.DiscardHandler)}
		serveSockets(t, srv, func(addr string) {
			c, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			for _, p := range []string{"P", "R", "OPFIND / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"} {
				io.WriteString(c, p)
			}
			if got, err := io.ReadAll(c); err != nil || string(got[:12]) != "HTTP/1.1 200" {
				t.Errorf("%q %v", got, err)
			}
		})
	})
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestHTTP2Shutdown waits for what is under way on the other side of the door.
func TestHTTP2Shutdown(t *testing.T) {
	began, end := make(chan struct{}), make(chan struct{})
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Context().Value(http.ServerContextKey).(*http.Server).RegisterOnShutdown(func() { close(end) })
		close(began)
		<-end
		io.WriteString(w, "whole")
	})
	srv := &http1.Server{Handler: http1.Std(h), HTTP2: true, Logger: slog.New(slog.DiscardHandler)}
	serveSockets(t, srv, func(addr string) {
		got := make(chan string, 1)
		go func() {
			resp, err := h2Client(t, nil).Get("http://" + addr)
			if err != nil {
				got <- err.Error()
				return
			}
			p, err := io.ReadAll(resp.Body)
			resp.Body.Close()
			got <- fmt.Sprint(string(p), err)
		}()
		<-began
		ended := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
			defer cancel()
			ended <- srv.Shutdown(ctx)
		}()
		if s := <-got; s != "whole<nil>" {
			t.Error(s)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}

// TestHTTP2Counts: connections of HTTP/2 have a place among the others, with and without
// TLS, until they end.
func TestHTTP2Counts(t *testing.T) {
	for _, secure := range []bool{false, true} {
		t.Run(fmt.Sprint("TLS ", secure), func(t *testing.T) {
			srv := &http1.Server{Handler: native, HTTP2: true, MaxConns: 1, Logger: slog.New(slog.DiscardHandler)}
			scheme, config := "http://", (*tls.Config)(nil)
			if secure {
				cert, client := testCertificate(t)
				scheme, config = "https://", client
				srv.TLS = &stream.TLSOptions{Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
			}
			serveSockets(t, srv, func(addr string) {
				first, second := h2Client(t, config), h2Client(t, config)
				get := func(c *http.Client) error {
					resp, err := c.Get(scheme + addr)
					if err == nil {
						_, err = io.Copy(io.Discard, resp.Body)
						resp.Body.Close()
					}
					return err
				}
				if err := get(first); err != nil {
					t.Fatal(err)
				}
				if n := srv.Stats().Conns; n != 1 {
					t.Errorf("%d connections", n)
				}
				served := make(chan error, 1)
				go func() { served <- get(second) }()
				if err := get(first); err != nil { // on the same connection; the other waits
					t.Error(err)
				}
				select {
				case err := <-served:
					t.Errorf("a second connection is served, %v", err)
				default:
				}
				first.CloseIdleConnections()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}
