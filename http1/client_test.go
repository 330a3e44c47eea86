package http1_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http/cookiejar"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A GET, and two more on the same connection.
func TestClientGet(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, site.Serve).Close()
		for i := range 3 {
			res, err := w.client.Get(co, urlOf("/"))
			if err != nil {
				return err
			}
			if got := brief(res, err); got != `200 "hello"` || res.Reused != (i > 0) {
				t.Errorf("got %s, reused: %v", got, res.Reused)
			}
			if s := w.client.Stats(); s != (http1.ClientStats{Open: 1, Idle: 1, Hosts: 1}) {
				t.Errorf("%+v", s)
			}
		}
		return nil
	})
}

// What is sent for a request, to the byte.
func TestClientRequestOnTheWire(t *testing.T) {
	fields := func(names ...string) (h http1.Header) {
		for i := 0; i < len(names); i += 2 {
			h.Add(names[i], names[i+1])
		}
		return h
	}
	const plain = "User-Agent: zonda|Accept-Encoding: gzip, deflate|"
	for _, tt := range []struct {
		name string
		req  http1.ClientRequest
		want string
	}{
		{"get", http1.ClientRequest{}, "GET / HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"no path, query", http1.ClientRequest{URL: "HTTP://127.0.0.1?a=b c"}, "GET /?a=b%20c HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"fragment", http1.ClientRequest{URL: urlOf("/a#b")}, "GET /a HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"not ASCII", http1.ClientRequest{URL: urlOf("/é?ü")}, "GET /%C3%A9?%C3%BC HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"standard port", http1.ClientRequest{URL: "http://127.0.0.1:80/"}, "GET / HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"head", http1.ClientRequest{Method: "HEAD"}, "HEAD / HTTP/1.1|Host: 127.0.0.1|" + plain + "|"},
		{"body", http1.ClientRequest{Method: "POST", Body: []byte("é")}, "POST / HTTP/1.1|Host: 127.0.0.1|" + plain + "Content-Length: 2||é"},
		{"empty body", http1.ClientRequest{Method: "PUT"}, "PUT / HTTP/1.1|Host: 127.0.0.1|" + plain + "Content-Length: 0||"},
		{"other method", http1.ClientRequest{Method: "OTHER", Body: []byte("x")}, "OTHER / HTTP/1.1|Host: 127.0.0.1|" + plain + "Content-Length: 1||x"},
		{"nonstandard", http1.ClientRequest{Method: "DELETE", Body: []byte("x"), Nonstandard: true}, "DELETE / HTTP/1.1|Host: 127.0.0.1|" + plain + "Content-Length: 1||x"},
		{"fields of one's own", http1.ClientRequest{Header: fields("Host", "other", "user-agent", "me", "X", "1", "x", "2", "Content-Length", "7", "Connection", "close", "Transfer-Encoding", "chunked")},
			"GET / HTTP/1.1|Host: other|user-agent: me|X: 1|x: 2|Accept-Encoding: gzip, deflate|Connection: close||"},
		{"accept encoding", http1.ClientRequest{Header: fields("Accept-Encoding", "br")}, "GET / HTTP/1.1|Host: 127.0.0.1|Accept-Encoding: br|User-Agent: zonda||"},
		{"raw", http1.ClientRequest{Raw: true}, "GET / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda||"},
		{"latin 1", http1.ClientRequest{Raw: true, Header: fields("X", "\xe9")}, "GET / HTTP/1.1|Host: 127.0.0.1|X: \xe9|User-Agent: zonda||"},
		{"since", http1.ClientRequest{Raw: true, IfModifiedSince: time.Date(2000, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))},
			"GET / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda|If-Modified-Since: Sun, 02 Jan 2000 02:04:05 GMT||"},
		{"basic", http1.ClientRequest{Raw: true, User: "Aladdin", Password: "open sesame"}, "GET / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda|Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==||"},
		{"basic in the URL", http1.ClientRequest{Raw: true, URL: "http://me:s%40cret@127.0.0.1/"}, "GET / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda|Authorization: Basic bWU6c0BjcmV0||"},
		{"basic not ASCII", http1.ClientRequest{Raw: true, User: "ü", Password: "é"}, "GET / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda|Authorization: Basic w7w6w6k=||"},
		{"expect", http1.ClientRequest{Raw: true, Method: "POST", Body: []byte("x"), Expect100: true}, "POST / HTTP/1.1|Host: 127.0.0.1|User-Agent: zonda|Content-Length: 1|Expect: 100-continue||"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
					settle(co)
					if got := story(p.Buffered()); got != tt.want {
						t.Errorf("\n got %s\nwant %s", got, tt.want)
					}
					p.say("HTTP/1.1 204 No Content||")
					return nil
				})
				if tt.req.URL == "" {
					tt.req.URL = urlOf("/")
				}
				before := tt.req.Header.Len()
				_, err := w.client.Do(co, &tt.req)
				if tt.req.Header.Len() != before {
					t.Error("the caller's header has changed")
				}
				return err
			})
		})
	}
}

