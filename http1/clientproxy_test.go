package http1_test

import (
	"crypto/md5"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/url"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A server that wants the digest scheme gets it (A57), once; another origin does not.
func TestClientDigest(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		asked := 0
		sum := func(s string) string { h := md5.Sum([]byte(s)); return hex.EncodeToString(h[:]) }
		nonce := "n1"
		serve := func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			asked++
			want := sum(sum("üser:the realm:pässword") + ":" + nonce + ":" + sum(r.Method+":"+r.Target))
			if strings.Contains(r.Header.Get("Authorization"), `response="`+want+`"`) {
				_, err := io.Copy(rw, r.Body)
				return err
			}
			stale := ""
			if r.Header.Has("Authorization") && nonce == "n1" {
				nonce, stale = "n2", ", stale=true"
			}
			rw.SetStatus(401)
			rw.Header().Add("WWW-Authenticate", `Basic realm="the realm"`)
			rw.Header().Add("WWW-Authenticate", `Digest realm="the realm", nonce="`+nonce+`"`+stale)
			return nil
		}
		defer w.serve(co, hostA, serve).Close()
		req := http1.ClientRequest{Method: "POST", URL: urlOf("/a?b"), Body: []byte("body"), User: "üser", Password: "pässword", Digest: true}
		res, err := w.client.Do(co, &req)
		if got := brief(res, err); got != `200 "body"` || asked != 2 {
			t.Errorf("asked %d times: %s", asked, got)
		}
		asked = 0
		wrong := req
		wrong.Password = "wrong"
		_, err = w.client.Do(co, &wrong)
		var se *http1.StatusError
		if !errors.As(err, &se) || se.Response.Status != 401 || asked != 3 { // the second answer was to a new nonce
			t.Errorf("asked %d times: %v", asked, err)
		}
		return nil
	})
}

// proxied is a client with one proxy for everything.
func proxied(to string) *http1.Client {
	return &http1.Client{Proxy: func(*url.URL) (*url.URL, error) { return url.Parse(to) }}
}

// A forward proxy is asked for whole URLs, over one connection for all hosts.
func TestClientForwardProxy(t *testing.T) {
	withClient(t, proxied("http://me:pw@127.0.0.1:3128"), func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, "127.0.0.1:3128", func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			_, err := rw.WriteString(r.Target + " " + r.Header.Get("Proxy-Authorization"))
			return err
		}).Close()
		for i, to := range []string{"http://a.test/x?y", "http://nowhere.test:8080/"} {
			res, err := w.client.Get(co, to)
			if got := brief(res, err); got != fmt.Sprintf("200 %q", to+" Basic bWU6cHc=") || res.Reused != (i > 0) {
				t.Error(got)
			}
		}
		// A request may go past it.
		defer w.serve(co, hostA, site.Serve).Close()
		res, err := w.client.Do(co, &http1.ClientRequest{URL: "http://a.test/", Proxy: "direct"})
		if got := brief(res, err); got != `200 "hello"` {
			t.Error(got)
		}
		return nil
	})
}

// pass joins two streams until both have ended.
func pass(co *loop.Co, a, b *stream.Stream) error {
	return loop.WithGroup(co, func(g *loop.Group) error {
		move := func(from, to *stream.Stream) func(co *loop.Co) error {
			return func(co *loop.Co) error {
				for {
					p, err := loop.Await(co, from.ReadSome(1<<16))
					if err != nil {
						to.Close()
						return nil
					}
					to.Write(p)
				}
			}
		}
		g.Go(move(a, b))
		return move(b, a)(g.Co())
	})
}

// A CONNECT proxy makes a tunnel for https, and refuses in its own words.
func TestClientConnectProxy(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	for _, tt := range []struct{ answer, want string }{
		{"HTTP/1.1 200 Connection established|X: y||", `200 "hello"`},
		{"HTTP/1.1 200||", `200 "hello"`},
		{"HTTP/1.1 200 OK|Content-Length: 5||", `200 "hello"`},
		{"HTTP/1.1 100 Continue||HTTP/1.1 204 OK||", `200 "hello"`},
		{"HTTP/1.1 407 Who Are You|Content-Length: 0||", "refused"},
		{"HTTP/1.1 502 Bad Gateway||", "refused"},
		{"garbage||", "garbage"},
		{"", "gone"},
	} {
		c := proxied("http://me:pw@127.0.0.1:3128")
		c.TLS = options
		withClient(t, c, func(co *loop.Co, w *clientWorld) error {
			defer w.serveTLS(co, "127.0.0.1:443", cert, site.Serve).Close()
			w.script(co, "127.0.0.1:3128", func(co *loop.Co, p peer, _ int) error {
				head, err := p.head(co)
				if want := "CONNECT a.test:443 HTTP/1.1|Host: a.test:443|Proxy-Authorization: Basic bWU6cHc=||"; head != want {
					t.Errorf("%s, %v", head, err)
				}
				p.say(tt.answer)
				if tt.want != `200 "hello"` {
					p.Close()
					return nil
				}
				to, err := stream.Dial(co, w.net, "tcp", "127.0.0.1:443")
				if err != nil {
					return err
				}
				return pass(co, p.Stream, to)
			})
			res, err := w.client.Get(co, "https://a.test/")
			var ce *http1.ClientError
			switch {
			case strings.HasPrefix(tt.want, "200"):
				if got := brief(res, err); got != tt.want || res.TLS == nil {
					t.Errorf("%s: %s", tt.answer, got)
				}
			case !errors.As(err, &ce) || ce.Phase != http1.PhaseProxy ||
				errors.Is(err, http1.ErrProxy) != (tt.want == "refused") || errors.Is(err, http1.ErrServerGone) != (tt.want == "gone"):
				t.Errorf("%s: %v", tt.answer, err)
			}
			return nil
		})
	}
}

