package http1_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// a page that takes a second, and says how many are asked for at the same time.
type slowPage struct{ now, most int }

func (s *slowPage) serve(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	s.now++
	s.most = max(s.most, s.now)
	defer func() { s.now-- }()
	if err := loop.Sleep(co, time.Second); err != nil {
		return err
	}
	_, err := w.WriteString(r.Path())
	return err
}

// Two of four requests run, two wait, in their order (A34).
func TestClientLimits(t *testing.T) {
	for _, tt := range []struct {
		name   string
		client *http1.Client
		hosts  int
		most   int
	}{
		{"per host", &http1.Client{MaxPerHost: 2}, 1, 2},
		{"in total", &http1.Client{MaxConns: 2}, 3, 2},
		{"both", &http1.Client{MaxPerHost: 1, MaxConns: 2}, 3, 2},
		{"none", &http1.Client{MaxPerHost: -1, MaxConns: -1}, 1, 12},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, tt.client, func(co *loop.Co, w *clientWorld) error {
				var page slowPage
				for i := range tt.hosts {
					defer w.serve(co, fmt.Sprintf("127.0.0.1:%d", 80+i), page.serve).Close()
				}
				var order []int
				var all []*loop.Future[*http1.Response]
				for i := range 12 {
					f := w.client.Fetch(co, &http1.ClientRequest{URL: fmt.Sprintf("http://127.0.0.1:%d/%d", 80+i%tt.hosts, i)})
					f.OnDone(func(*loop.Future[*http1.Response]) { order = append(order, i/tt.most) })
					all = append(all, f)
				}
				settle(co)
				s := w.client.Stats()
				if s.Open != tt.most || s.Waiting != 12-tt.most {
					t.Errorf("%+v", s)
				}
				if _, err := loop.Await(co, loop.All(co.Loop(), all...)); err != nil {
					return err
				}
				settle(co)
				if page.most != tt.most || !slices.IsSorted(order) {
					t.Errorf("at most %d at a time, in batches %v", page.most, order)
				}
				return nil
			})
		})
	}
}

// Waiting has a limit of its own, and an error of its own (A40, A51).
func TestClientQueueTimeout(t *testing.T) {
	for _, limits := range []http1.Timeouts{{Queue: 500 * time.Millisecond}, {Whole: 500 * time.Millisecond}} {
		withClient(t, &http1.Client{MaxPerHost: 1}, func(co *loop.Co, w *clientWorld) error {
			var page slowPage
			defer w.serve(co, hostA, page.serve).Close()
			first := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/1")})
			settle(co)
			_, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/2"), Timeouts: &limits})
			var ce *http1.ClientError
			if !errors.As(err, &ce) || ce.Phase != http1.PhaseQueue || !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("%v", err)
			}
			if s := w.client.Stats(); s.Waiting != 0 {
				t.Errorf("%+v", s)
			}
			res, err := loop.Await(co, first)
			if got := brief(res, err); got != `200 "/1"` {
				t.Error(got)
			}
			return nil
		})
	}
}

// A place is made by closing a connection to another host that nobody uses.
func TestClientMakesRoom(t *testing.T) {
	withClient(t, &http1.Client{MaxConns: 2}, func(co *loop.Co, w *clientWorld) error {
		for i := range 3 {
			defer w.serve(co, fmt.Sprintf("127.0.0.1:%d", 80+i), site.Serve).Close()
		}
		for _, port := range []int{80, 81, 82, 81} {
			res, err := w.client.Get(co, fmt.Sprintf("http://127.0.0.1:%d/", port))
			if got := brief(res, err); got != `200 "hello"` {
				t.Error(got)
			}
		}
		if s := w.client.Stats(); s != (http1.ClientStats{Open: 2, Idle: 2, Hosts: 2}) {
			t.Errorf("%+v", s)
		}
		return nil
	})
}