// What cannot be sent is refused before anything is.
func TestClientRequestRefused(t *testing.T) {
	field := func(name, value string) (h http1.Header) {
		h.Add(name, value)
		return h
	}
	for _, tt := range []struct {
		name string
		req  http1.ClientRequest
	}{
		{"no URL", http1.ClientRequest{URL: " "}},
		{"relative", http1.ClientRequest{URL: "/a"}},
		{"scheme", http1.ClientRequest{URL: "ftp://127.0.0.1/"}},
		{"no host", http1.ClientRequest{URL: "http:///a"}},
		{"port", http1.ClientRequest{URL: "http://127.0.0.1:70000/"}},
		{"port 0", http1.ClientRequest{URL: "http://127.0.0.1:0/"}},
		{"host not ASCII", http1.ClientRequest{URL: "http://bücher.example/"}},
		{"control byte", http1.ClientRequest{URL: "http://127.0.0.1/\n"}},
		{"method", http1.ClientRequest{Method: "G T"}},
		{"connect", http1.ClientRequest{Method: "CONNECT"}},
		{"line break in a value", http1.ClientRequest{Header: field("a", "b\r\nc: d")}},
		{"line break in a name", http1.ClientRequest{Header: field("a\r\nb", "c")}},
		{"no name", http1.ClientRequest{Header: field("", "c")}},
		{"get with a body", http1.ClientRequest{Body: []byte("x")}},
		{"options with a body", http1.ClientRequest{Method: "OPTIONS", Body: []byte("x")}},
		{"delete with a body", http1.ClientRequest{Method: "DELETE", Reader: strings.NewReader("x")}},
		{"two bodies", http1.ClientRequest{Method: "POST", Body: []byte("x"), Reader: strings.NewReader("x")}},
		{"length", http1.ClientRequest{Method: "POST", Reader: strings.NewReader("x"), BodyLength: -1}},
		{"user with a colon", http1.ClientRequest{User: "a:b"}},
		{"proxy", http1.ClientRequest{Proxy: "gopher://a"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(*loop.Co, peer, int) error {
					t.Error("there is a connection")
					return nil
				})
				if tt.req.URL == "" {
					tt.req.URL = urlOf("/")
				}
				_, err := w.client.Do(co, &tt.req)
				var ce *http1.ClientError
				if !errors.Is(err, http1.ErrBadRequest) || !errors.As(err, &ce) || ce.Phase != http1.PhaseRequest {
					t.Errorf("error %v", err)
				}
				return nil
			})
		})
	}
}

