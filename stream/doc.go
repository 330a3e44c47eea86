// Package stream moves bytes between a loop and its peers: in order, one reader at
// a time, with writes that queue, and with a limit on everything that is kept.
//
// A Stream is read in one of two ways. Coroutines ask for what they need and await
// it (ReadUntil, ReadFull, ReadSome). A protocol that has many connections and
// few of them busy sets a Consumer instead and is given the bytes as they come;
// between messages such a stream holds no buffer, no coroutine and no timer.
//
// A Stream stands on a Transport: a socket, or an end of a test's in-memory
// network. A Network makes them: System is the machine's own.
//
// StartTLS makes a stream, of either role, a TLS connection, at once or in the middle
// of a dialogue. It is the standard library's crypto/tls, and so is its Config. The
// promises of Write and Close are the same over TLS, and an idle stream has neither
// coroutine nor buffer there either, only its tls.Conn.
//
// Everything here belongs to the loop it was made on; see package loop.
package stream