// Connections that nobody uses are closed in time, and not more are kept than wanted.
func TestClientIdle(t *testing.T) {
	for _, tt := range []struct {
		name   string
		client *http1.Client
		kept   int // at once
		after  time.Duration
		left   int
	}{
		{"default", &http1.Client{}, 3, 90 * time.Second, 0},
		{"not yet", &http1.Client{}, 3, 88 * time.Second, 3},
		{"a minute", &http1.Client{IdleTimeout: time.Minute}, 3, time.Minute, 0},
		{"for ever", &http1.Client{IdleTimeout: -1}, 3, 40 * time.Minute, 3},
		{"two", &http1.Client{MaxIdle: 2}, 2, 0, 2},
		{"none", &http1.Client{MaxIdle: -1}, 0, 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, tt.client, func(co *loop.Co, w *clientWorld) error {
				var page slowPage
				defer w.serve(co, hostA, page.serve).Close()
				var all []*loop.Future[*http1.Response]
				for range 3 {
					all = append(all, w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/")}))
				}
				if _, err := loop.Await(co, loop.All(co.Loop(), all...)); err != nil {
					return err
				}
				if s := w.client.Stats(); s.Idle != tt.kept || s.Open != tt.kept {
					t.Errorf("kept: %+v", s)
				}
				if err := loop.Sleep(co, tt.after+time.Second); err != nil {
					return err
				}
				if s := w.client.Stats(); s.Idle != tt.left || len(w.net.Conns()) != tt.left {
					t.Errorf("left: %+v, and %d connections", s, len(w.net.Conns()))
				}
				w.client.CloseIdle()
				settle(co)
				if s := w.client.Stats(); s.Open != 0 || len(w.net.Conns()) != 0 {
					t.Errorf("after CloseIdle: %+v, and %d connections", s, len(w.net.Conns()))
				}
				return nil
			})
		})
	}
}

// Connections that became idle one after another are closed one after another.
func TestClientIdleOneByOne(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		for i := range 3 {
			defer w.serve(co, fmt.Sprintf("127.0.0.1:%d", 80+i), site.Serve).Close()
			if _, err := w.client.Get(co, fmt.Sprintf("http://127.0.0.1:%d/", 80+i)); err != nil {
				return err
			}
			_ = loop.Sleep(co, 30*time.Second)
		}
		for want := 2; want >= 0; want-- {
			_ = loop.Sleep(co, time.Second)
			if s := w.client.Stats(); s.Idle != want {
				t.Errorf("%+v, want %d", s, want)
			}
			_ = loop.Sleep(co, 29*time.Second)
		}
		return nil
	})
}

// The server closes a connection that is idle, or says something there: the client
// notices, and the next request gets another.
func TestClientIdleEnds(t *testing.T) {
	for _, what := range []string{"close", "reset", "speak"} {
		t.Run(what, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
					if _, err := p.head(co); err != nil {
						return err
					}
					p.say("HTTP/1.1 200 OK|Content-Length: 1||" + fmt.Sprint(n))
					_ = loop.Sleep(co, time.Second)
					switch what {
					case "close":
						p.Close()
					case "reset":
						p.Abort()
					case "speak":
						p.say("HTTP/1.1 200 OK|Content-Length: 4||evil")
					}
					return nil
				})
				for _, want := range []string{`200 "1"`, `200 "2"`} {
					res, err := w.client.Get(co, urlOf("/"))
					if got := brief(res, err); got != want {
						t.Errorf("got %s, want %s", got, want)
					}
					if err := loop.Sleep(co, 2*time.Second); err != nil {
						return err
					}
					if s := w.client.Stats(); s.Open != 0 || len(w.net.Conns()) != 0 {
						t.Errorf("%+v, and %d connections", s, len(w.net.Conns()))
					}
				}
				if logged := w.log.take(); strings.Contains(logged, "without a request") != (what == "speak") {
					t.Errorf("logged: %s", logged)
				}
				return nil
			})
		})
	}
}

// A response that comes behind another one is for nobody.
func TestClientResponseToNobody(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say(fmt.Sprintf("HTTP/1.1 200 OK|Content-Length: 1||%dHTTP/1.1 200 OK|Content-Length: 4||evil", n))
			return nil
		})
		for _, want := range []string{`200 "1"`, `200 "2"`} {
			res, err := w.client.Get(co, urlOf("/"))
			if got := brief(res, err); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		return nil
	})
}

func writesX(_ *loop.Co, w *http1.BodyWriter) error {
	_, err := w.Write([]byte("x"))
	return err
}

