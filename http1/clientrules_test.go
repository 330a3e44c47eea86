package http1_test

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// The scheme is a part of the origin, also where host and port stay the same.
func TestClientSchemeIsOrigin(t *testing.T) {
	cert, options := selfSigned(t, "a.test")
	withClient(t, &http1.Client{TLS: options}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, "127.0.0.1:443", func(co *loop.Co, p peer, n int) error {
			if n == 1 {
				if _, err := p.head(co); err != nil {
					return err
				}
				p.say("HTTP/1.1 302 Found|Location: https://a.test:443/|Connection: close|Content-Length: 0||")
				return nil
			}
			server := stream.TLSOptions{Server: true, Config: &tls.Config{Certificates: []tls.Certificate{cert}}}
			if _, err := loop.Await(co, p.StartTLS(server)); err != nil {
				return err
			}
			return asked("Authorization", "Cookie")(co, p, n)
		})
		r := &http1.ClientRequest{URL: "http://a.test:443/", User: "me", Password: "pw"}
		r.Header.Set("Cookie", "a=b")
		res, err := w.client.Do(co, r)
		if got := brief(res, err); got != `200 "GET /|a.test"` {
			t.Error(got)
		}
		return nil
	})
}

// Of the fields that say who asks, and where: one of each, and only to whom it is meant
// for.
func TestClientOwnFields(t *testing.T) {
	for _, tt := range []struct{ name, url, proxy, field, want string }{
		{"user before Authorization", "http://me:pw@a.test/", "", "Authorization: own", "GET /|a.test|Basic bWU6cHc="},
		{"Authorization", "http://a.test/", "", "Authorization: own", "GET /|a.test|own"},
		{"Proxy-Authorization to a server", "http://a.test/", "", "Proxy-Authorization: own", "GET /|a.test"},
		{"Proxy-Authorization to a proxy", "http://a.test/", "http://127.0.0.1", "Proxy-Authorization: own", "GET http://a.test/|a.test|own"},
		{"the proxy's user before it", "http://a.test/", "http://me:pw@127.0.0.1", "Proxy-Authorization: own", "GET http://a.test/|a.test|Basic bWU6cHc="},
		{"Proxy-Authorization elsewhere", "http://a.test/away", "http://127.0.0.1", "Proxy-Authorization: own", "GET http://b.test/|b.test"},
		{"Host", "http://a.test/", "", "Host: own.test", "GET /|own.test"},
		{"Host in the same place", "http://a.test/here", "", "Host: own.test", "GET /|own.test"},
		{"Host elsewhere", "http://a.test/away", "", "Host: own.test", "GET /|b.test"},
		{"not the caller's: TE", "http://a.test/", "", "Transfer-Encoding: chunked", "GET /|a.test"},
		{"not the caller's: length", "http://a.test/", "", "Content-Length: 5", "GET /|a.test"},
		{"not the caller's: Upgrade", "http://a.test/", "", "Upgrade: x", "GET /|a.test"},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			name, value, _ := strings.Cut(tt.field, ": ")
			w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
				to := map[string]string{"/away": "http://b.test/", "/here": "/"}[tt.url[len("http://a.test"):]]
				if n == 1 && to != "" {
					if _, err := p.head(co); err != nil {
						return err
					}
					p.say("HTTP/1.1 302 Found|Content-Length: 0|Location: " + to + "||")
				}
				return asked("Authorization", "Proxy-Authorization", "Transfer-Encoding", "Content-Length", "Upgrade")(co, p, n)
			})
			r := &http1.ClientRequest{URL: tt.url, Proxy: tt.proxy}
			r.Header.Set(name, value)
			res, err := w.client.Do(co, r)
			if err != nil || string(res.Body) != tt.want {
				t.Errorf("%s: %s, want %s", tt.name, brief(res, err), tt.want)
			}
			return nil
		})
	}
}

