package http1_test

import (
	"context"
	"errors"
	"fmt"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// asked answers every request with its request line, its Host, and the named fields.
func asked(names ...string) func(co *loop.Co, p peer, n int) error {
	return func(co *loop.Co, p peer, _ int) error {
		for {
			head, err := p.head(co)
			if err != nil {
				return err
			}
			lines := strings.Split(head, "|")
			text := strings.TrimSuffix(lines[0], " HTTP/1.1") + "|" + strings.TrimPrefix(lines[1], "Host: ")
			for _, line := range lines[2:] {
				for _, name := range names {
					if value, ok := strings.CutPrefix(line, name+": "); ok {
						text += "|" + value
					}
				}
			}
			p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Length: %d||", len(text)))
			p.Write([]byte(text))
		}
	}
}

// Where a redirect leads, and who gets the password there.
func TestClientRedirectTargets(t *testing.T) {
	const auth = "|Basic dTpw"
	for _, tt := range []struct{ to, want string }{
		{"//b.test/x", "GET /x|b.test"},
		{"?q=1", "GET /dir/page?q=1|127.0.0.1" + auth},
		{"#part", "GET /dir/page?old|127.0.0.1" + auth},
		{"/a b", "GET /a%20b|127.0.0.1" + auth},
		{"/é?ü=ö", "GET /%C3%A9?%C3%BC=%C3%B6|127.0.0.1" + auth},
		{"../../..", "GET /|127.0.0.1" + auth},
		{"HTTP://B.TEST:80/", "GET /|B.TEST"},
		{"http://127.0.0.1:80/same", "GET /same|127.0.0.1" + auth},
		{"http://127.0.0.1:/same", "GET /same|127.0.0.1" + auth},
		{"http://me@127.0.0.1/", "GET /|127.0.0.1|Basic bWU6"},
		{"http://[::1]/", "GET /|[::1]"},
		{"http://[::1%25eth0]/", "GET /|[::1]"},
		{"https://127.0.0.1/", "443: connection refused"},
		{"http:/x", "without a host"},
		{"http://", "without a host"},
		{"javascript:alert(1)", `scheme "javascript"`},
		{"data:text/html,hello", `scheme "data"`},
		{"/x\ty", "control character"},
		{"http://me:geheim@127.0.0.1\\@b.test/", "invalid userinfo"},
		{"http://me:geheim@b.test:0/", `port "0"`},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			w.client.Dialer = &stream.Dialer{Resolver: stream.MapResolver{Hosts: nameOfHosts()}, Network: dialTeller{w, new(string)}}
			w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
				if n == 1 {
					if _, err := p.head(co); err != nil {
						return err
					}
					p.say("HTTP/1.1 302 Found|Content-Length: 0|Location: " + tt.to + "||")
				}
				return asked("Authorization")(co, p, n)
			})
			res, err := w.client.Do(co, &http1.ClientRequest{URL: "http://127.0.0.1/dir/page?old#top", User: "u", Password: "p"})
			switch {
			case err == nil && string(res.Body) != tt.want:
				t.Errorf("to %s: %s, want %s", tt.to, res.Body, tt.want)
			case err != nil && (!strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "geheim")):
				t.Errorf("to %s: %v, want %s", tt.to, err, tt.want)
			}
			return nil
		})
	}
}

// A loop of redirects ends, and gives the connections back.
func TestClientRedirectLoop(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		n := 0
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			n++
			rw.SetStatus(307)
			rw.Header().Set("Location", r.Target)
			return nil
		}).Close()
		_, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Body: []byte("x")})
		var se *http1.StatusError
		if !errors.As(err, &se) || se.Response.Status != 307 || se.Response.Redirects != 5 || n != 6 {
			t.Errorf("asked %d times, %v", n, err)
		}
		if s := w.client.Stats(); s.Open != 1 || s.Idle != 1 {
			t.Errorf("%+v", s)
		}
		return nil
	})
}