// The server closes just when the next request is on its way. What can be repeated is.
func TestClientRetry(t *testing.T) {
	for _, tt := range []struct {
		req   http1.ClientRequest
		again bool
	}{
		{http1.ClientRequest{}, true},
		{http1.ClientRequest{Method: "HEAD"}, true},
		{http1.ClientRequest{Method: "PUT", Body: []byte("x")}, true},
		{http1.ClientRequest{Method: "DELETE"}, true},
		{http1.ClientRequest{Method: "POST", Body: []byte("x")}, false},
		{http1.ClientRequest{Method: "PATCH"}, false},
		{http1.ClientRequest{Method: "OTHER"}, false},
		{http1.ClientRequest{Method: "PUT", Reader: strings.NewReader("x")}, false},
		{http1.ClientRequest{Method: "PUT", Producer: writesX}, true},
		{http1.ClientRequest{Method: "POST", Producer: writesX}, false},
		{http1.ClientRequest{Method: "POST", Body: []byte("x"), Header: keyed()}, true},
	} {
		for _, reset := range []bool{false, true} {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
					if _, err := p.head(co); err != nil {
						return err
					}
					p.say("HTTP/1.1 204 No Content||")
					if n > 1 {
						return nil
					}
					if _, err := p.head(co); err != nil {
						return err
					}
					if reset {
						p.Abort()
					} else {
						p.Close()
					}
					return nil
				})
				if _, err := w.client.Get(co, urlOf("/")); err != nil {
					return err
				}
				req := tt.req
				req.URL = urlOf("/")
				res, err := w.client.Do(co, &req)
				if tt.again && (err != nil || res.Reused) {
					t.Errorf("%s: %s", req.Method, brief(res, err))
				}
				if !tt.again && !errors.Is(err, http1.ErrServerGone) {
					t.Errorf("%s was repeated: %v", req.Method, err)
				}
				return nil
			})
		}
	}
}

// Once a byte of a response has come, the server has had the request: nothing is repeated.
func TestClientNoRetryWithinResponse(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		n := 0
		w.script(co, hostA, func(co *loop.Co, p peer, number int) error {
			n = number
			if _, err := p.head(co); err != nil {
				return err
			}
			p.say("HTTP/1.1 204 No Content||")
			_, err := p.head(co)
			p.say("H")
			p.Close()
			return err
		})
		if _, err := w.client.Get(co, urlOf("/")); err != nil {
			return err
		}
		if _, err := w.client.Get(co, urlOf("/")); !errors.Is(err, http1.ErrServerGone) || n != 1 {
			t.Errorf("%d connections, %v", n, err)
		}
		return nil
	})
}

// On a connection that is new, nothing is repeated.
func TestClientNoRetry(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		n := 0
		w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
			n++
			_, err := p.head(co)
			p.Close()
			return err
		})
		if _, err := w.client.Get(co, urlOf("/")); !errors.Is(err, http1.ErrServerGone) || n != 1 {
			t.Errorf("%d connections, %v", n, err)
		}
		return nil
	})
}

func keyed() (h http1.Header) {
	h.Set("Idempotency-Key", "7")
	return h
}

// A request has a coroutine of its own while a connection is made, and none while it
// waits for the response.
func TestClientWaitsWithoutCoroutine(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		w.script(co, hostA, answers())
		count := func() (n int) {
			for _, task := range co.Loop().Tasks() {
				if strings.Contains(task.Name, "http1.clientHelper") {
					n++
				}
			}
			return n
		}
		w.net.Faults = looptest.Faults{Connect: looptest.Span{Min: time.Second}}
		var all []*loop.Future[*http1.Response]
		for range 5 {
			all = append(all, w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/"), Timeouts: &http1.Timeouts{Whole: -1}}))
		}
		settle(co)
		if n := count(); n != 5 {
			t.Errorf("%d coroutines that connect", n)
		}
		if err := loop.Sleep(co, time.Minute); err != nil {
			return err
		}
		if n, s := count(), w.client.Stats(); n != 0 || s.Open != 5 || s.Idle != 0 {
			t.Errorf("%d coroutines wait for responses, %+v", n, s)
		}
		w.client.Close()
		for _, f := range all {
			if _, err := loop.Await(co, f); !errors.Is(err, http1.ErrClientClosed) {
				t.Error(err)
			}
		}
		return nil
	})
}

// A connection that becomes free goes to who has asked first, also when that one has not
// got in line yet.
func TestClientNobodyOvertakes(t *testing.T) {
	withClient(t, &http1.Client{MaxPerHost: 1}, func(co *loop.Co, w *clientWorld) error {
		var paths []string
		defer w.serve(co, hostA, func(_ *loop.Co, rw *http1.ResponseWriter, r *http1.Request) error {
			paths = append(paths, r.Path())
			_, err := rw.WriteString("hello")
			return err
		}).Close()
		open, err := w.client.Open(co, &http1.ClientRequest{URL: urlOf("/open")})
		if err != nil {
			return err
		}
		settle(co)
		first := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/first")})
		open.Stream.Close()
		second := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/second")})
		if _, err := loop.Await(co, loop.All(co.Loop(), first, second)); err != nil {
			return err
		}
		if got := strings.Join(paths, " "); got != "/open /first /second" || w.client.Stats().Open != 1 {
			t.Errorf("%s, %+v", got, w.client.Stats())
		}
		return nil
	})
}
