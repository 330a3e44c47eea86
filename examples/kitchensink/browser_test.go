//go:build unix

package main

import (
	"context"
	_ "embed"
	"fmt"
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/browsertest"
	"github.com/zonda-go/zonda/loop"
)

// checks is a function of JavaScript that tries all that a browser speaks: WebSocket,
// EventSource, and fetch.
//
//go:embed testdata/browser.js
var checks string

// TestBrowser has a page in Chromium try each kind of server, and hear its end.
func TestBrowser(t *testing.T) {
	browsertest.Run(t, func(co *loop.Co, b *browsertest.Browser) error {
		for name, o := range map[string]options{"native": {}, "loops": {loops: 2}, "std": {std: true}} {
			if err := inBrowser(co, t, b, name, o); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	})
}

func inBrowser(co *loop.Co, t *testing.T, b *browsertest.Browser, name string, o options) error {
	srv, done, err := newServer(o)
	if err != nil {
		return err
	}
	defer done()
	defer srv.Close()
	addr, err := srv.Listen(co.Loop(), "127.0.0.1:0")
	if err != nil {
		return err
	}
	page := b.Open("http://" + addr.String() + "/page")
	var result struct {
		Tried int
		Wrong []string
	}
	page.Eval(&result, checks)
	if result.Tried == 0 {
		t.Errorf("%s: nothing was tried", name)
	}
	for _, wrong := range append(result.Wrong, page.Complaints()...) {
		t.Errorf("%s: %s", name, wrong)
	}
	if !o.std { // whose connections are not the server's any more
		wantEnd(co, t, page, srv)
	}
	page.Close()
	return nil
}

// wantEnd ends the server: connections that are open are told, and those that are idle are
// not waited for.
func wantEnd(co *loop.Co, t *testing.T, page *browsertest.Page, srv *http1.Server) {
	shutdown := loop.FromFunc(co.Loop(), func(ctx context.Context) (none struct{}, _ error) { return none, srv.Shutdown(ctx) })
	var ended string
	if page.Eval(&ended, "() => ended"); ended != "1001  true" {
		t.Errorf("at the server's end: %s", ended)
	}
	if _, err := loop.Await(co, shutdown); err != nil {
		t.Error(err)
	}
}