// What comes of a response, and whether the connection is used again.
func TestClientResponses(t *testing.T) {
	for _, tt := range []struct {
		name, method, say string
		want              string
		idle              int
	}{
		{"length", "GET", "HTTP/1.1 200 OK|Content-Length: 5||hello", `200 "hello"`, 1},
		{"equal lengths", "GET", "HTTP/1.1 200 OK|Content-Length: 2, 2||ab", `200 "ab"`, 1},
		{"chunked", "GET", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||4|asdf|4;x=y|qwer|0||", `200 "asdfqwer"`, 1},
		{"chunked, then the end", "GET", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||4|asdf|0||<end>", `200 "asdf"`, 0},
		{"until close", "GET", "HTTP/1.1 200 OK||hello<end>", `200 "hello"`, 0},
		{"1.0", "GET", "HTTP/1.0 200 OK|Content-Length: 2||ab", `200 "ab"`, 0},
		{"1.0 keep-alive", "GET", "HTTP/1.0 200 OK|Content-Length: 2|Connection: keep-alive||ab", `200 "ab"`, 1},
		{"close", "GET", "HTTP/1.1 200 OK|Content-Length: 2|Connection: close||ab", `200 "ab"`, 0},
		{"head", "HEAD", "HTTP/1.1 200 OK|Content-Length: 7||", `200 ""`, 1},
		{"no content", "GET", "HTTP/1.1 204 No Content||", `204 ""`, 1},
		{"no content of no bytes", "GET", "HTTP/1.1 204 No Content|Content-Length: 0||", `204 ""`, 1},
		{"nothing", "GET", "HTTP/1.1 200 OK|Content-Length: 0||", `200 ""`, 1},
		{"not modified with a length", "GET", "HTTP/1.1 304 Not Modified|Content-Length: 42||", "http1: 304 Not Modified: GET http://127.0.0.1/", 1},
		{"interim", "GET", "HTTP/1.1 100 Continue||HTTP/1.1 103 Early Hints|Link: a||HTTP/1.1 200 OK|Content-Length: 2||ab", `200 "ab"`, 1},
		{"no reason", "GET", "HTTP/1.1 200|Content-Length: 2||ab", `200 "ab"`, 1},
		{"custom reason", "GET", "HTTP/1.1 404 Who Knows|Content-Length: 2||ab", "http1: 404 Who Knows: GET http://127.0.0.1/", 1},
		{"status beyond 599", "GET", "HTTP/1.1 799 X|Content-Length: 0||", "http1: 799 X: GET http://127.0.0.1/", 1},
		{"redirect to nowhere", "GET", "HTTP/1.1 301 Moved|Content-Length: 0||", "http1: 301 Moved: GET http://127.0.0.1/", 1},
		{"unauthorized", "GET", "HTTP/1.1 401 No|WWW-Authenticate: Basic realm=a|Content-Length: 0||", "http1: 401 No: GET http://127.0.0.1/", 1},
	} {
		t.Run(tt.name, func(t *testing.T) {
			for _, cut := range []bool{false, true} {
				withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
					w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
						if _, err := p.head(co); err != nil {
							return err
						}
						text, end := strings.CutSuffix(tt.say, "<end>")
						if sent := wire(text); cut {
							for i := range len(sent) {
								p.Write([]byte(sent[i : i+1]))
								settle(co)
							}
						} else {
							p.Write([]byte(sent))
						}
						if end {
							p.Close()
						}
						return nil
					})
					res, err := w.client.Do(co, &http1.ClientRequest{Method: tt.method, URL: urlOf("/")})
					if got := brief(res, err); got != tt.want {
						t.Errorf("got %s, want %s", got, tt.want)
					}
					settle(co)
					settle(co) // the server may be about to close
					if n := w.client.Stats().Idle; n != tt.idle {
						t.Errorf("%d idle connections, want %d", n, tt.idle)
					}
					return nil
				})
			}
		})
	}
}

// What a response tells besides its body.
func TestClientResponseDetails(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			_ = loop.Sleep(co, time.Second)
			p.say("HTTP/1.1 200 Fine|A: 1|a: 2|Folded: x|  y|Set-Cookie: k=v; Path=/|Transfer-Encoding: chunked||")
			_ = loop.Sleep(co, time.Second)
			p.say("2|ab|0|T: 3||")
			return nil
		})
		var early string
		req := &http1.ClientRequest{URL: "http://me:secret@127.0.0.1:80/x?y#z", OnHeader: func(r *http1.Response) {
			early = r.Header.Get("A") + string(r.Body)
		}}
		began := co.Loop().Now()
		res, err := w.client.Do(co, req)
		if err != nil {
			return err
		}
		if early != "1" {
			t.Errorf("OnHeader saw %q", early)
		}
		if v := res.Header.Values("A"); len(v) != 2 || res.Header.Get("folded") != "x    y" || res.Trailer.Get("t") != "3" {
			t.Errorf("fields %v, %q, trailer %q", v, res.Header.Get("folded"), res.Trailer.Get("t"))
		}
		if c := res.Cookies(); len(c) != 1 || c[0].Name != "k" {
			t.Errorf("cookies %v", c)
		}
		if res.Reason != "Fine" || res.Minor != 1 || res.ContentLength != -1 || res.Request != req || res.TLS != nil {
			t.Errorf("%+v", res)
		}
		if s := res.URL.String(); s != "http://127.0.0.1:80/x?y" {
			t.Errorf("URL %s", s)
		}
		if s := res.String(); s != "Response(200 Fine, GET http://127.0.0.1:80/x?y, 2 bytes)" {
			t.Error(s)
		}
		tm := res.Timing
		if !tm.Start.Equal(began) || tm.FirstByte < time.Second || tm.FirstByte >= 2*time.Second || tm.Total < 2*time.Second {
			t.Errorf("%+v", tm)
		}
		return nil
	})
}