// TLS to the proxy: around a request that it forwards, and around TLS to the server.
func TestClientTLSProxy(t *testing.T) {
	cert, options := selfSigned(t, "a.test", "b.test")
	c := proxied("https://b.test:3128")
	c.TLS = options
	withClient(t, c, func(co *loop.Co, w *clientWorld) error {
		defer w.serveTLS(co, "127.0.0.1:443", cert, site.Serve).Close()
		server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
		w.script(co, "127.0.0.1:3128", func(co *loop.Co, p peer, _ int) error {
			if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
				return err
			}
			head, err := p.head(co)
			if strings.HasPrefix(head, "GET http://a.test/ HTTP/1.1|") {
				p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
				return err
			}
			p.say("HTTP/1.1 200 OK||")
			to, err := stream.Dial(co, w.net, "tcp", "127.0.0.1:443")
			if err != nil {
				return err
			}
			return pass(co, p.Stream, to)
		})
		res, err := w.client.Get(co, "http://a.test/")
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		res, err = w.client.Get(co, "https://a.test/")
		if got := brief(res, err); got != `200 "hello"` || res.TLS.ServerName != "a.test" {
			t.Error(got)
		}
		_, err = w.client.Do(co, &http1.ClientRequest{URL: "https://a.test/", Proxy: "https://127.0.0.1:3128"})
		var ce *http1.ClientError
		if !isCertificateError(err) || !errors.As(err, &ce) || ce.Phase != http1.PhaseProxy {
			t.Errorf("another name of the proxy: %v", err)
		}
		return nil
	})
}

// A SOCKS5 proxy connects by name, with a password if it wants one.
func TestClientSocks(t *testing.T) {
	for _, tt := range []struct {
		proxy, url string
		hello      string // what the client begins with
		auth       string
		request    string
		reply      string
		want       string
	}{
		{"socks5://127.0.0.1:1080", "http://a.test/", "\x05\x01\x00", "", "\x05\x01\x00\x03\x06a.test\x00\x50", "\x05\x00\x00\x01\x7f\x00\x00\x01\x00\x50", `200 "hello"`},
		{"socks5h://me:pw@127.0.0.1", "http://a.test/", "\x05\x02\x00\x02", "\x01\x02me\x02pw", "\x05\x01\x00\x03\x06a.test\x00\x50", "\x05\x00\x00\x03\x02xy\x00\x50", `200 "hello"`},
		{"socks5://127.0.0.1", "http://127.0.0.1/", "\x05\x01\x00", "", "\x05\x01\x00\x01\x7f\x00\x00\x01\x00\x50", "\x05\x00\x00\x04" + strings.Repeat("\x00", 18), `200 "hello"`},
		{"socks5://127.0.0.1", "http://[::2]/", "\x05\x01\x00", "", "\x05\x01\x00\x04" + strings.Repeat("\x00", 15) + "\x02\x00\x50", "\x05\x05\x00\x01", "connection refused"},
		{"socks5://127.0.0.1", "http://a.test/", "\x05\x01\x00", "", "\x05\x01\x00\x03\x06a.test\x00\x50", "\x04", "closed"},
	} {
		withClient(t, proxied(tt.proxy), func(co *loop.Co, w *clientWorld) error {
			defer w.serve(co, hostA, site.Serve).Close()
			w.script(co, "127.0.0.1:1080", func(co *loop.Co, p peer, _ int) error {
				expect := func(text string) {
					got, err := loop.Await(co, p.ReadFull(len(text)))
					if string(got) != text {
						t.Errorf("%s: %q, %v, want %q", tt.url, got, err, text)
					}
				}
				expect(tt.hello)
				p.Write([]byte{5, tt.hello[len(tt.hello)-1]})
				if tt.auth != "" {
					expect(tt.auth)
					p.Write([]byte{1, 0})
				}
				expect(tt.request)
				p.Write([]byte(tt.reply))
				if !strings.HasPrefix(tt.want, "200") {
					p.Close()
					return nil
				}
				to, err := stream.Dial(co, w.net, "tcp", hostA)
				if err != nil {
					return err
				}
				return pass(co, p.Stream, to)
			})
			res, err := w.client.Get(co, tt.url)
			var ce *http1.ClientError
			got := brief(res, err)
			if err == nil && got != tt.want || err != nil && (!errors.As(err, &ce) || ce.Phase != http1.PhaseProxy || !strings.Contains(got, tt.want)) {
				t.Errorf("%s by %s: %s, want %s", tt.url, tt.proxy, got, tt.want)
			}
			return nil
		})
	}
	withClient(t, proxied("socks5://me:pw@127.0.0.1"), func(co *loop.Co, w *clientWorld) error {
		for i, answer := range []string{"\x05\xff", "\x05\x02\x01\x01"} {
			w.script(co, fmt.Sprintf("127.0.0.1:%d", 1080+i), func(co *loop.Co, p peer, _ int) error {
				p.Write([]byte(answer))
				return nil
			})
			_, err := w.client.Do(co, &http1.ClientRequest{URL: "http://a.test/", Proxy: fmt.Sprintf("socks5://me:pw@127.0.0.1:%d", 1080+i)})
			if !errors.Is(err, http1.ErrProxy) {
				t.Errorf("%q: %v", answer, err)
			}
		}
		return nil
	})
}

