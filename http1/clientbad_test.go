package http1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// Responses that are none, each with a clear error and the pool clean afterwards; the
// next request is answered.
func TestClientBadServers(t *testing.T) {
	for _, tt := range []struct {
		name, say string
		phase     string
		error     string // a part of it
	}{
		{"nothing", "<end>", http1.PhaseResponse, "the server closed the connection"},
		{"reset", "<reset>", http1.PhaseResponse, "the server closed the connection"},
		{"half a head", "HTTP/1.1 200 OK|A: b<end>", http1.PhaseResponse, "the server closed the connection"},
		{"not HTTP", "220 smtp.test ESMTP|", http1.PhaseResponse, "status"},
		{"HTTP/2", "HTTP/2.0 200 OK||", http1.PhaseResponse, "major version"},
		{"empty lines", "||||HTTP/1.1 200 OK||", http1.PhaseResponse, "status"},
		{"two lengths", "HTTP/1.1 200 OK|Content-Length: 2, 4||abcd", http1.PhaseResponse, "Content-Length"},
		{"two fields with lengths", "HTTP/1.1 200 OK|Content-Length: 2|Content-Length: 4||abcd", http1.PhaseResponse, "Content-Length"},
		{"length of no number", "HTTP/1.1 200 OK|Content-Length: -1||", http1.PhaseResponse, "Content-Length"},
		{"length and chunks", "HTTP/1.1 200 OK|Content-Length: 2|Transfer-Encoding: chunked||2|ab|0||", http1.PhaseResponse, "Transfer-Encoding"},
		{"coding", "HTTP/1.1 200 OK|Transfer-Encoding: gzip||", http1.PhaseResponse, "transfer coding"},
		{"204 with a body", "HTTP/1.1 204 No Content|Content-Length: 5||hello", http1.PhaseResponse, "body"},
		{"upgrade", "HTTP/1.1 101 Switching Protocols|Upgrade: x|Connection: upgrade||", http1.PhaseResponse, "changed the protocol"},
		{"endless head", "HTTP/1.1 200 OK|" + strings.Repeat("A: b|", 20_000), http1.PhaseResponse, "longer than its limit"},
		{"long line", "HTTP/1.1 200 " + strings.Repeat("x", 70_000), http1.PhaseResponse, "longer than its limit"},
		{"endless interim", strings.Repeat("HTTP/1.1 102 Processing||", 100), http1.PhaseResponse, "more than 64 responses"},
		{"short body", "HTTP/1.1 200 OK|Content-Length: 10||half<end>", http1.PhaseBody, "the server closed the connection"},
		{"short body, reset", "HTTP/1.1 200 OK|Content-Length: 10||half<reset>", http1.PhaseBody, "the server closed the connection"},
		{"until reset", "HTTP/1.1 200 OK||half<reset>", http1.PhaseBody, "the server closed the connection"},
		{"chunk size", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||x|ab|0||", http1.PhaseBody, "chunk size"},
		{"chunk end", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|abcd|0||", http1.PhaseBody, "chunk"},
		{"no last chunk", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|<end>", http1.PhaseBody, "the server closed the connection"},
		{"trailer about framing", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|0|Content-Length: 3||", http1.PhaseBody, "trailer"},
		{"endless trailers", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2|ab|0|" + strings.Repeat("A: b|", 20_000), http1.PhaseBody, "trailer"},
		{"endless chunk line", "HTTP/1.1 200 OK|Transfer-Encoding: chunked||2;" + strings.Repeat("x", 300), http1.PhaseBody, "chunk"},
		{"never", "", http1.PhaseResponse, "timed out"},
		{"never the rest", "HTTP/1.1 200 OK|Content-Length: 10||half", http1.PhaseBody, "timed out"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, func(co *loop.Co, p peer, n int) error {
					if _, err := p.head(co); err != nil {
						return err
					}
					if n%2 == 0 {
						p.say("HTTP/1.1 200 OK|Content-Length: 2||ab")
						return nil
					}
					text, end := strings.CutSuffix(tt.say, "<end>")
					text, reset := strings.CutSuffix(text, "<reset>")
					p.say(text)
					switch {
					case end:
						p.Close()
					case reset:
						_ = loop.Sleep(co, time.Second)
						p.Abort()
					}
					return nil
				})
				for _, open := range []bool{false, true} {
					var err error
					if open {
						var res *http1.Response
						if res, err = w.client.Open(co, &http1.ClientRequest{URL: urlOf("/")}); err == nil {
							_, err = io.Copy(io.Discard, res.Stream)
							res.Stream.Close()
						}
					} else {
						_, err = w.client.Get(co, urlOf("/"))
					}
					var ce *http1.ClientError
					if !errors.As(err, &ce) || ce.Phase != tt.phase || !strings.Contains(err.Error(), tt.error) {
						t.Errorf("open %v: %v", open, err)
					}
					gone := tt.error == "the server closed the connection"
					if errors.Is(err, http1.ErrServerGone) != gone || errors.Is(err, io.ErrUnexpectedEOF) != gone {
						t.Errorf("open %v: what %v matches", open, err)
					}
					settle(co)
					if s := w.client.Stats(); s != (http1.ClientStats{}) || len(w.net.Conns()) > 0 {
						t.Errorf("open %v: %+v, %d connections", open, s, len(w.net.Conns()))
					}
					res, err := w.client.Get(co, urlOf("/"))
					if got := brief(res, err); got != `200 "ab"` {
						t.Errorf("the next one: %s", got)
					}
					w.client.CloseIdle()
					settle(co)
				}
				return nil
			})
		})
	}
}

// A server that ends after each possible byte of a response, in good order or not, gives
// an error, never a part for the whole.
func TestClientServerClosesAnywhere(t *testing.T) {
	for _, response := range []string{
		"HTTP/1.1 200 OK|Content-Length: 5||hello",
		"HTTP/1.1 100 Continue||HTTP/1.1 200 OK|Transfer-Encoding: chunked||3|hel|2;x|lo|0|T: 1||",
		"HTTP/1.1 302 Found|Location: /|Content-Length: 3||abc",
	} {
		sent := wire(response)
		for n := range len(sent) {
			for _, reset := range []bool{false, true} {
				withClient(t, &http1.Client{Redirects: -1}, func(co *loop.Co, w *clientWorld) error {
					w.script(co, hostA, func(co *loop.Co, p peer, _ int) error {
						if _, err := p.head(co); err != nil {
							return err
						}
						p.Write([]byte(sent[:n]))
						if reset {
							settle(co)
							p.Abort()
						} else {
							p.Close()
						}
						return nil
					})
					_, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/"), AnyStatus: true})
					if !errors.Is(err, http1.ErrServerGone) {
						t.Errorf("after %d bytes of %s, reset %v: %v", n, response, reset, err)
					}
					settle(co)
					if s := w.client.Stats(); s != (http1.ClientStats{}) || len(w.net.Conns()) > 0 {
						t.Errorf("after %d bytes: %+v, %d connections", n, s, len(w.net.Conns()))
					}
					return nil
				})
			}
		}
	}
}

// Whoever waits for a request leaves in any phase, under any faults of the network: what
// it held is given back, and the client goes on to work.
func TestClientCancelAnywhere(t *testing.T) {
	n := 300
	if os.Getenv("ZONDA_DEEP") == "1" {
		n = 10_000
	}
	looptest.Explore(t, n, func(co *loop.Co) error {
		c := &http1.Client{MaxPerHost: 2}
		return inClientWorld(t, co, c, func(co *loop.Co, w *clientWorld) error { return cancelSome(co, w) })
	})
}

func cancelSome(co *loop.Co, w *clientWorld) error {
	r := co.Loop().Rand()
	srv := w.serve(co, hostA, anything)
	defer srv.Close()
	ms := func(n int) looptest.Span { return looptest.Span{Max: time.Duration(n) * time.Millisecond} }
	w.net.Faults = looptest.Faults{Delay: ms(5), Connect: ms(20), ShortReads: 0.2, ShortWrites: 0.2}
	if r.IntN(3) == 0 {
		w.net.Faults.Reset, w.net.Faults.Refuse = 0.05, 0.1
	}
	err := loop.WithGroup(co, func(g *loop.Group) error {
		for range 1 + r.IntN(5) {
			g.Go(func(co *loop.Co) error { return cancelOne(co, w) })
		}
		return nil
	})
	if err != nil {
		return err
	}
	w.net.Faults = looptest.Faults{}
	settle(co)
	s := w.client.Stats()
	if s.Waiting != 0 || s.Open != s.Idle {
		return fmt.Errorf("afterwards %+v", s)
	}
	w.client.CloseIdle()
	_ = loop.Sleep(co, time.Hour) // what was on its way
	if n := len(w.net.Conns()); n != 0 {
		return fmt.Errorf("%d connections are left", n)
	}
	res, err := w.client.Do(co, &http1.ClientRequest{URL: urlOf("/plain")})
	if got := brief(res, err); got != `200 "hello"` {
		return errors.New(got)
	}
	return nil
}

// cancelOne asks something and leaves after some milliseconds.
func cancelOne(co *loop.Co, w *clientWorld) error {
	r := co.Loop().Rand()
	req := &http1.ClientRequest{URL: urlOf([]string{"/plain", "/long", "/redirect", "/slow", "/gzip"}[r.IntN(5)])}
	switch r.IntN(4) {
	case 0:
		req.Method, req.Body = "POST", make([]byte, 200_000)
	case 1:
		req.Method, req.Expect100 = "POST", r.IntN(2) == 0
		req.Producer = func(co *loop.Co, w *http1.BodyWriter) error {
			for range 5 {
				if _, err := w.Write(make([]byte, 1000)); err != nil {
					return err
				}
				if err := loop.Sleep(co, 5*time.Millisecond); err != nil {
					return err
				}
			}
			return nil
		}
	}
	if r.IntN(3) == 0 {
		req.OnBody = func(co *loop.Co, _ []byte) error { return loop.Sleep(co, time.Millisecond) }
	}
	wait := time.Duration(r.IntN(60)) * time.Millisecond
	scope, done := co.WithTimeout(wait)
	defer done()
	var err error
	switch r.IntN(3) {
	case 0:
		_, err = loop.Await(scope, w.client.Fetch(co, req))
	case 1:
		_, err = loop.Await(co, loop.Go(scope, func(co *loop.Co) (*http1.Response, error) { return w.client.Do(co, req) }))
	default:
		_, err = loop.Await(co, loop.Go(scope, func(co *loop.Co) (int64, error) {
			res, err := w.client.Open(co, req)
			if err != nil {
				return 0, err
			}
			defer res.Stream.Close()
			return io.Copy(io.Discard, res.Stream)
		}))
	}
	var ce *http1.ClientError
	if err != nil && !errors.As(err, &ce) && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("an error without a phase: %w", err)
	}
	return nil
}