// The field Host for each form of a URL, and the address that is dialled.
func TestClientHostField(t *testing.T) {
	for _, tt := range []struct{ url, host, dialled string }{
		{"http://a.test/", "a.test", "127.0.0.1:80"},
		{"http://A.test:80/", "A.test", "127.0.0.1:80"},
		{"http://a.test:/", "a.test", "127.0.0.1:80"},
		{"http://a.test:81/", "a.test:81", "127.0.0.1:81"},
		{"http://me:pw@a.test/", "a.test", "127.0.0.1:80"},
		{"http://[::1]/", "[::1]", "[::1]:80"},
		{"http://[::1]:80/", "[::1]", "[::1]:80"},
		{"http://[::1%25Eth0]:81/", "[::1]:81", "[::1%Eth0]:81"},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			dialled := ""
			w.client.Dialer = &stream.Dialer{Resolver: stream.MapResolver{Hosts: nameOfHosts()}, Network: dialTeller{w, &dialled}}
			for _, port := range []string{"80", "81"} {
				w.script(co, "127.0.0.1:"+port, asked())
			}
			res, err := w.client.Get(co, tt.url)
			if err != nil || string(res.Body) != "GET /|"+tt.host || dialled != tt.dialled {
				t.Errorf("%s: %s, dialled %s", tt.url, brief(res, err), dialled)
			}
			return nil
		})
	}
}

// dialTeller notes what is dialled, and leads all of it to the loopback.
type dialTeller struct {
	w    *clientWorld
	told *string
}

func (d dialTeller) Listen(l *loop.Loop, network, address string) (stream.Listener, error) {
	return d.w.net.Listen(l, network, address)
}

func (d dialTeller) Dial(co *loop.Co, network, address string) (stream.Transport, error) {
	*d.told = address
	return d.w.net.Dial(co, network, "127.0.0.1:"+address[strings.LastIndex(address, ":")+1:])
}

// An error names the URL, also one that is none, and never a password in it.
func TestClientErrorURL(t *testing.T) {
	for _, tt := range []struct{ url, want string }{
		{"http://me:geheim@127.0.0.1:9/x#y", "http1: GET http://me:xxxxx@127.0.0.1:9/x#y: request: "},
		{"ftp://127.0.0.1/x", "http1: GET ftp://127.0.0.1/x: request: "},
		{"http://me:geheim@127.0.0.1:port/", `http1: GET "...@127.0.0.1:port/": request: `},
		{"http://me:geheim\n@127.0.0.1/", `http1: GET "...@127.0.0.1/": request: `},
		{"http://127.0.0.1/\nx", `http1: GET "http://127.0.0.1/\nx": request: `},
		{"", "http1: GET : request: "},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			std := &http1.StdClient{}
			for i, ask := range []http1.Fetcher{w.client, std} {
				_, err := loop.Await(co, ask.Fetch(co, &http1.ClientRequest{URL: tt.url, Body: []byte("GET has none")}))
				if i == 0 && (err == nil || !strings.HasPrefix(err.Error(), tt.want)) || strings.Contains(err.Error(), "geheim") {
					t.Errorf("%T: %v, want %s", ask, err, tt.want)
				}
				_, err = loop.Await(co, ask.Fetch(co, &http1.ClientRequest{Method: "POST", URL: tt.url, Proxy: "http://me:geheim@a:b"}))
				if err == nil || strings.Contains(err.Error(), "geheim") {
					t.Errorf("%T, with a proxy: %v", ask, err)
				}
			}
			return nil
		})
	}
}