// Who is cancelled just when a connection is free for it asks nothing on that, and the
// next one in the queue has it.
func TestClientCancelledWhenServed(t *testing.T) {
	withClient(t, &http1.Client{MaxPerHost: 1}, func(co *loop.Co, w *clientWorld) error {
		var paths []string
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			for {
				head, err := p.head(co)
				if err != nil {
					return err
				}
				paths = append(paths, strings.Fields(head)[1])
				_ = loop.Sleep(co, time.Second)
				p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
			}
		})
		scope, cancel := co.WithCancel()
		first := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/1"), OnHeader: func(*http1.Response) { cancel(nil) }})
		settle(co)
		second := loop.Go(scope, func(co *loop.Co) (*http1.Response, error) {
			return w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/2")})
		})
		third := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/3")})
		for i, f := range []*loop.Future[*http1.Response]{first, second, third} {
			res, err := loop.Await(co, f)
			if (err != nil) != (i == 1) || i == 2 && !res.Reused {
				t.Errorf("%d: %s", i+1, brief(res, err))
			}
		}
		if fmt.Sprint(paths) != "[/1 /3]" {
			t.Errorf("asked for %v", paths)
		}
		return nil
	})
}

// A connection that is given to the next in the queue, and on which the server then says
// something unasked, is not used: the request goes out on another one, once.
func TestClientResponseToNextInQueue(t *testing.T) {
	withClient(t, &http1.Client{MaxPerHost: 1}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			settle(co)
			p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Length: 1||%dHTTP/1.1 200 OK|Content-Length: 4||evil", n))
			return nil
		})
		var all []*loop.Future[*http1.Response]
		for range 4 {
			all = append(all, w.client.Fetch(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/")}))
		}
		for i, f := range all {
			res, err := loop.Await(co, f)
			if got := brief(res, err); got != fmt.Sprintf(`200 "%d"`, i+1) {
				t.Errorf("%d: %s", i+1, got)
			}
		}
		return nil
	})
}

// Of a host for which nobody waits any more, and to which there is no connection, nothing
// is left.
func TestClientForgetsHosts(t *testing.T) {
	withClient(t, &http1.Client{MaxConns: 1}, func(co *loop.Co, w *clientWorld) error {
		var page slowPage
		defer w.serve(co, hostA, page.serve).Close()
		first := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/")})
		settle(co)
		for i := range 3 {
			_, err := w.client.Do(co, &http1.ClientRequest{URL: fmt.Sprintf("http://127.0.0.1:8%d/", i+1), Timeouts: &http1.Timeouts{Queue: time.Millisecond}})
			if err == nil {
				t.Error("it did not wait")
			}
		}
		if s := w.client.Stats(); s != (http1.ClientStats{Open: 1, Hosts: 1}) {
			t.Errorf("%+v", s)
		}
		_, err := loop.Await(co, first)
		return err
	})
}

// MaxIdle is about connections that nobody waits for: the next in the queue gets one also
// where enough are idle.
func TestClientMaxIdleAndQueue(t *testing.T) {
	withClient(t, &http1.Client{MaxIdle: 1, MaxPerHost: 1}, func(co *loop.Co, w *clientWorld) error {
		var page slowPage
		defer w.serve(co, hostA, page.serve).Close()
		defer w.serve(co, "127.0.0.1:81", site.Serve).Close()
		if _, err := w.client.Get(co, "http://127.0.0.1:81/"); err != nil {
			return err
		}
		first := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/1")})
		second := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/2")})
		if _, err := loop.Await(co, first); err != nil {
			return err
		}
		res, err := loop.Await(co, second)
		if got := brief(res, err); got != `200 "/2"` || !res.Reused {
			t.Error(got)
		}
		return nil
	})
}

