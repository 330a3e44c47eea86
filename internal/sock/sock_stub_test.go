//go:build !(linux || darwin || dragonfly || freebsd || netbsd || openbsd)

package sock

import (
	"errors"
	"net/netip"
	"testing"
)

func TestUnsupported(t *testing.T) {
	_, listen := Listen("tcp", "127.0.0.1:0", Options{})
	_, connect := Connect(netip.AddrPort{}, &Settings{})
	_, read := Read(0, nil)
	for name, err := range map[string]error{"Listen": listen, "Connect": connect, "Read": read} {
		if !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%s gives %v, want ErrUnsupported", name, err)
		}
	}
}
