// Package http1 serves HTTP/1.1 on a loop: one message at a time in each direction,
// and framing that is never guessed (RFC 9110, RFC 9112).
//
// A Handler runs as a coroutine, a new one with each request, and may wait as long
// as it likes; meanwhile the loop serves the others. A handler that never waits
// costs no switch of its own. A connection between two requests is one small
// struct. Std serves an unmodified net/http handler instead, on goroutines.
//
// Strings that a Request carries stay valid for ever; they are copies.
//
// # Files
//
// server and service are the server as its user and as its loop sees it; conn and
// cork are a connection, which makes an exchange of each head: the coroutine with
// its request, body and response; timeouts looks after the clients that are slow. send and head put the response on the wire.
//
// std gives a request to a net/http handler: a stdcall, which a stdworker runs and which has
// a stdwriter (with stdsend, stdhijack, stdtrailer and stddeadline) and a stdbody; ashttp is
// the other direction, door the way out to HTTP/2, unfinished what Shutdown reports.
package http1
