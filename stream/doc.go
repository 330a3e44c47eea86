// Package stream moves bytes between a loop and its peers: in order, one reader at
// a time, with writes that queue, and with a limit on everything that is kept.
//
// A Stream is read in one of two ways. Coroutines ask for what they need and await
// it (ReadUntil, ReadUntilRegexp, ReadFull, ReadSome, ReadInto, ReadUntilClose). A
// protocol that has many connections and few of them busy sets a Consumer instead and
// is given the bytes as they come; between messages such a stream holds no buffer, no
// coroutine and no timer.
//
// What is written goes at once as far as the transport takes it (Write, WriteV); the
// rest is queued, with parts of files (Sendfile) in their place. The queue has a limit
// for each stream (WriteLimits) and one for all streams of a loop (SetLoopBudget), and
// a peer that takes nothing for a minute is given up. Close delivers what was written,
// and OnClose tells why a stream has ended.
//
// A Stream stands on a Transport: a socket, or an end of a test's in-memory
// network. A Network makes them: System is the machine's own.
//
// # Dialling
//
// A Dialer connects, to names too. Its Resolver finds their addresses, off the loop, and
// it races those of IPv4 and IPv6 for the connection (Happy Eyeballs). It ends with TLS
// if that is wanted. Dial is the same with nothing set. A *DialError says in which phase
// it failed, and matches what every address has said. To write tests, give it a
// MapResolver and the network of package looptest.
//
// # Listening
//
// A Server accepts connections and looks after them: limits on their number, TLS,
// proxies in front, several loops, an orderly end. A Listener is the bare socket. What an idle connection
// costs depends on how it is served, in heap and stacks, without what the kernel holds:
//
//   - about 4 KB with Server.Handler, a coroutine that waits for it;
//   - about 200 bytes with Server.Accept and a Consumer, of which the books of the server
//     take eight: without one, on a bare Listener, it is the rest.
//
// The first reads as one writes it down, and is right until there are tens of thousands
// of connections. In the second, a protocol is written as a Consumer, and starts a
// coroutine when there is something to do.
//
// # Unix sockets
//
// They are streams like those of TCP, under network "unix" and a path. They have no
// addresses: LocalAddr and RemoteAddr are not valid; PeerCredentials says who it is.
// There is no reset: what was written can be read by the peer also after Abort, and
// the end looks orderly unless there were bytes that this side had not read.
//
// # TLS
//
// StartTLS makes a stream, of either role, a TLS connection, at once or in the middle
// of a dialogue. It is the standard library's crypto/tls, and so is its Config. The
// promises of Write and Close are the same over TLS, and an idle stream has neither
// coroutine nor buffer there either, only its tls.Conn.
//
// # Package net and back
//
// What is written for a net.Conn is given one: NetConn for code that runs in coroutines
// and starts no goroutine, GoConn for code that does, and Detach for a connection that
// leaves its loop for good. Connections of package net come by Adopt, what has no
// descriptor of its own, such as a *tls.Conn, by Pump.
//
//	           who may call it  costs                          TLS and memory
//	NetConn    coroutines       nothing while it is idle       yes
//	GoConn     any goroutine    a post to the loop each call   yes
//	Detach     any goroutine    what package net costs         no
//
// # Pipes and child processes
//
// NewPipe makes a stream of one end of a pipe, a FIFO or a terminal. StartProcess starts
// a child whose standard files are such streams, and ends it with the coroutine that
// started it.
//
// Everything here belongs to the loop it was made on; see package loop. Of a Server, any
// goroutine may call Shutdown, Close, Stats, Draining and Hold; of a GoConn everything; of a
// Process Signal, Terminate and PID.
package stream
