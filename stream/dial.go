package stream

import (
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// A Unix socket whose queue of waiting connections is full is tried again after this
// long, and then twice as long, up to the second.
const minFullPause, maxFullPause = time.Millisecond, 100 * time.Millisecond

// Dial connects to address: for TCP an IP address and a port, see Dialer for names;
// for "unix" a path or an abstract name. When co is cancelled, the attempt is given up.
// Errors are *net.OpError; an address on which nobody listens matches
// syscall.ECONNREFUSED, a path that does not exist fs.ErrNotExist.
func (n System) Dial(co *loop.Co, network, address string) (Transport, error) {
	return n.DialFrom(co, netip.AddrPort{}, network, address)
}

// DialFrom is Dial with an address for this end, of the family of the other, and a
// port; 0 is any that is free. One that is not this machine's is an error that matches
// syscall.EADDRNOTAVAIL, a port in use syscall.EADDRINUSE. For "unix" it must be zero.
func (n System) DialFrom(co *loop.Co, local netip.AddrPort, network, address string) (Transport, error) {
	s, addr, err := n.dial(co, local, network, address)
	if err != nil {
		failed := &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
		if local.IsValid() {
			failed.Source = net.TCPAddrFromAddrPort(local)
		}
		return nil, failed
	}
	return s, nil
}

// dial also says which address it was about, nil: none.
func (n *System) dial(co *loop.Co, local netip.AddrPort, network, address string) (*socket, net.Addr, error) {
	conn := n.settings()
	if network == "unix" {
		addr := &net.UnixAddr{Net: network, Name: address}
		if local != (netip.AddrPort{}) {
			return nil, addr, errNoLocalAddr
		}
		s, err := connectUnix(co, address, &conn)
		return s, addr, err
	}
	addr, err := parseAddress(network, address)
	if err != nil {
		return nil, nil, err
	}
	s, err := connect(co, local, addr, &conn)
	return s, net.TCPAddrFromAddrPort(addr), err
}

// connectUnix waits as long as the listener's queue is full, as a connect that blocks
// would.
func connectUnix(co *loop.Co, name string, conn *sock.Settings) (*socket, error) {
	for pause := minFullPause; ; pause = min(2*pause, maxFullPause) {
		if err := loop.Yield(co); err != nil {
			return nil, err
		}
		fd, err := sock.ConnectUnix(name, conn)
		if err == nil {
			return &socket{fd: int32(fd), room: roomOf(co.Loop())}, nil
		}
		if err != sock.ErrAgain {
			return nil, err
		}
		if err := loop.Sleep(co, pause); err != nil {
			return nil, err
		}
	}
}

func parseAddress(network, address string) (netip.AddrPort, error) {
	addr, err := netip.ParseAddrPort(address)
	if err != nil {
		return addr, &net.AddrError{Err: "not an IP address and a port", Addr: address}
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	switch {
	case !isTCP(network):
		return addr, net.UnknownNetworkError(network)
	case network == "tcp4" && !addr.Addr().Is4(), network == "tcp6" && addr.Addr().Is4():
		return addr, &net.AddrError{Err: "not an address of " + network, Addr: address}
	}
	return addr, nil
}

func connect(co *loop.Co, local, addr netip.AddrPort, conn *sock.Settings) (*socket, error) {
	fd, err := sock.ConnectFrom(local, addr, conn)
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
	return &socket{fd: int32(fd), peer: peer, room: roomOf(co.Loop())}, nil
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

// established checks a new connection, and gives the peer's address, which is not the
// one that was dialled if that was unspecified.
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
	return peer, nil
}
