package stream

import (
	"context"
	"errors"
	"net"
	"strconv"
	"syscall"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// ListenFD accepts connections on l from a listening socket that this process was
// given, of TCP or a Unix socket, such as descriptor 3 under systemd's socket
// activation. The descriptor is the listener's from now on, also if there is an error,
// which matches syscall.EINVAL if it is not such a socket. It is made non-blocking and
// close-on-exec. The file of a Unix socket belongs to whoever made it, and stays.
func (n System) ListenFD(l *loop.Loop, fd int) (Listener, error) {
	conn := n.settings()
	addr, err := sock.Adopt(fd, &conn)
	if err != nil {
		_ = sock.Close(fd)
		return nil, &net.OpError{Op: "listen", Net: "fd", Err: err}
	}
	return newListener(l, addr, conn, fd), nil
}

// ListenFile is ListenFD for what has a descriptor of its own: an *os.File, a
// *net.TCPListener or a *net.UnixListener. The listener gets a duplicate, so c is still
// the caller's, who may close it now or later; before a *net.UnixListener is closed, tell it
// by SetUnlinkOnClose(false) to leave its file. Both descriptors stand for one
// socket: that it does not block holds for both, each connection is accepted by one of
// them, and it goes on listening until both are closed.
func (n System) ListenFile(l *loop.Loop, c syscall.Conn) (Listener, error) {
	fd, err := duplicate(c)
	if err != nil {
		return nil, &net.OpError{Op: "listen", Net: "fd", Err: err}
	}
	return n.ListenFD(l, fd)
}

func duplicate(c syscall.Conn) (fd int, err error) {
	raw, err := c.SyscallConn()
	if err != nil {
		return -1, err
	}
	var failed error
	if err := raw.Control(func(own uintptr) { fd, failed = sock.Dup(int(own)) }); err != nil {
		return -1, err
	}
	return fd, failed
}

// LookUp gives address with an IP address in the place of its host's name, and a
// number in the place of its port's: what Listen and Dial want. Where there is
// nothing to look up (an IP address, "localhost", no host, network "unix") it is address
// itself. It asks the system's resolver, which may take seconds, and blocks for that:
// any goroutine may call it, but whoever holds a running loop should not. On a loop:
//
//	addr, err := loop.Await(co, loop.FromFunc(l, func(ctx context.Context) (string, error) {
//		return stream.LookUp(ctx, "tcp", "example.com:https")
//	}))
func LookUp(ctx context.Context, network, address string) (string, error) {
	if network == "unix" {
		return address, nil
	}
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	port, err := net.DefaultResolver.LookupPort(ctx, network, service)
	if err != nil {
		return "", err
	}
	if host != "" && !sock.IsLocalhost(host) {
		if host, err = lookUpHost(ctx, network, host); err != nil {
			return "", err
		}
	}
	return net.JoinHostPort(host, strconv.Itoa(port)), nil
}

// lookUpHost prefers IPv4, as package net does for addresses to listen on.
func lookUpHost(ctx context.Context, network, host string) (string, error) {
	families := map[string][]string{"tcp": {"ip4", "ip6"}, "tcp4": {"ip4"}, "tcp6": {"ip6"}}[network]
	if families == nil {
		return "", net.UnknownNetworkError(network)
	}
	var failed error
	for _, family := range families {
		found, err := net.DefaultResolver.LookupNetIP(ctx, family, host)
		if err == nil && len(found) > 0 {
			return found[0].Unmap().String(), nil
		}
		failed = errors.Join(failed, err)
	}
	return "", failed
}
