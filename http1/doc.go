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
// its request, body and response, and what few of them need, in rare. send and head put
// the response on the wire, inform what goes before it, and trailer has what comes behind
// a body. timeouts looks after clients that are slow, forwarded asks the proxies, and
// accesslog keeps account. std runs a stdcall on a stdworker, which sees a stdwriter.
//
// What handlers build on those: precondition, etag and range decide what of a content
// is sent, and content sends it; files, filefind, filetree and filelist serve a folder,
// and sendfile what is on the disk. compress decides about a coding, between
// ResponseWriter and framing stands coding, and decode is the way back. form, formfile
// and multipart read forms; events, cookie and answer are what their names say.
package http1