// A status other than 2xx is an error that has the response, unless told otherwise.
func TestClientStatusError(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers("HTTP/1.1 403 Forbidden|Content-Length: 2||no", "HTTP/1.1 403 Forbidden|Content-Length: 2||no", "HTTP/1.1 403 Forbidden|Content-Length: 2||no"))
		_, err := w.client.Get(co, urlOf("/"))
		var se *http1.StatusError
		if !errors.As(err, &se) || se.Response.Status != 403 || string(se.Response.Body) != "no" {
			t.Errorf("%v", err)
		}
		var he *http1.HTTPError
		if errors.As(err, &he) {
			t.Error("a handler that returns it would answer with somebody else's status")
		}
		if _, err = w.client.Open(co, &http1.ClientRequest{URL: urlOf("/")}); !errors.As(err, &se) || string(se.Response.Body) != "no" {
			t.Errorf("of Open: %v", err)
		}
		res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), AnyStatus: true})
		if got := brief(res, err); got != `403 "no"` {
			t.Error(got)
		}
		// A request can be used again.
		w.script(co, "127.0.0.1:81", answers("HTTP/1.1 200 OK|Content-Length: 2||ab"))
		again := *res.Request
		again.URL = "http://127.0.0.1:81/"
		res, err = w.client.Do(co, &again)
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		return nil
	})
}

// Phases that take too long, each with its own error.
func TestClientTimeouts(t *testing.T) {
	never := -time.Second
	silent := func(co *loop.Co, p peer, _ int) error { return loop.Sleep(co, 24*time.Hour) }
	half := func(co *loop.Co, p peer, _ int) error {
		p.say("HTTP/1.1 200 OK|Content-Length: 10||half")
		return loop.Sleep(co, 24*time.Hour)
	}
	slowConnect := looptest.Faults{Connect: looptest.Span{Min: time.Hour}}
	for _, tt := range []struct {
		name   string
		t      http1.Timeouts
		faults looptest.Faults
		server func(co *loop.Co, p peer, n int) error
		url    string
		phase  string
		takes  time.Duration
	}{
		{"default connect", http1.Timeouts{Whole: never}, slowConnect, silent, "", http1.PhaseConnect, 20 * time.Second},
		{"connect", http1.Timeouts{Connect: time.Second}, slowConnect, silent, "", http1.PhaseConnect, time.Second},
		{"connect within the whole", http1.Timeouts{Whole: time.Second}, slowConnect, silent, "", http1.PhaseConnect, time.Second},
		{"default tls", http1.Timeouts{Whole: never}, looptest.Faults{}, silent, "https://127.0.0.1:80/", http1.PhaseTLS, 10 * time.Second},
		{"tls", http1.Timeouts{TLS: time.Second}, looptest.Faults{}, silent, "https://127.0.0.1:80/", http1.PhaseTLS, time.Second},
		{"first byte", http1.Timeouts{FirstByte: time.Second}, looptest.Faults{}, silent, "", http1.PhaseResponse, time.Second},
		{"default whole", http1.Timeouts{}, looptest.Faults{}, silent, "", http1.PhaseResponse, 20 * time.Second},
		{"whole in the body", http1.Timeouts{Whole: time.Second, FirstByte: time.Millisecond}, looptest.Faults{}, half, "", http1.PhaseBody, time.Second},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.net.Faults = tt.faults
				w.script(co, hostA, tt.server)
				url := urlOf("/")
				if tt.url != "" {
					url = tt.url
				}
				began := co.Loop().Now()
				_, err := w.client.Do(co, &http1.ClientRequest{URL: url, Timeouts: &tt.t})
				took := co.Loop().Now().Sub(began)
				var ce *http1.ClientError
				if !errors.As(err, &ce) || ce.Phase != tt.phase || !ce.Timeout() || took < tt.takes || took > tt.takes+time.Millisecond {
					t.Errorf("after %v: %v", took, err)
				}
				if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
					t.Errorf("%v is not the error of a deadline", err)
				}
				if s := w.client.Stats(); s != (http1.ClientStats{}) {
					t.Errorf("%+v", s)
				}
				return nil
			})
		})
	}
}

// Without limits a request lasts as long as it takes.
func TestClientNoTimeout(t *testing.T) {
	withClient(t, &http1.Client{Timeouts: http1.Timeouts{Whole: -1, Connect: -1}}, func(co *loop.Co, w *clientWorld) error {
		w.net.Faults.Connect = looptest.Span{Min: time.Hour}
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			_ = loop.Sleep(co, 24*time.Hour)
			p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
			return nil
		})
		res, err := w.client.Get(co, urlOf("/"))
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		return nil
	})
}

