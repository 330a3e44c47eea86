package stream

import (
	"errors"
	"net"

	"github.com/zonda-go/zonda/loop"
)

// A Network makes connections: the machine's (System), or a test's.
type Network interface {
	// Listen opens a listening address on l. network is "tcp", "tcp4" or "tcp6";
	// address is host:port, where port 0 means any that is free.
	Listen(l *loop.Loop, network, address string) (Listener, error)
	// Dial connects to host:port and waits for that.
	Dial(co *loop.Co, network, address string) (Transport, error)
}

// A Listener accepts connections. It belongs to its loop.
type Listener interface {
	// Accept has fn called with every connection from now on. It is called once.
	Accept(fn func(Transport)) error
	// Addr is the address that was bound.
	Addr() net.Addr
	// Close stops accepting. Connections that were accepted live on.
	Close() error
}

// System is the machine's network. The zero value is ready for use. Its connections
// send small writes at once (TCP_NODELAY), as those of package net do.
type System struct {
	// Backlog is how many connections may wait to be accepted. Default: as many as
	// the system allows.
	Backlog int
	// ReusePort lets several sockets listen on one address. Default: false.
	ReusePort bool
}

// Dial connects to address, waits for that, and gives a stream.
func Dial(co *loop.Co, n Network, network, address string) (*Stream, error) {
	t, err := n.Dial(co, network, address)
	if err != nil {
		return nil, err
	}
	s, err := New(co.Loop(), t)
	if err != nil {
		return nil, errors.Join(err, t.Close(true))
	}
	return s, nil
}
