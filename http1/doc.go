// Package http1 serves HTTP/1.1 on a loop, and asks: one message at a time in each
// direction, and framing that is never guessed (RFC 9110, RFC 9112).
//
// A Handler runs as a coroutine, a new one with each request, and may wait as long
// as it likes; meanwhile the loop serves the others. A handler that never waits
// costs no switch of its own. A connection between two requests is one small
// struct. Std serves an unmodified net/http handler instead, on goroutines.
//
// A Client keeps connections, with limits and a timeout for each phase; whoever leaves a
// request ends it. Transport is the same for goroutines and net/http's http.Client, and
// StdClient, on net/http, speaks HTTP/2.
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
// accesslog keeps account.
//
// std gives a request to a net/http handler: a stdcall, which a stdworker runs and which has
// a stdwriter (with stdsend, stdhijack, stdtrailer and stddeadline) and a stdbody; ashttp is
// the other direction, door the way out to HTTP/2, unfinished what Shutdown reports.
//
// What handlers build on those: precondition, etag and range decide what of a content
// is sent, and content sends it; files, filefind, filetree and filelist serve a folder,
// and sendfile what is on the disk. compress decides about a coding, between
// ResponseWriter and framing stands coding, and decode is the way back. form, formfile
// and multipart read forms; events, cookie and answer are what their names say.
//
// client is a Client as its user sees it, with clientrequest, clientresponse and
// clienterror. A clientcall is a request under way: clienthop is where it goes,
// clientfollow and clientauth where a response sends it next. For each hop it gets a
// connection from clientpool and clientidle, or makes one (clientdial, clientproxy,
// clientsocks), and on that clientconn a clientexchange: clientsend and clientupload are
// the request on the wire, clientframing, clientbody and clientdecode the body that comes
// back; clientdamage tells a broken encoding from a broken connection.
package http1
