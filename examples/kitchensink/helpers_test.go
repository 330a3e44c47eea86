package main

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A server is one that runs, and a client of its own.
type server struct {
	url    string
	client *http.Client
}

// eachKind runs test against the native handlers, on one loop and on two, and against the
// http.Handler.
func eachKind(t *testing.T, test func(t *testing.T, s *server)) {
	for name, o := range map[string]options{"native": {}, "loops": {loops: 2}, "std": {std: true}} {
		t.Run(name, func(t *testing.T) {
			s := run(t, o)
			test(t, s)
		})
	}
}

// run serves until the test ends.
func run(t *testing.T, o options) *server {
	t.Helper()
	srv, done, err := newServer(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(done)
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	addr, err := srv.Listen(l, "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- l.Run() }()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		if err := srv.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		l.Close()
		if err := <-ended; !errors.Is(err, loop.ErrClosed) {
			t.Error(err)
		}
	})
	return &server{"http://" + addr.String(), &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

var _ http1.Handler = routes(nil)
