package stream

import (
	"net"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

const (
	// acceptBudget is how many connections one event may bring, so that a storm of
	// them leaves the others their turn (Tornado 1.57).
	acceptBudget = 128
	// Out of descriptors, a listener waits this long before it tries again.
	minAcceptPause, maxAcceptPause = 5 * time.Millisecond, time.Second
)

// Listen opens a listening socket on l.
func (n System) Listen(l *loop.Loop, network, address string) (Listener, error) {
	fd, err := sock.Listen(network, address, sock.Options{Backlog: n.Backlog, ReusePort: n.ReusePort})
	if err != nil {
		return nil, err
	}
	return &listener{l: l, fd: fd}, nil
}

type listener struct {
	l      *loop.Loop
	fd     int
	watch  loop.Watch
	fn     func(Transport)
	pause  time.Duration // of the present shortage of descriptors; 0: none
	retry  loop.Timer
	closed bool
}

func (n *listener) Accept(fn func(Transport)) (err error) {
	n.fn = fn
	n.watch, err = n.l.Watch(n.fd, loop.Readable, n)
	return err
}

func (n *listener) Addr() net.Addr {
	a, _ := sock.LocalAddr(n.fd) // it fails on a closed socket only
	return net.TCPAddrFromAddrPort(a)
}

func (n *listener) Close() error {
	if n.closed {
		return nil
	}
	n.closed = true
	n.watch.Stop()
	n.retry.Stop()
	return sock.Close(n.fd)
}

// Ready accepts what is there.
func (n *listener) Ready(loop.Events) {
	for range acceptBudget {
		if n.closed {
			return // by the connection before
		}
		fd, peer, err := sock.Accept(n.fd)
		switch {
		case err == nil:
			n.pause = 0
			n.fn(&socket{fd: int32(fd), peer: peer})
		case err == sock.ErrAgain:
			return
		case sock.IsTemporaryAccept(err):
			// The peer was gone before we came.
		case sock.IsExhausted(err):
			n.rest(err)
			return
		default:
			n.l.Logger().Error("zonda: accept", "addr", n.Addr().String(), "error", err)
			n.rest(err)
			return
		}
	}
}

// rest leaves the waiting connections where they are for a while. The socket would
// report itself ready in each iteration, and the loop would spin.
func (n *listener) rest(err error) {
	if n.pause == 0 {
		n.l.Logger().Warn("zonda: cannot accept connections for now", "addr", n.Addr().String(), "error", err)
	}
	n.pause = min(max(2*n.pause, minAcceptPause), maxAcceptPause)
	if err := n.watch.Set(0); err != nil {
		return // the loop is closed
	}
	n.retry = n.l.After(n.pause, func() { _ = n.watch.Set(loop.Readable) })
}
