package http1_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A Co with a deadline or a cancel of its own, of the coroutine that asks, ends a body that
// does not come, however it is read.
func TestClientScopeInBody(t *testing.T) {
	head := "HTTP/1.1 200 OK|Content-Length: 100||"
	zipped := "HTTP/1.1 200 OK|Content-Encoding: gzip|Content-Length: 100||"
	dir := t.TempDir()
	do := func(r http1.ClientRequest) func(*loop.Co, *http1.Client) error {
		return func(co *loop.Co, c *http1.Client) error {
			r.URL = urlOf("/")
			_, err := c.Do(co, &r)
			return err
		}
	}
	for _, tt := range []struct {
		name, say string
		ask       func(*loop.Co, *http1.Client) error
	}{
		{"collected", head + "half", do(http1.ClientRequest{})},
		{"OnBody", head + "half", do(http1.ClientRequest{OnBody: func(*loop.Co, []byte) error { return nil }})},
		{"OnBody, nothing of it", head, do(http1.ClientRequest{OnBody: func(*loop.Co, []byte) error { return nil }})},
		{"OnProgress", head + "half", do(http1.ClientRequest{OnProgress: func(http1.Progress) {}})},
		{"gzip", zipped + "\x1f\x8b\x08\x00", do(http1.ClientRequest{})},
		{"download", head + "half", func(co *loop.Co, c *http1.Client) error {
			_, err := c.Download(co, &http1.ClientRequest{URL: urlOf("/")}, filepath.Join(dir, "file"))
			return err
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			withClient(t, &http1.Client{}, func(co *loop.Co, w *clientWorld) error {
				w.script(co, hostA, answers(tt.say, tt.say))
				start := co.Loop().Now()
				soon, done := co.WithTimeout(3 * time.Second)
				defer done()
				if err := tt.ask(soon, w.client); !errors.Is(err, os.ErrDeadlineExceeded) && !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("beyond the deadline: %v", err)
				}
				if took := co.Loop().Now().Sub(start); took != 3*time.Second {
					t.Errorf("a deadline after 3s is heard of after %v", took)
				}
				scope, cancel := co.WithCancel()
				reason := errors.New("enough")
				co.Loop().After(time.Second, func() { cancel(reason) })
				if err := tt.ask(scope, w.client); !errors.Is(err, reason) {
					t.Errorf("cancelled: %v", err)
				}
				if s := w.client.Stats(); s.Open != 0 {
					t.Errorf("it leaves %+v", s)
				}
				if left, err := os.ReadDir(dir); len(left) != 0 || err != nil {
					t.Errorf("in the folder are %v, %v", left, err)
				}
				return nil
			})
		})
	}
}
