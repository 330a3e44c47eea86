package http1_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// Goroutines that ask, read a part, leave, or are cancelled, all at the limit of the pool:
// everyone gets an answer or an error of their own, and in the end nothing is in use.
func TestTransportManyLeave(t *testing.T) {
	rounds := 20
	if os.Getenv("ZONDA_DEEP") == "1" {
		rounds = 500
	}
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	l := onLoop(t)
	client := &http1.Client{MaxPerHost: 3, MaxIdle: 2}
	c := &http.Client{Transport: &http1.Transport{Client: client, Loop: l}}
	var wg sync.WaitGroup
	for i := range 16 {
		r := rand.New(rand.NewPCG(uint64(i), 9))
		wg.Go(func() {
			for range rounds {
				if err := askAndLeave(t.Context(), c, srv.URL, r); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	if s := statsOf(t, l, client); s.Open != s.Idle || s.Waiting != 0 || s.Open > 2 {
		t.Errorf("%+v", s)
	}
}

// askAndLeave asks for something and does something with the answer.
func askAndLeave(ctx context.Context, c *http.Client, url string, r *rand.Rand) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var body io.Reader
	path := []string{"/hello", "/wait", "/gzip", "/redirect", "/echo"}[r.IntN(5)]
	method, text := "GET", strings.Repeat("x", r.IntN(200_000))
	if path == "/echo" {
		method, body = "POST", strings.NewReader(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url+path, body)
	if err != nil {
		return err
	}
	early := r.IntN(3) == 0
	if early {
		go cancel()
	}
	res, err := c.Do(req)
	if err != nil {
		if early && errors.Is(err, context.Canceled) {
			return nil
		}
		return err
	}
	defer res.Body.Close()
	switch {
	case path == "/wait" && r.IntN(2) == 0: // it leaves without having read
	case path == "/wait":
		go cancel()
		if _, err = io.Copy(io.Discard, res.Body); !errors.Is(err, context.Canceled) {
			return fmt.Errorf("cancelled while reading: %w", err)
		}
		return nil
	case early || r.IntN(3) == 0: // with a part of the body, or an error of the end
		_, _ = io.CopyN(io.Discard, res.Body, int64(r.IntN(1000)))
	case path == "/echo":
		got, err := io.ReadAll(res.Body)
		if err == nil && string(got) != text {
			err = fmt.Errorf("%d bytes came back of %d", len(got), len(text))
		}
		return err
	default:
		_, err = io.Copy(io.Discard, res.Body)
	}
	return err
}

// Close ends those who wait in the queue, those whose response is awaited and those who
// read; and whoever comes later.
func TestTransportClientCloses(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	l := onLoop(t)
	client := &http1.Client{MaxPerHost: 2}
	c := &http.Client{Transport: &http1.Transport{Client: client, Loop: l}}
	reading, err := c.Get(srv.URL + "/wait")
	if err != nil {
		t.Fatal(err)
	}
	defer reading.Body.Close()
	ended := make(chan error)
	for range 5 { // one of them has a connection
		go func() {
			res, err := c.Post(srv.URL+"/never", "text/plain", strings.NewReader("x"))
			if err == nil {
				res.Body.Close()
			}
			ended <- err
		}()
	}
	go func() {
		_, err := io.ReadAll(reading.Body)
		ended <- err
	}()
	for statsOf(t, l, client).Waiting < 4 { // the others have come
	}
	if err := l.Post(client.Close); err != nil {
		t.Fatal(err)
	}
	for range 6 {
		if err := <-ended; !errors.Is(err, http1.ErrClientClosed) {
			t.Errorf("%v", err)
		}
	}
	if res, err := c.Get(srv.URL + "/hello"); !errors.Is(err, http1.ErrClientClosed) {
		t.Errorf("after Close: %v", err)
		res.Body.Close()
	}
	if s := statsOf(t, l, client); s != (http1.ClientStats{}) {
		t.Errorf("%+v", s)
	}
}

// Of two loops that begin to use a client at the same time, one has it, and the other is
// told; nothing of the client is touched by both.
func TestTransportTwoLoops(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	client := &http1.Client{}
	var right, wrong atomic.Int64
	var wg sync.WaitGroup
	for range 2 {
		c := &http.Client{Transport: &http1.Transport{Client: client, Loop: onLoop(t)}}
		for range 10 {
			wg.Go(func() {
				_, text, err := talkTo(t.Context(), c, "GET", srv.URL+"/hello", nil)
				switch {
				case errors.Is(err, http1.ErrClientLoop):
					wrong.Add(1)
				case err == nil && strings.HasPrefix(text, "hello"):
					right.Add(1)
				default:
					t.Errorf("%q, %v", text, err)
				}
			})
		}
	}
	wg.Wait()
	if right.Load() != 10 || wrong.Load() != 10 {
		t.Errorf("%d were answered, %d were told", right.Load(), wrong.Load())
	}
}

// What a StdClient is on two loops at once: of use on both.
func TestStdClientTwoLoops(t *testing.T) {
	srv := httptest.NewServer(stdSite())
	defer srv.Close()
	std := &http.Transport{}
	defer std.CloseIdleConnections()
	client := &http1.StdClient{Transport: std}
	var wg sync.WaitGroup
	for range 2 {
		l := onLoop(t)
		for range 5 {
			wg.Go(func() {
				res, err := loop.Do(t.Context(), l, func(co *loop.Co) (*http1.Response, error) {
					return loop.Await(co, client.Fetch(co, &http1.ClientRequest{URL: srv.URL + "/hello"}))
				})
				if err != nil || res.Status != 200 {
					t.Errorf("%v", err)
				}
			})
		}
	}
	wg.Wait()
}