// What a jar has for each host. Quotes belong to a value: a server that has set it with
// them wants it back with them (RFC 6265, 5.2).
func TestClientCookieForms(t *testing.T) {
	for _, tt := range []struct{ set, same, other, secure string }{
		{"a=b", "a=b", "", "a=b"},
		{`a="b c"`, `a="b c"`, "", `a="b c"`},
		{"a=b; Domain=site.test", "a=b", "a=b", "a=b"},
		{"a=b; Domain=b.test", "", "", ""},
		{"a=b; Domain=test", "", "", ""},
		{"a=b; Secure", "", "", ""}, // set without TLS
		{"a=b; Max-Age=0", "", "", ""},
		{"a=b; Path=/elsewhere", "", "", ""},
		{"nonsense", "", "", ""},
	} {
		jar, err := cookiejar.New(&cookiejar.Options{PublicSuffixList: testSuffix{}})
		if err != nil {
			t.Fatal(err)
		}
		hosts := nameOfHosts()
		hosts["a.site.test"], hosts["b.site.test"] = hosts["a.test"], hosts["a.test"]
		withClient(t, &http1.Client{Jar: jar}, func(co *loop.Co, w *clientWorld) error {
			w.client.Dialer = &stream.Dialer{Network: w.net, Resolver: stream.MapResolver{Hosts: hosts}}
			w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
				if n == 1 {
					if _, err := p.head(co); err != nil {
						return err
					}
					p.say("HTTP/1.1 204 OK|Set-Cookie: " + tt.set + "||")
				}
				return asked("Cookie")(co, p, n)
			})
			if _, err := w.client.Get(co, "http://a.site.test/"); err != nil {
				return err
			}
			for host, want := range map[string]string{"a.site.test": tt.same, "b.site.test": tt.other, "b.test": ""} {
				res, err := w.client.Get(co, "http://"+host+"/")
				if err != nil {
					return err
				}
				if _, got, _ := strings.Cut(strings.TrimPrefix(string(res.Body), "GET /|"), "|"); got != want {
					t.Errorf("%s, at %s: %q, want %q", tt.set, host, got, want)
				}
			}
			return nil
		})
	}
}

// testSuffix has "test" as a public suffix.
type testSuffix struct{}

func (testSuffix) PublicSuffix(string) string { return "test" }
func (testSuffix) String() string             { return "test" }

// A SOCKS5 proxy that wants no password gets none, also where one is at hand; and what is
// no SOCKS5, or no more of it, is an error that says so.
func TestClientSocksOdd(t *testing.T) {
	const me, nobody, fine = "socks5://me:pw@127.0.0.1", "socks5://127.0.0.1", "\x05\x00\x00\x01\x00\x00\x00\x00\x00\x00"
	for _, tt := range []struct {
		proxy, choice, reply string
		want                 string
	}{
		{me, "\x05\x00", fine, `200 "ok"`},
		{nobody, "\x05\x02", fine, "authentication"},
		{me, "\x05\x01", fine, "authentication"},
		{nobody, "\x05\xff", fine, "authentication"},
		{nobody, "HTTP/1.1 400 No", fine, "does not speak SOCKS5"},
		{nobody, "\x05\x00", "\x05\x00\x00\x07\x00\x00\x00\x00\x00\x00", "address of type 7"},
		{nobody, "\x05\x00", "\x05\x02\x00\x01\x00\x00\x00\x00\x00\x00", "not allowed"},
		{nobody, "\x05\x00", "\x05\x63\x00\x01\x00\x00\x00\x00\x00\x00", "reply 99"},
		{nobody, "\x05\x00", "\x04\x00\x00\x01\x00\x00\x00\x00\x00\x00", "refused"},
		{nobody, "\x05\x00", fine[:7] + "<end>", "closed the connection"},
		{nobody, "\x05<end>", "", "closed the connection"},
		{nobody, "\x05", "", "timed out"},
		{nobody, "\x05\x00", "\x05\x00\x00\x03", "timed out"},
	} {
		withClient(t, proxied(tt.proxy), func(co *loop.Co, w *clientWorld) error {
			w.script(co, "127.0.0.1:1080", func(co *loop.Co, p peer, _ int) error {
				for _, step := range []string{tt.choice, tt.reply} {
					if _, err := loop.Await(co, p.ReadSome(100)); err != nil {
						return err
					}
					text, end := strings.CutSuffix(step, "<end>")
					p.Write([]byte(text))
					if end {
						p.Close()
						return nil
					}
				}
				if _, err := p.head(co); err == nil {
					p.say("HTTP/1.1 200 OK|Content-Length: 2||ok")
				}
				return loop.Sleep(co, time.Hour)
			})
			res, err := w.client.Get(co, "http://a.test/")
			var ce *http1.ClientError
			if got := brief(res, err); !strings.Contains(got, tt.want) || err != nil && (!errors.As(err, &ce) || ce.Phase != http1.PhaseProxy) {
				t.Errorf("%q, %q: %s, want %s", tt.choice, tt.reply, got, tt.want)
			}
			if err != nil {
				settle(co)
				if s := w.client.Stats(); s != (http1.ClientStats{}) {
					t.Errorf("%q, %q: %+v", tt.choice, tt.reply, s)
				}
			}
			return nil
		})
	}
}

