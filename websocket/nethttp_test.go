package websocket

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// running is a loop on a goroutine of its own, over real sockets.
func running(t *testing.T) *loop.Loop {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("there are no sockets on Windows")
	}
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() { done <- l.Run() }()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return l
}

// TestAcceptNetHTTP: a connection of a net/http server, plain and by TLS, becomes one of a
// loop, and the client is one too.
func TestAcceptNetHTTP(t *testing.T) {
	for _, secure := range []bool{false, true} {
		l := running(t)
		served := make(chan error, 1)
		h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Extra", "yes")
			o := &AcceptOptions{Subprotocols: []string{"a"}, Options: Options{Compression: &Compression{Threshold: 1}}}
			served <- AcceptNetHTTP(l, w, r, o, func(co *loop.Co, c *Conn) error {
				echo(c)
				return nil
			})
		})
		srv := httptest.NewUnstartedServer(h)
		scheme := "ws"
		if secure {
			scheme = "wss"
			srv.StartTLS()
		} else {
			srv.Start()
		}
		defer srv.Close()
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err := loop.Do(ctx, l, func(co *loop.Co) (struct{}, error) {
			o := &DialOptions{
				Subprotocols: []string{"a"},
				Options:      Options{Compression: &Compression{Threshold: 1}},
				Dialer:       &stream.Dialer{TLS: &stream.TLSOptions{Config: &tls.Config{InsecureSkipVerify: true}}},
				OnResponse: func(r *Response) {
					if r.Header.Get("X-Extra") != "yes" {
						t.Errorf("the answer is %+v", r)
					}
				},
			}
			c, err := Dial(co, scheme+srv.URL[strings.Index(srv.URL, "://"):]+"/x", o)
			if err != nil {
				return struct{}{}, err
			}
			if c.Subprotocol() != "a" || !c.Compressed() {
				t.Errorf("%q, %v", c.Subprotocol(), c.Compressed())
			}
			for _, text := range []string{"hello", strings.Repeat("long ", 100_000)} {
				if err := c.Write(co, Text, []byte(text)); err != nil {
					return struct{}{}, err
				}
				if _, got, err := c.Read(co); err != nil || string(got) != text {
					t.Errorf("%d bytes, %v", len(got), err)
				}
			}
			_, err = loop.Await(co, c.Close(Normal, ""))
			return struct{}{}, err
		})
		if err := errors.Join(err, <-served); err != nil {
			t.Errorf("secure %v: %v", secure, err)
		}
	}
}

// TestAcceptNetHTTPRefusals are answered as Accept's are.
func TestAcceptNetHTTPRefusals(t *testing.T) {
	l := running(t)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		err := AcceptNetHTTP(l, w, r, nil, func(*loop.Co, *Conn) error { return nil })
		var he *HandshakeError
		if !errors.As(err, &he) {
			t.Errorf("%v", err)
		}
	}))
	defer srv.Close()
	for _, tt := range []struct {
		header, value string
		status        int
	}{
		{"X", "", 426}, {"Sec-Websocket-Version", "12", 426}, {"Origin", "http://other", 403},
	} {
		r, err := http.NewRequestWithContext(t.Context(), "GET", srv.URL, nil)
		if err != nil {
			t.Fatal(err)
		}
		if tt.header != "X" {
			for k, v := range map[string]string{"Connection": "Upgrade", "Upgrade": "websocket", "Sec-Websocket-Version": "13", "Sec-Websocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="} {
				r.Header.Set(k, v)
			}
		}
		r.Header.Set(tt.header, tt.value)
		resp, err := srv.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if resp.StatusCode != tt.status || tt.status == 426 && resp.Header.Get("Sec-WebSocket-Version") != "13" {
			t.Errorf("%s: %d %v", tt.header, resp.StatusCode, resp.Header)
		}
	}
}
