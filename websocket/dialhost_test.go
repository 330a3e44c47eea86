package websocket

import (
	"strings"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
)

// TestDialForeignHost: a host that is not ASCII is an error which says what to do, and nothing is
// looked up.
func TestDialForeignHost(t *testing.T) {
	looptest.Run(t, func(co *loop.Co) error {
		for _, u := range []string{"ws://bücher.test/", "wss://b%C3%BCcher.test:81/"} {
			_, err := Dial(co, u, nil)
			if err == nil || !strings.Contains(err.Error(), `"bücher.test"`) || !strings.Contains(err.Error(), "x/net/idna") {
				t.Error(err)
			}
		}
		return nil
	})
}
