package http1_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// TestDateFollowsTheClock: a Date is that of its answer, also if the handler has slept,
// and stays the same text for a second.
func TestDateFollowsTheClock(t *testing.T) {
	serve(t, site, func(co *loop.Co, w *world) error {
		c := w.dial(co)
		for _, d := range []time.Duration{300, 300, 500, 999, 1, 1000, 1999, 1} {
			if err := loop.Sleep(co, d*time.Millisecond); err != nil {
				return err
			}
			for _, request := range []string{get, "GET /sleep HTTP/1.1|Host: a||"} {
				c.Write([]byte(wire(request)))
				p, err := loop.Await(co, c.ReadUntil("\r\n\r\n", 1<<10))
				if err != nil {
					return err
				}
				want := "Date: " + co.Loop().Now().UTC().Format(http.TimeFormat) + "\r\n"
				if !strings.Contains(string(p), want) {
					t.Errorf("after another %v ms: no %q in %q", int(d), want, p)
				}
				if _, err := loop.Await(co, c.ReadFull(len("hello"))); err != nil {
					return err
				}
			}
		}
		return nil
	})
}