// Errors of connecting say what std's do.
func TestClientConnectErrors(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		_, err := w.client.Get(co, "http://127.0.0.1:9/")
		if !errors.Is(err, syscall.ECONNREFUSED) || !strings.Contains(err.Error(), "connection refused") || !strings.Contains(err.Error(), "127.0.0.1:9") {
			t.Errorf("refused: %v", err)
		}
		_, err = w.client.Get(co, "http://nowhere.test/")
		var ce *http1.ClientError
		if !errors.As(err, &ce) || ce.Phase != http1.PhaseConnect || !strings.Contains(err.Error(), "lookup") {
			t.Errorf("no such host: %v", err)
		}
		return nil
	})
}

// Names mean what the resolver says (Tornado's hostname_mapping), and the source address
// is the dialer's.
func TestClientDialer(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			_, err := rw.WriteString(r.Host + " " + r.RemoteAddr.Addr().String())
			return err
		}).Close()
		w.net.Host("10.0.0.1")
		d := *w.client.Dialer
		d.LocalAddr = localAddr
		other := &http1.Client{Dialer: &d}
		defer other.Close()
		res, err := other.Get(co, "http://A.test/")
		if got := brief(res, err); got != `200 "A.test 10.0.0.1"` {
			t.Error(got)
		}
		return nil
	})
}

// IPv6, by address and by name; a Dialer with an IPv4 address of its own does not use it
// (A41).
func TestClientIPv6(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, "[::1]:8080", func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			_, err := rw.WriteString(r.Host)
			return err
		}).Close()
		for _, host := range []string{"[::1]:8080", "six.test:8080"} {
			res, err := w.client.Get(co, "http://"+host+"/")
			if err != nil || string(res.Body) != host {
				t.Errorf("%s", brief(res, err))
			}
		}
		w.net.Host("10.0.0.1")
		d := *w.client.Dialer
		d.LocalAddr = localAddr
		other := &http1.Client{Dialer: &d}
		defer other.Close()
		if _, err := other.Get(co, "http://six.test:8080/"); err == nil {
			t.Error("IPv6 from an IPv4 address")
		}
		return nil
	})
}

// The head of a response has a limit of its own (A55).
func TestClientMaxHead(t *testing.T) {
	for _, limit := range []int{0, 1000, 200_000} {
		withClient(t, &http1.Client{MaxHead: limit}, func(co *loop.Co, w *clientWorld) error {
			w.script(co, hostA, answers("HTTP/1.1 200 OK|A: "+strings.Repeat("x", 100_000)+"|Content-Length: 0||"))
			_, err := w.client.Get(co, urlOf("/"))
			if (err == nil) != (limit == 200_000) || err != nil && !strings.Contains(err.Error(), "longer than its limit") {
				t.Errorf("limit %d: %v", limit, err)
			}
			return nil
		})
	}
}

// Cookies come and go with a jar.
func TestClientCookies(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	withClient(t, &http1.Client{Jar: jar}, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			if r.Path() == "/set" {
				rw.Header().Add("Set-Cookie", "a=1; Path=/")
				rw.Header().Add("Set-Cookie", "b=2; Path=/")
				rw.Header().Set("Location", "/get")
				rw.SetStatus(302)
				return nil
			}
			_, err := rw.WriteString(strings.Join(r.Header.Values("Cookie"), "|"))
			return err
		}).Close()
		res, err := w.client.Get(co, "http://a.test/set")
		if got := brief(res, err); got != `200 "a=1; b=2"` {
			t.Error(got)
		}
		req := &http1.ClientRequest{URL: "http://a.test/get"}
		req.Header.Set("Cookie", "own=3")
		res, err = w.client.Do(co, req)
		if got := brief(res, err); got != `200 "own=3; a=1; b=2"` {
			t.Error(got)
		}
		res, err = w.client.Get(co, "http://b.test/get")
		if got := brief(res, err); got != `200 ""` {
			t.Errorf("another host got %s", got)
		}
		return nil
	})
}