// anything is a server with all kinds of answers.
func anything(co *loop.Co, w *http1.ResponseWriter, r *http1.Request) error {
	if _, err := io.Copy(io.Discard, r.Body); err != nil {
		return err
	}
	switch r.Path() {
	case "/redirect":
		w.Header().Set("Location", "/plain")
		w.SetStatus(307)
		return nil
	case "/slow":
		if err := loop.Sleep(co, 10*time.Millisecond); err != nil {
			return err
		}
	case "/long":
		for range 5 {
			if _, err := w.Write(make([]byte, 20_000)); err != nil {
				return err
			}
			if err := loop.Sleep(co, time.Millisecond); err != nil {
				return err
			}
		}
		return nil
	case "/gzip":
		w.Header().Set("Content-Encoding", "gzip")
		_, err := w.Write(compressed("gzip", strings.Repeat("hello", 1000)))
		return err
	}
	_, err := w.WriteString("hello")
	return err
}

// The future of a Fetch that nobody waits for any more ends the request (A25), and is
// not logged.
func TestClientWithdrawn(t *testing.T) {
	withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
		var cause error
		defer w.serve(co, hostA, func(co *loop.Co, _ *http1.ResponseWriter, _ *http1.Request) error {
			err := loop.Sleep(co, time.Hour)
			cause = context.Cause(co)
			return err
		}).Close()
		f := w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/"), Timeouts: &http1.Timeouts{Whole: -1}})
		if _, err := loop.Await(co, loop.WithTimeout(time.Second, f)); !errors.Is(err, loop.ErrTimeout) {
			t.Errorf("%v", err)
		}
		settle(co)
		if s := w.client.Stats(); s != (http1.ClientStats{}) || !errors.Is(cause, http1.ErrClientGone) {
			t.Errorf("%+v, and the server sees %v", s, cause)
		}
		if _, err := f.Result(); !errors.Is(err, loop.ErrWithdrawn) || !errors.Is(err, context.Canceled) {
			t.Errorf("whoever kept the future sees %v", err)
		}
		// Whatever ends the request meanwhile is of no interest to anybody.
		other := &http1.Client{Dialer: w.client.Dialer}
		f = other.Fetch(co, &http1.ClientRequest{URL: urlOf("/")})
		settle(co)
		scope, cancel := co.WithCancel()
		cancel(nil)
		_, _ = loop.Await(scope, f)
		other.Close()
		// So does the end of the coroutine that has asked.
		loop.Go(co, func(co *loop.Co) (int, error) {
			f = w.client.Fetch(co, &http1.ClientRequest{URL: urlOf("/")})
			return 0, nil
		})
		settle(co)
		if _, err := f.Result(); !errors.Is(err, context.Canceled) {
			t.Errorf("%v", err)
		}
		return nil
	})
}

// Close at any moment leaves no connection, and no request without an end.
func TestClientCloseAnywhere(t *testing.T) {
	n := 200
	if os.Getenv("ZONDA_DEEP") == "1" {
		n = 5_000
	}
	looptest.Explore(t, n, func(co *loop.Co) error {
		return inClientWorld(t, co, &http1.Client{MaxPerHost: 3}, func(co *loop.Co, w *clientWorld) error {
			defer w.serve(co, hostA, anything).Close()
			var all []*loop.Future[*http1.Response]
			for range 5 {
				all = append(all, w.client.Fetch(co, &http1.ClientRequest{Method: "POST", URL: urlOf("/long"), Body: make([]byte, 100_000)}))
			}
			for range co.Loop().Rand().IntN(40) {
				if err := loop.Yield(co); err != nil {
					return err
				}
			}
			w.client.Close()
			for _, f := range all {
				if _, err := loop.Await(co, f); err != nil && !errors.Is(err, http1.ErrClientClosed) {
					return err
				}
			}
			settle(co)
			settle(co)
			if n := len(w.net.Conns()); n > 0 {
				return fmt.Errorf("%d connections are left", n)
			}
			return nil
		})
	})
}
