package stream

import (
	"net"
	"net/netip"
	"os"
	"syscall"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// Dial connects to address, which must be an IP address and a port; looking up
// names is not built yet. When co is cancelled, the attempt is given up. Errors are
// *net.OpError; a port that nobody listens on matches syscall.ECONNREFUSED.
func (n System) Dial(co *loop.Co, network, address string) (Transport, error) {
	addr, err := parseAddress(network, address)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Err: err}
	}
	t, err := connect(co, addr)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: net.TCPAddrFromAddrPort(addr), Err: err}
	}
	return t, nil
}

func parseAddress(network, address string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return addr, &net.AddrError{Err: "not an IP address and a port", Addr: address}
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	switch {
	case network != "tcp" && network != "tcp4" && network != "tcp6":
		return addr, net.UnknownNetworkError(network)
	case network == "tcp4" && !addr.Addr().Is4(), network == "tcp6" && addr.Addr().Is4():
		return addr, &net.AddrError{Err: "not an address of " + network, Addr: address}
	}
	return addr, nil
}

func connect(co *loop.Co, addr netip.AddrPort) (*socket, error) {
	fd, err := sock.Connect(addr)
	if err != nil {
		return nil, err
	}
	if err := connected(co, fd); err != nil {
		_ = sock.Close(fd)
		return nil, err
	}
	peer, err := established(fd)
	if err != nil {
		_ = sock.Close(fd)
		return nil, err
	}
	return &socket{fd: int32(fd), peer: peer}, nil
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

// established checks and prepares a new connection, and gives the peer's address,
// which is not the one that was dialled if that was unspecified.
func established(fd int) (netip.AddrPort, error) {
	peer, err := sock.RemoteAddr(fd)
	if err != nil {
		return peer, err
	}
	local, err := sock.LocalAddr(fd)
	if err != nil {
		return peer, err
	}
	if local == peer {
		// The system chose the dialled port for our own end, and TCP connected
		// the socket to itself (RFC 9293, 3.5, simultaneous open). Nobody listens.
		return peer, os.NewSyscallError("connect", syscall.ECONNREFUSED)
	}
	return peer, sock.SetNoDelay(fd, true)
}
