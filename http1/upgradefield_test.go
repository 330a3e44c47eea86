package http1_test

import (
	"testing"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
)

// TestUpgradeField: an ordinary answer that names a protocol to switch to, as 426 does, says so
// in Connection too (RFC 9110, 7.8), also when it is the last on its connection.
func TestUpgradeField(t *testing.T) {
	h := http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		w.Header().Set("Upgrade", "shout")
		w.Header().Set("Connection", "Upgrade")
		return w.Error(426, "")
	})
	const answer = "HTTP/1.1 426 Upgrade Required|Connection: Upgrade|Upgrade: shout|" +
		"Content-Type: text/plain; charset=utf-8|X-Content-Type-Options: nosniff|DATE|Content-Length: 21|"
	checkAll(t, func() *world { return &world{srv: &http1.Server{Handler: h}} }, []talk{
		{"goes on", get, answer + "|426 Upgrade Required\n<open>"},
		{"is the last", getLast, answer + "Connection: close||426 Upgrade Required\n<end>"},
	})
}
