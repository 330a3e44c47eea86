// Package sock makes the socket system calls that streams are built on.
//
// Sockets are numbers here: every descriptor it makes is non-blocking and
// close-on-exec, is watched by nobody, and belongs to the caller, who closes it.
// A function may be called from any goroutine; that no two use one descriptor at
// the same time, and none uses it after Close, is the caller's matter.
//
// A call that would block gives ErrAgain. A call that a signal has interrupted is
// made again. Other errors match the error numbers of package syscall. Where the
// platform has no non-blocking sockets that a loop could watch, every function
// gives an error that matches errors.ErrUnsupported.
package sock

import "net"

// RawLimit is the longest transfer that is made behind the scheduler's back, on
// the systems where there is such a way: it saves what telling the scheduler
// costs, and holds up a garbage collection for as long as it takes to copy the
// bytes. Longer ones are ordinary system calls.
//
// What counts is the length of the slice. A reader with a long buffer asks for
// RawLimit bytes first, and for more when it got all of them.
const RawLimit = 16 << 10

// Options for Listen and ListenUnix. The zero value is what most servers want.
type Options struct {
	// Backlog is how many connections may wait to be accepted; 0 is as many as
	// the system allows.
	Backlog int

	// ReusePort lets several sockets listen on one address, if all of them say
	// so, and the system spreads the connections. Those that wait on a socket
	// when it is closed are lost. It is for TCP.
	ReusePort bool

	// Conn is for the connections that are accepted, as far as they inherit it:
	// see Inherits.
	Conn Settings
}

// Settings are the options of a connection. The zero value changes nothing of what
// the system has set.
type Settings struct {
	// NoDelay and KeepAlive are for TCP: see SetNoDelay and SetKeepAlive.
	NoDelay   bool
	KeepAlive net.KeepAliveConfig
	// ReadBuffer and WriteBuffer are what the system may hold, in bytes; 0: its
	// default. Linux doubles the number, for its own bookkeeping.
	ReadBuffer, WriteBuffer int
}

// Credentials are the process at the other end of a Unix socket: the one that
// connected, or that listened. A PID of 0 is not known.
type Credentials struct{ PID, UID, GID int }
