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
// Everything here belongs to the loop it was made on; see package loop.
package stream