// A connection that is of no more use is closed also when bytes are in its way.
func TestClientClosesWithUnsentBody(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.net.Window = 1000
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			p.SetReadAhead(1)
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
			return loop.Sleep(co, time.Hour)
		})
		res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Body: make([]byte, 60_000)})
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		_ = loop.Sleep(co, time.Second)
		for _, c := range w.net.Conns() {
			t.Errorf("still there: %v", c)
		}
		return nil
	})
}

// As soon as the head of a response says that the body is not wanted, its maker stops; it
// is not begun where it has waited for 100. Until then both go on.
func TestClientUploadStopsAtHead(t *testing.T) {
	for _, tt := range []struct {
		status string
		expect bool
		writes int // before the rest of the response comes
	}{
		{"200 OK", false, 10},
		{"413 Too Large", false, 3},
		{"302 Found", false, 3},
		{"200 OK", true, 0},
		{"413 Too Large", true, 0},
	} {
		withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
			writes, seen := 0, 0
			w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
				if _, err := p.head(co); err != nil {
					return err
				}
				if !tt.expect {
					_ = loop.Sleep(co, 2500*time.Millisecond)
				}
				p.say("HTTP/1.1 " + tt.status + "|Content-Length: 2||")
				_ = loop.Sleep(co, 7*time.Second)
				seen = writes
				p.say("ab")
				return nil
			})
			res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), AnyStatus: true, Expect100: tt.expect,
				Producer: func(co *loop.Co, w *http1.BodyWriter) error {
					for {
						writes++
						if _, err := io.WriteString(w, "x"); err != nil {
							return err
						}
						if err := loop.Sleep(co, time.Second); err != nil {
							return err
						}
					}
				}})
			if got := brief(res, err); got != tt.status[:3]+` "ab"` || seen != tt.writes {
				t.Errorf("%s, expect %v: %s, written %d times, want %d", tt.status, tt.expect, got, seen, tt.writes)
			}
			return nil
		})
	}
}

// What is too large by its own account is not waited for.
func TestClientTooLargeAtOnce(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers("HTTP/1.1 200 OK|Content-Length: 1000000000||"))
		began := co.Loop().Now()
		_, err := w.client.Get(co, urlOf("/"))
		if took := co.Loop().Now().Sub(began); !errors.Is(err, http1.ErrResponseTooLarge) || took > time.Second {
			t.Errorf("after %v: %v", took, err)
		}
		return nil
	})
}

// Much that comes out of a few bytes does not keep the loop from others.
func TestClientDecodingTakesTurns(t *testing.T) {
	bomb := compressed("gzip", strings.Repeat("\x00", 20<<20))
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Encoding: gzip|Content-Length: %d||", len(bomb)))
			p.Write(bomb)
			return nil
		})
		turns := 0
		f := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/"), OnBody: func(*loop.Co, []byte) error { return nil }})
		for !f.Done() {
			if err := loop.Yield(co); err != nil {
				return err
			}
			turns++
		}
		if _, err := f.Result(); err != nil || turns < 40 {
			t.Errorf("others had %d turns, %v", turns, err)
		}
		return nil
	})
}

