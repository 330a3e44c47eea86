package stream

import (
	"io/fs"
	"net"
	"time"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// A Network makes connections: the machine's (System), or a test's. One that can choose
// the address of its own end has a method DialFrom besides, as System has; a Dialer with
// a LocalAddr needs it.
type Network interface {
	// Listen opens a listening address on l. network is "tcp", "tcp4" or "tcp6", and
	// address is host:port, where port 0 means any that is free. System, and the
	// network of package looptest, also take "unix".
	Listen(l *loop.Loop, network, address string) (Listener, error)
	// Dial connects to an address and waits for that. When co is cancelled it gives up,
	// leaves nothing behind and returns: a Dialer waits for that.
	Dial(co *loop.Co, network, address string) (Transport, error)
}

// A Listener accepts connections. It belongs to its loop.
type Listener interface {
	// Accept has fn called with every connection from now on. It is called once.
	// Each belongs to the loop that its Start is called with, which may be another.
	Accept(fn func(Transport)) error
	// Pause leaves connections waiting, at once, also those of the batch that fn
	// is being called for, until Resume.
	Pause()
	Resume()
	// Addr is the address that was bound.
	Addr() net.Addr
	// Close stops accepting. Connections that were accepted live on.
	Close() error
}

// System is the machine's network. The zero value is ready for use, and its
// connections are as those of package net.
type System struct {
	// Backlog is how many connections may wait to be accepted. Default: as many as
	// the system allows.
	Backlog int
	// ReusePort lets several sockets listen on one address of TCP. Default: false.
	ReusePort bool
	// Delay holds small writes back while earlier bytes are on their way, to send
	// fewer packets (Nagle's algorithm). Default: they are sent at once
	// (TCP_NODELAY). Stream.SetNoDelay changes it for one connection.
	Delay bool
	// KeepAlive is how long a connection of TCP may be silent before the system
	// asks the peer whether it is still there. Default: 15 s; negative: it never asks.
	KeepAlive time.Duration
	// KeepAliveInterval is the time between two of these questions, and
	// KeepAliveCount how many go unanswered before the connection is broken.
	// Default: 15 s and 9; negative: as the system has it. OpenBSD has its own for
	// the whole system.
	KeepAliveInterval time.Duration
	KeepAliveCount    int
	// ReadBuffer and WriteBuffer are how many bytes the system may hold for each
	// connection (SO_RCVBUF, SO_SNDBUF). Default: as the system has it, which for
	// TCP grows as needed.
	ReadBuffer, WriteBuffer int
	// UnixMode is the mode of the file that listening on "unix" makes. Default: 0600.
	UnixMode fs.FileMode
}

// settings is what sockets are to have.
func (n *System) settings() sock.Settings {
	return sock.Settings{
		NoDelay: !n.Delay,
		KeepAlive: net.KeepAliveConfig{
			Enable:   n.KeepAlive >= 0,
			Idle:     n.KeepAlive,
			Interval: n.KeepAliveInterval,
			Count:    n.KeepAliveCount,
		},
		ReadBuffer:  n.ReadBuffer,
		WriteBuffer: n.WriteBuffer,
	}
}

func (n *System) options() sock.Options {
	return sock.Options{Backlog: n.Backlog, ReusePort: n.ReusePort, Conn: n.settings()}
}
