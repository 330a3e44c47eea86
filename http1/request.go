package http1

import (
	"net/netip"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// A Request is what a client asked for. It belongs to its handler, which may keep
// it; Body is of use only until the handler has returned.
type Request struct {
	// Method is as it came: "GET".
	Method string
	// Target is the request target as it came: "/path?query", or one of the rarer
	// forms of RFC 9112, 3.2.
	Target string
	// Host is the host the client asked, with the port if it gave one: of an
	// absolute target, or else of the field Host.
	Host string
	// Minor is the minor version: 1, or 0 for an HTTP/1.0 client.
	Minor int
	// Header holds all fields, in order.
	Header Header
	// ContentLength is the length of the body in bytes; -1 if it is chunked, 0 if
	// there is none.
	ContentLength int64
	// Body is the request's body. Reading it makes the coroutine wait for bytes.
	Body *Body
	// RemoteAddr is the client's end of the connection, which may be a proxy: see ClientIP.
	RemoteAddr netip.AddrPort

	head head  // of Header
	form *Form // nil before ParseForm
}

// SetMaxBody bounds the body of this request in bytes, instead of Server.MaxBody;
// negative: no limit. It belongs to the loop, and holds for what is read from now on.
func (r *Request) SetMaxBody(n int64) { r.Body.limit = n }

// LocalAddr is the server's end of the connection. It belongs to the loop, and is
// the zero address once the connection is closed.
func (r *Request) LocalAddr() netip.AddrPort {
	if c := r.Body.ex.c; !c.s.Closed() {
		return c.s.LocalAddr()
	}
	return netip.AddrPort{}
}

// Path is the target without its query, as it came: not unescaped.
func (r *Request) Path() string {
	path, _, _ := strings.Cut(r.pathAndQuery(), "?")
	return path
}

// Query is what follows the question mark in the target, as it came.
func (r *Request) Query() string {
	_, query, _ := strings.Cut(r.pathAndQuery(), "?")
	return query
}

// pathAndQuery is the target without scheme and authority.
func (r *Request) pathAndQuery() string {
	if strings.HasPrefix(r.Target, "/") {
		return r.Target
	}
	_, rest, absolute := strings.Cut(r.Target, "://")
	if !absolute {
		return r.Target
	}
	if i := strings.IndexAny(rest, "/?"); i >= 0 && rest[i] == '/' {
		return rest[i:]
	} else if i >= 0 {
		return "/" + rest[i:]
	}
	return "/"
}

// fill makes the request of a parsed head. The head is copied once, and all strings
// are pieces of that copy.
func (r *Request) fill(text []byte, p *httpwire.Request) {
	h := &r.head
	h.fill(text, p.Fields)
	r.Header.head = h
	r.Method = h.of(p.Method)
	r.Target = h.of(p.Target)
	r.Host = h.of(p.Host)
	r.Minor = int(p.Minor)
	switch p.Framing {
	case httpwire.Length:
		r.ContentLength = p.Length
	case httpwire.Chunked:
		r.ContentLength = -1
	}
}
