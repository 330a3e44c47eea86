package stream

import (
	"net"
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