// What was asked before under the same URL does not decide about the next request.
func TestClientSameURL(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, asked("Connection", "Expect", "Authorization"))
		w.script(co, "127.0.0.1:3128", asked("Proxy-Authorization"))
		w.scriptOn(co, "unix", "/run/web", asked())
		field := func(name, value string) (h http1.Header) {
			h.Set(name, value)
			return h
		}
		options := &stream.TLSOptions{}
		for i, tt := range []struct {
			req    http1.ClientRequest
			want   string // "": refused
			reused bool
		}{
			{http1.ClientRequest{}, "GET /|a.test", false},
			{http1.ClientRequest{TLS: options}, "GET /|a.test", true}, // of no meaning for http
			{http1.ClientRequest{Expect100: true}, "GET /|a.test", true},
			{http1.ClientRequest{User: "me"}, "GET /|a.test|Basic bWU6", true},
			{http1.ClientRequest{Body: []byte("x")}, "", false},
			{http1.ClientRequest{Header: field("a", "b\n")}, "", false},
			{http1.ClientRequest{Method: "a b"}, "", false},
			{http1.ClientRequest{Proxy: "http://127.0.0.1:3128"}, "GET http://a.test/|a.test", false},
			{http1.ClientRequest{Proxy: "http://127.0.0.1:3128"}, "GET http://a.test/|a.test", true},
			{http1.ClientRequest{Proxy: "http://you:pw@127.0.0.1:3128"}, "GET http://a.test/|a.test|Basic eW91OnB3", false},
			{http1.ClientRequest{Unix: "/run/web"}, "GET /|a.test", false},
			{http1.ClientRequest{Header: field("Connection", "close")}, "GET /|a.test|close", true},
			{http1.ClientRequest{}, "GET /|a.test", false},
		} {
			tt.req.URL = "http://a.test/"
			res, err := w.client.Do(co, &tt.req)
			switch {
			case tt.want == "" && !errors.Is(err, http1.ErrBadRequest):
				t.Errorf("%d: %s", i, brief(res, err))
			case tt.want != "" && (err != nil || string(res.Body) != tt.want || res.Reused != tt.reused):
				t.Errorf("%d: %s, want %s, reused %v", i, brief(res, err), tt.want, tt.reused)
			}
		}
		return nil
	})
}

// A body that has been read cannot answer a challenge: nothing is sent in its place.
func TestClientDigestReader(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		n := 0
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			n++
			rw.SetStatus(401)
			rw.Header().Set("WWW-Authenticate", `Digest realm="r", nonce="n"`)
			_, err := io.Copy(io.Discard, r.Body)
			return err
		}).Close()
		_, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Reader: strings.NewReader("x"), User: "me", Digest: true})
		var se *http1.StatusError
		if !errors.As(err, &se) || se.Response.Status != 401 || n != 1 {
			t.Errorf("asked %d times: %v", n, err)
		}
		return nil
	})
}

// The timers of a request end with it, however it ends.
func TestClientLeavesNoTimers(t *testing.T) {
	hour := http1.Timeouts{Queue: time.Hour, FirstByte: time.Hour, Whole: time.Hour}
	withClient(t, &http1.Client{IdleTimeout: -1, Timeouts: hour}, func(co *loop.Co, w *clientWorld) error {
		const two = "|Content-Length: 2||ab"
		w.script(co, hostA, answers("HTTP/1.1 200 OK"+two, "HTTP/1.1 404 No"+two, "HTTP/1.1 200 OK"+two, "HTTP/1.1 302 X|Location: ftp://a"+two, "garbage||"))
		for i, want := range []bool{true, false, true, false, false} {
			settle(co)
			before := co.Loop().Stats().PendingTimers
			var err error
			if i == 2 {
				_, err = readThrough(co, w.client, &http1.ClientRequest{URL: urlOf("/")})
			} else {
				_, err = w.client.Get(co, urlOf("/"))
			}
			settle(co)
			if n := co.Loop().Stats().PendingTimers; n != before || (err == nil) != want {
				t.Errorf("%d: %d timers, before %d, %v", i, n, before, err)
			}
		}
		return nil
	})
}

// A maker of a body that fails when the response has begun does not spoil that: the
// server has made up its mind. The connection is of no more use.
func TestClientUploadFailsAfterHead(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say("HTTP/1.1 200 OK|Content-Length: 2||a")
			_ = loop.Sleep(co, 2*time.Second)
			p.say("b")
			return nil
		})
		res, err := w.client.Do(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/"), Producer: func(co *loop.Co, w *http1.BodyWriter) error {
			if err := loop.Sleep(co, time.Second); err != nil {
				return err
			}
			return errors.New("the disk is broken")
		}})
		if got := brief(res, err); got != `200 "ab"` {
			t.Error(got)
		}
		w.clean(co)
		return nil
	})
}
