package http1_test

import (
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// A GET, and a second one on the same connection.
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