// A range, and a resource that has not changed.
func TestClientRange(t *testing.T) {
	for _, tt := range []struct {
		first, last int64
		want        string
	}{{0, 9, "bytes=0-9"}, {10, -1, "bytes=10-"}, {-5, 0, "bytes=-5"}} {
		r := &http1.ClientRequest{}
		r.SetRange(tt.first, tt.last)
		if got := r.Header.Get("Range"); got != tt.want {
			t.Errorf("%q, want %q", got, tt.want)
		}
	}
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers("HTTP/1.1 206 Partial Content|Content-Range: bytes 1-2/4|Content-Encoding: gzip|Content-Length: 2||bc"))
		r := &http1.ClientRequest{URL: urlOf("/")}
		r.SetRange(1, 2)
		res, err := w.client.Do(co, r)
		if got := brief(res, err); got != `206 "bc"` || res.Decoded {
			t.Error(got)
		}
		return nil
	})
}

// A client lives on one loop, and once it is closed it does nothing.
func TestClientLifetime(t *testing.T) {
	c := &http1.Client{}
	withClient(t, c, func(co *loop.Co, w *clientWorld) error {
		defer w.serve(co, hostA, site.Serve).Close()
		if _, err := c.Get(co, urlOf("/")); err != nil {
			return err
		}
		f := c.Fetch(co, &http1.ClientRequest{URL: urlOf("/sleep")})
		o, err := c.Open(co, &http1.ClientRequest{URL: urlOf("/stream")})
		if err != nil {
			return err
		}
		settle(co)
		c.Close()
		if _, err := loop.Await(co, f); !errors.Is(err, http1.ErrClientClosed) {
			t.Errorf("under way: %v", err)
		}
		if _, err := io.ReadAll(o.Stream); !errors.Is(err, http1.ErrClientClosed) {
			t.Errorf("a body: %v", err)
		}
		if _, err := c.Get(co, urlOf("/")); !errors.Is(err, http1.ErrClientClosed) {
			t.Errorf("afterwards: %v", err)
		}
		c.Close()
		c.CloseIdle()
		unused := &http1.Client{}
		unused.Close()
		if _, err := unused.Get(co, urlOf("/")); !errors.Is(err, http1.ErrClientClosed) {
			t.Errorf("closed before use: %v", err)
		}
		return nil
	})
	looptest.Run(t, func(co *loop.Co) error {
		if _, err := c.Get(co, urlOf("/")); !errors.Is(err, http1.ErrClientLoop) {
			t.Errorf("on another loop: %v", err)
		}
		return nil
	})
}

// The end of the loop is the client's.
func TestClientLoopCloses(t *testing.T) {
	n := &looptest.Network{}
	l := looptest.New(t)
	c := &http1.Client{Dialer: &stream.Dialer{Network: n}}
	srv := &http1.Server{Handler: site, Network: n}
	if _, err := srv.Listen(l, hostA); err != nil {
		t.Fatal(err)
	}
	_, err := loop.RunSync(l, func(co *loop.Co) (struct{}, error) {
		_, err := c.Get(co, urlOf("/"))
		return struct{}{}, err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if got := n.Conns(); len(got) > 0 {
		t.Errorf("%d connections are left", len(got))
	}
}

// One call after another lies in the same memory. None finds anything of the ones before:
// neither their time limits, nor their redirects, nor their times.
func TestClientCallsOneAfterAnother(t *testing.T) {
	withClient(t, &http1.Client{Timeouts: http1.Timeouts{Whole: 3 * time.Second, FirstByte: 2 * time.Second}}, func(co *loop.Co, w *clientWorld) error {
		w.serve(co, hostA, func(co *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			if r.Path() == "/there" {
				return rw.Redirect(r, "/here", 302)
			}
			_, err := rw.WriteString(r.Path())
			return cmp.Or(err, loop.Sleep(co, 1800*time.Millisecond))
		})
		var kept []*http1.Response
		for i := range 6 {
			path := []string{"/there", "/here", "/missing"}[i%3]
			res, err := w.client.Get(co, urlOf(path))
			if err != nil {
				return err
			}
			kept = append(kept, res)
			if d := res.Timing.Total; d < 1800*time.Millisecond || d > 1900*time.Millisecond || res.Timing.FirstByte != d-res.Timing.Connect {
				t.Errorf("%d, %s: %+v", i, path, res.Timing)
			}
		}
		for i, res := range kept {
			path, redirects := []string{"/here", "/here", "/missing"}[i%3], []int{1, 0, 0}[i%3]
			if string(res.Body) != path || res.URL.Path != path || res.Redirects != redirects || res.Reused != (i > 0 || redirects > 0) {
				t.Errorf("%d: %v from %v after %d redirects, reused: %v", i, res, res.URL, res.Redirects, res.Reused)
			}
		}
		return nil
	})
}
