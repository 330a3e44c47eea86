package stream

import (
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// Dial connects to address, which must be an IP address and a port; looking up
// names is not built yet. When co is cancelled, the attempt is given up.
func (n System) Dial(co *loop.Co, network, address string) (Transport, error) {
	fail := func(err error) error {
		return &net.OpError{Op: "dial", Net: network, Err: fmt.Errorf("%s: %w", address, err)}
	}
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return nil, fail(err)
	}
	fd, err := sock.Connect(addr)
	if err != nil {
		return nil, fail(err)
	}
	if err := connected(co, fd); err != nil {
		_ = sock.Close(fd)
		return nil, fail(err)
	}
	return &socket{fd: int32(fd), peer: addr}, nil
}

// connected waits until a connect has ended.
func connected(co *loop.Co, fd int) error {
	l := co.Loop()
	done := loop.NewPromise[struct{}](l)
	w, err := l.Watch(fd, loop.Writable, loop.HandlerFunc(func(loop.Events) { done.TrySet(struct{}{}) }))
	if err != nil {
		return err
	}
	defer w.Stop()
	if _, err := loop.Await(co, done.Future()); err != nil {
		return err
	}
	if err := sock.SocketError(fd); err != nil {
		return os.NewSyscallError("connect", err)
	}
	return nil
}
