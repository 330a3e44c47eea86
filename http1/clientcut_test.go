package http1_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// end closes a peer's connection, in good order or not.
func (p peer) end(co *loop.Co, reset bool) {
	if reset {
		settle(co)
		p.Abort()
		return
	}
	p.Close()
}

// clean is an error unless nothing is in use.
func (w *clientWorld) clean(co *loop.Co, what ...any) {
	w.t.Helper()
	settle(co)
	settle(co)
	if s := w.client.Stats(); s != (http1.ClientStats{}) || len(w.net.Conns()) > 0 {
		w.t.Errorf("%v: %+v, and %d connections", what, s, len(w.net.Conns()))
	}
}

// A proxy that ends after each possible byte of what it has to say.
func TestClientProxyClosesAnywhere(t *testing.T) {
	for _, tt := range []struct {
		proxy, url string
		steps      []string
	}{
		{"http://127.0.0.1:3128", "https://a.test/", []string{wire("HTTP/1.1 100 X||HTTP/1.1 200 OK|A: b||")}},
		{"socks5://127.0.0.1:3128", "http://a.test/", []string{"\x05\x00", "\x05\x00\x00\x03\x04abcd\x00\x50"}},
		{"socks5://me:pw@127.0.0.1:3128", "http://a.test/", []string{"\x05\x02", "\x01\x00", "\x05\x00\x00\x01abcd\x00\x50"}},
	} {
		all := strings.Join(tt.steps, "")
		for n := range len(all) {
			for _, reset := range []bool{false, true} {
				withClient(t, proxied(tt.proxy), func(co *loop.Co, w *clientWorld) error {
					w.script(co, "127.0.0.1:3128", func(co *loop.Co, p peer, _ int) error {
						left := n
						for _, step := range tt.steps {
							if _, err := loop.Await(co, p.ReadSome(1000)); err != nil {
								return err
							}
							p.Write([]byte(step[:min(left, len(step))]))
							if left -= len(step); left < 0 {
								break
							}
						}
						p.end(co, reset)
						return nil
					})
					_, err := w.client.Get(co, tt.url)
					var ce *http1.ClientError
					if !errors.As(err, &ce) || ce.Phase != http1.PhaseProxy || !errors.Is(err, http1.ErrServerGone) {
						t.Errorf("%s, after %d bytes, reset %v: %v", tt.proxy, n, reset, err)
					}
					w.clean(co, tt.proxy, n, reset)
					return nil
				})
			}
		}
	}
}

// A server that ends after each possible byte of a request, its head and its body: an
// error in the phase that it was, and whoever makes the body is told.
func TestClientServerClosesInRequest(t *testing.T) {
	body := strings.Repeat("x", 100)
	for name, req := range map[string]func() *http1.ClientRequest{
		"body":   func() *http1.ClientRequest { return &http1.ClientRequest{Body: []byte(body)} },
		"expect": func() *http1.ClientRequest { return &http1.ClientRequest{Body: []byte(body), Expect100: true} },
		"reader": func() *http1.ClientRequest {
			return &http1.ClientRequest{Reader: struct{ io.Reader }{strings.NewReader(body)}}
		},
		"producer": func() *http1.ClientRequest {
			return &http1.ClientRequest{Producer: func(co *loop.Co, w *http1.BodyWriter) error {
				for range 10 {
					if _, err := io.WriteString(w, body[:10]); err != nil {
						return err
					}
				}
				return nil
			}}
		},
	} {
		for n := 1; n < 320; n += 9 {
			for _, reset := range []bool{false, true} {
				withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
					w.net.Window = 64
					w.net.Faults = looptest.Faults{ShortWrites: 0.5}
					w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
						p.SetReadAhead(1)
						if _, err := loop.Await(co, p.ReadFull(n)); err != nil {
							return err
						}
						p.end(co, reset)
						return nil
					})
					r := req()
					r.Method, r.URL = "POST", urlOf("/")
					_, err := w.client.Do(co, r)
					var ce *http1.ClientError
					if !errors.As(err, &ce) || ce.Phase != http1.PhaseResponse || !errors.Is(err, http1.ErrServerGone) {
						if !(ce != nil && ce.Timeout()) { // the request was shorter
							t.Errorf("%s, after %d bytes, reset %v: %v", name, n, reset, err)
						}
					}
					w.clean(co, name, n, reset)
					return nil
				})
			}
		}
	}
}

// A handshake that is cut after each possible number of bytes, from either side.
func TestClientTLSClosesAnywhere(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	for n := 0; n < 1200; n += 41 {
		for _, reset := range []bool{false, true} {
			withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
				defer w.serveTLS(co, "127.0.0.1:144", cert, site.Serve).Close()
				w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, _ int) error {
					to, err := stream.Dial(co, w.net, "tcp", "127.0.0.1:144")
					if err != nil {
						return err
					}
					defer to.Abort()
					loop.Go(co, func(co *loop.Co) (struct{}, error) {
						for {
							b, err := loop.Await(co, p.ReadSome(1<<16))
							if err != nil {
								return struct{}{}, nil
							}
							to.Write(b)
						}
					})
					for left := n; left > 0; {
						b, err := loop.Await(co, to.ReadSome(left))
						if err != nil {
							break
						}
						p.Write(b)
						left -= len(b)
					}
					p.end(co, reset)
					return nil
				})
				_, err := w.client.Get(co, "https://a.test/")
				var ce *http1.ClientError
				if !errors.As(err, &ce) || ce.Phase != http1.PhaseTLS && ce.Phase != http1.PhaseResponse && ce.Phase != http1.PhaseBody {
					t.Errorf("after %d bytes, reset %v: %v", n, reset, err)
				}
				settle(co)
				if s := w.client.Stats(); s != (http1.ClientStats{}) {
					t.Errorf("after %d bytes, reset %v: %+v", n, reset, s)
				}
				return nil
			})
		}
	}
}
