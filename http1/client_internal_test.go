package http1

import (
	"testing"
	"unsafe"

	"github.com/zonda-go/zonda/stream"
)

// TestClientIdleSize bounds what a connection that waits for a request keeps alive: itself
// and its stream. The socket and its watch, about 100 bytes, come on top.
func TestClientIdleSize(t *testing.T) {
	if n := unsafe.Sizeof(clientConn{}) + unsafe.Sizeof(stream.Stream{}); n > 250 {
		t.Errorf("a connection's structs have %d bytes", n)
	}
}