// A client certificate belongs to the requests whose TLS options have it, and so do
// their connections.
func TestClientCertificate(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
		server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}, ClientAuth: tls.RequestClientCert}}
		w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, _ int) error {
			if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
				return err
			}
			state, _ := p.TLS()
			for {
				if _, err := p.head(co); err != nil {
					return err
				}
				p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Length: 1||%d", len(state.PeerCertificates)))
			}
		})
		own := &stream.TLSOptions{Config: options.Config.Clone()}
		own.Config.Certificates = []tls.Certificate{cert}
		for _, tt := range []struct {
			tls    *stream.TLSOptions
			want   string
			reused bool
		}{{own, `200 "1"`, false}, {nil, `200 "0"`, false}, {own, `200 "1"`, true}, {nil, `200 "0"`, true}} {
			res, err := w.client.Do(co, &http1.ClientRequest{URL: "https://a.test/", TLS: tt.tls})
			if got := brief(res, err); got != tt.want || res.Reused != tt.reused {
				t.Errorf("%s, want %s", got, tt.want)
			}
		}
		return nil
	})
}

// TLS: a certificate that is trusted, one for another name, one of nobody known.
func TestClientTLS(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
		defer w.serveTLS(co, "127.0.0.1:443", cert, site.Serve).Close()
		for i := range 2 {
			res, err := w.client.Get(co, "https://a.test/")
			if got := brief(res, err); got != `200 "hello"` || res.TLS == nil || res.TLS.ServerName != "a.test" || res.Reused != (i > 0) {
				t.Error(got)
			}
		}
		var ce *http1.ClientError
		_, err := w.client.Get(co, "https://b.test/")
		if !errors.As(err, &ce) || ce.Phase != http1.PhaseTLS || !isCertificateError(err) {
			t.Errorf("another name: %v", err)
		}
		_, err = w.client.Do(co, &http1.ClientRequest{URL: "https://a.test/", TLS: &stream.TLSOptions{}})
		if !isCertificateError(err) {
			t.Errorf("an unknown authority: %v", err)
		}
		if logged := w.log.take(); logged != "" {
			t.Errorf("logged: %s", logged)
		}
		return nil
	})
}

// A Unix socket takes the place of whatever host the URL names.
func TestClientUnix(t *testing.T) {
	withClient(t, &http1.Client{Unix: "/run/web"}, func(co *loop.Co, w *clientWorld) error {
		w.scriptOn(co, "unix", "/run/web", answers("HTTP/1.1 200 OK|Content-Length: 2||ab", "HTTP/1.1 200 OK|Content-Length: 2||cd"))
		res, err := w.client.Get(co, "http://any.test/")
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		other := &http1.ClientRequest{URL: "http://any.test/", Unix: "/run/other"}
		if _, err := w.client.Do(co, other); err == nil {
			t.Error("a socket that is not there answers")
		}
		return nil
	})
}

// The environment names proxies as for net/http; the loopback has none.
func TestProxyFromEnvironment(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1/")
	if err != nil {
		t.Fatal(err)
	}
	if p, err := http1.ProxyFromEnvironment(u); p != nil || err != nil {
		t.Errorf("%v, %v", p, err)
	}
}
