package stream

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

const (
	// acceptBudget is how many connections one event may bring, so that a storm of
	// them leaves the others their turn (Tornado 1.57).
	acceptBudget = 128
	// Out of descriptors, a listener waits this long before it tries again, if none
	// of its connections ends earlier.
	minAcceptPause, maxAcceptPause = 5 * time.Millisecond, time.Second
)

// Listen opens a listening socket on l. An address that is in use gives an error
// matching syscall.EADDRINUSE.
func (n System) Listen(l *loop.Loop, network, address string) (Listener, error) {
	fd, err := sock.Listen(network, address, sock.Options{Backlog: n.Backlog, ReusePort: n.ReusePort})
	if err != nil {
		return nil, err
	}
	addr, err := sock.LocalAddr(fd)
	if err == nil {
		err = sock.SetNoDelay(fd, true) // the accepted sockets inherit it
	}
	if err != nil {
		_ = sock.Close(fd)
		return nil, &net.OpError{Op: "listen", Net: network, Err: err}
	}
	return &listener{l: l, fd: fd, addr: addr}, nil
}

type listener struct {
	// Immutable.
	l    *loop.Loop
	addr netip.AddrPort

	// Owned by the loop.
	fd     int
	watch  loop.Watch
	fn     func(Transport)
	pause  time.Duration // of the present shortage of descriptors; 0: none
	retry  loop.Timer
	closed bool
}

func (n *listener) Accept(fn func(Transport)) (err error) {
	if n.closed {
		return n.failure("accept", net.ErrClosed)
	}
	n.fn = fn
	n.watch, err = n.l.Watch(n.fd, loop.Readable, n)
	return err
}

func (n *listener) Addr() net.Addr { return net.TCPAddrFromAddrPort(n.addr) }

func (n *listener) Close() error {
	if n.closed {
		return nil
	}
	n.closed = true
	n.watch.Stop()
	n.retry.Stop()
	if err := sock.Close(n.fd); err != nil {
		return n.failure("close", err)
	}
	return nil
}

func (n *listener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: "tcp", Addr: n.Addr(), Err: err}
}

// Ready accepts what is there.
func (n *listener) Ready(loop.Events) {
	for range acceptBudget {
		if n.closed {
			return // by the connection before (Tornado T04)
		}
		fd, peer, err := sock.Accept(n.fd)
		switch {
		case err == nil:
			n.fn(&socket{fd: int32(fd), peer: peer, from: n})
		case err == sock.ErrAgain:
			n.pause = 0 // nobody waits: a shortage is over
			return
		case sock.IsTemporaryAccept(err):
			// The peer was gone before we came.
		default:
			n.rest(err)
			return
		}
	}
}

// rest leaves the waiting connections where they are for a while. The socket would
// report itself ready in each iteration, and the loop would spin. Of each shortage
// one line is logged.
func (n *listener) rest(err error) {
	if n.pause == 0 {
		level := slog.LevelError
		if sock.IsExhausted(err) {
			level = slog.LevelWarn
		}
		n.l.Logger().Log(context.Background(), level, "zonda: cannot accept connections for now",
			"addr", n.addr.String(), "error", err)
	}
	n.pause = min(max(2*n.pause, minAcceptPause), maxAcceptPause)
	if err := n.watch.Set(0); err != nil {
		return // the loop is closed
	}
	n.retry = n.l.After(n.pause, n.resume)
}

// descriptorFreed ends a pause early: one of our connections has ended.
func (n *listener) descriptorFreed() {
	if n.retry.Stop() {
		n.resume()
	}
}

func (n *listener) resume() { _ = n.watch.Set(loop.Readable) } // it fails on a closed loop only