// A CONNECT proxy that does not make a tunnel, or only half of one.
func TestClientConnectProxyOdd(t *testing.T) {
	for _, tt := range []struct{ say, want string }{
		{"HTTP/1.1 407 Who|Proxy-Authenticate: Basic realm=x|Content-Length: 3||no!", "refused by the proxy: 407 Who"},
		{"HTTP/1.1 502||", "refused by the proxy: 502"},
		{"HTTP/1.1 302 Found|Location: http://a.test/||", "refused by the proxy: 302"},
		{"HTTP/1.1 101 Switching Protocols|Upgrade: x|Connection: upgrade||", "refused by the proxy: 101"},
		{"HTTP/1.1 200 OK<end>", "closed the connection"},
		{"HTTP/1.1 200 OK|A: b<reset>", "closed the connection"},
		{"SSH-2.0-x||", "not version and status"},
		{strings.Repeat("HTTP/1.1 100 X||", 65), "more than 64"},
		{"HTTP/1.1 200 OK|A: " + strings.Repeat("x", 100_000), "no end within"},
		{"HTTP/1.1 200 OK||not TLS", "before it was asked"},
		{"HTTP/1.1 200 OK|A: b", "timed out"},
	} {
		withClient(t, proxied("http://127.0.0.1:3128"), func(co *loop.Co, w *clientWorld) error {
			w.script(co, "127.0.0.1:3128", func(co *loop.Co, p peer, _ int) error {
				if _, err := p.head(co); err != nil {
					return err
				}
				text, end := strings.CutSuffix(tt.say, "<end>")
				text, reset := strings.CutSuffix(text, "<reset>")
				p.say(text)
				switch {
				case end:
					p.Close()
				case reset:
					settle(co)
					p.Abort()
				}
				return nil
			})
			_, err := w.client.Get(co, "https://a.test/")
			var ce *http1.ClientError
			if !errors.As(err, &ce) || ce.Phase != http1.PhaseProxy || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%.60s: %v, want %s", tt.say, err, tt.want)
			}
			settle(co)
			if s := w.client.Stats(); s != (http1.ClientStats{}) || len(w.net.Conns()) > 0 {
				t.Errorf("%.60s: %+v, and %d connections", tt.say, s, len(w.net.Conns()))
			}
			return nil
		})
	}
}

// The variables of the environment are read once for a process, so each case is one.
func TestProxyFromEnvironmentForms(t *testing.T) {
	if text := os.Getenv("ZONDA_TEST_PROXY_OF"); text != "" {
		for _, one := range strings.Fields(text) {
			u, err := url.Parse(one)
			if err != nil {
				t.Fatal(err)
			}
			p, err := http1.ProxyFromEnvironment(u)
			fmt.Printf("proxy of %s: %v %v\n", one, p, err)
		}
		return
	}
	for _, tt := range []struct{ env, ask, want string }{
		{"HTTP_PROXY=http://p:1 HTTPS_PROXY=socks5://q:2", "http://a.test https://a.test http://127.0.0.1 http://localhost", "http://p:1 socks5://q:2 <nil> <nil>"},
		{"http_proxy=p:1", "http://a.test https://a.test", "http://p:1 <nil>"},
		{"HTTP_PROXY=http://p:1 NO_PROXY=a.test,.b.test,10.0.0.0/8,c.test:81", "http://a.test http://x.a.test http://b.test http://x.b.test http://10.1.2.3 http://c.test:81 http://c.test",
			"<nil> <nil> http://p:1 <nil> <nil> <nil> http://p:1"},
		{"HTTP_PROXY=http://p:1 NO_PROXY=*", "http://a.test", "<nil>"},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestProxyFromEnvironmentForms$")
		cmd.Env = append(strings.Fields(tt.env), "ZONDA_TEST_PROXY_OF="+tt.ask)
		out, err := cmd.CombinedOutput()
		cancel()
		if err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		var got []string
		for line := range strings.Lines(string(out)) {
			if _, what, ok := strings.Cut(line, ": "); ok && strings.HasPrefix(line, "proxy of") {
				got = append(got, strings.TrimSuffix(strings.TrimSpace(what), " <nil>"))
			}
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%s: %s, want %s", tt.env, got, tt.want)
		}
	}
}
