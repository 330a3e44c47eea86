package http1_test

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/zonda-go/zonda/http1"
)

// closesUsed is a server that closes each connection when the second request on it
// begins. It tells the bodies of those that it has answered.
func closesUsed(t *testing.T) (addr string, bodies chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	bodies = make(chan string, 10)
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			c, err := ln.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer c.Close()
				br := bufio.NewReader(c)
				r, err := http.ReadRequest(br)
				if err != nil {
					return
				}
				p, _ := io.ReadAll(r.Body)
				bodies <- string(p)
				io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
				_, _ = http.ReadRequest(br)
			})
		}
	})
	t.Cleanup(func() {
		ln.Close()
		wg.Wait()
	})
	return ln.Addr().String(), bodies
}

// A request that a closed connection has swallowed is repeated, with its body made anew.
// (net/http does so for fewer methods: of those with a body, for none.)
func TestTransportRepeats(t *testing.T) {
	addr, bodies := closesUsed(t)
	c := &http.Client{Transport: &http1.Transport{Client: &http1.Client{}, Loop: onLoop(t)}}
	defer c.CloseIdleConnections()
	for _, tt := range []struct {
		method, body string
		getBody      bool
		again        bool
	}{
		{"PUT", "small", true, true},
		{"PUT", strings.Repeat("large", 100_000), true, true},
		{"PUT", "small", false, false},
		{"POST", "small", true, false},
		{"GET", "", true, true},
	} {
		c.CloseIdleConnections()
		if _, _, err := talkTo(t.Context(), c, "GET", "http://"+addr, nil); err != nil {
			t.Fatal(err)
		}
		<-bodies
		r, err := http.NewRequest(tt.method, "http://"+addr, strings.NewReader(tt.body))
		if err != nil {
			t.Fatal(err)
		}
		closed := make(chan struct{})
		r.Body = &tellsClose{Reader: r.Body, closed: closed}
		if !tt.getBody {
			r.GetBody = nil
		}
		res, err := c.Do(r)
		<-closed
		switch {
		case err == nil:
			io.Copy(io.Discard, res.Body)
			res.Body.Close()
			if got := <-bodies; !tt.again || got != tt.body {
				t.Errorf("%s, %d bytes: answered, with %d bytes", tt.method, len(tt.body), len(got))
			}
		case tt.again:
			t.Errorf("%s, %d bytes: %v", tt.method, len(tt.body), err)
		case !errors.Is(err, http1.ErrServerGone):
			t.Error(err)
		}
	}
}

// tellsClose is a body that tells when it is closed.
type tellsClose struct {
	io.Reader
	closed chan struct{}
	once   sync.Once
}

func (b *tellsClose) Close() error {
	b.once.Do(func() { close(b.closed) })
	return nil
}
