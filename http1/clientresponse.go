package http1

import (
	"crypto/tls"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/stream"
)

// A Response is what a server has answered. It belongs to whoever asked.
type Response struct {
	// Status is the status code, Reason the phrase that came with it.
	Status int
	Reason string
	// Major and Minor are the version: 1 and 1, 1 and 0 of an HTTP/1.0 server, or 2 and 0
	// through a StdClient.
	Major, Minor int
	// Header has the fields in order. Of a body that was decoded, Content-Encoding and
	// Content-Length are taken out.
	Header Header
	// Trailer has the fields behind a chunked body, once that is read to its end.
	Trailer Header
	// URL is where the response came from, after redirects. It must not be changed.
	URL *url.URL
	// Request is what was asked, before redirects.
	Request *ClientRequest
	// ContentLength is how many bytes the body has as it comes, or would have if the
	// method were not HEAD; -1: nobody knows. Of 304 it is 0, whatever the field says.
	ContentLength int64
	// Body is the body, of Do, Fetch and Get.
	Body []byte
	// Stream is the body, of Open. It must be closed.
	Stream *ResponseBody
	// Upgraded is the connection after a response of status 101 to a request with Upgrade,
	// with what has come behind the head in its buffer. It is the caller's, who must close
	// it; the Client neither counts nor closes it any more, and no timeout of the request
	// holds. Body is empty and Stream nil then.
	Upgraded *stream.Stream
	// Decoded says that the server had sent the body with gzip or deflate.
	Decoded bool
	// Redirects is how many were followed.
	Redirects int
	// Reused says that the connection had been used before.
	Reused bool
	// RemoteAddr is the server's end of the connection, or the proxy's.
	RemoteAddr netip.AddrPort
	// TLS is what was agreed on in the handshake; nil without TLS.
	TLS *tls.ConnectionState
	// Timing says how long the phases took.
	Timing Timing

	method string
	head   head // of Header
}

// Timing is how long the phases of a request took, on the loop's clock. After
// redirects they are the sums of all requests. It is a value without owner.
type Timing struct {
	// Start is when the request began.
	Start time.Time
	// Queue, Connect and TLS are as in Timeouts; 0 where a connection was used again.
	Queue, Connect, TLS time.Duration
	// FirstByte is the time from the sending of the request to the head of the
	// response.
	FirstByte time.Duration
	// Total is everything, up to the end of the body; 0 while that is not read.
	Total time.Duration
}

// Progress is how far a body is. It is a value without owner.
type Progress struct {
	// Done is how many bytes have come, decoded; Total how many there are, -1 if
	// nobody knows, as of a body that is decoded.
	Done, Total int64
	// Rate is how many bytes a second there were on average.
	Rate float64
	// Ended says that this is all.
	Ended bool
}

// String is the response in a line.
func (r *Response) String() string {
	reason := r.Reason
	if reason == "" {
		reason = httpwire.StatusText(r.Status)
	}
	return fmt.Sprintf("Response(%d %s, %s %s, %d bytes)", r.Status, reason, r.method, shownURL(r.URL), len(r.Body))
}

// Cookies are the cookies that the response sets.
func (r *Response) Cookies() []*http.Cookie {
	var all []*http.Cookie
	for _, line := range r.Header.Values("Set-Cookie") {
		if c, err := http.ParseSetCookie(line); err == nil {
			all = append(all, c)
		}
	}
	return all
}

// fill takes over a head that was parsed. It is copied once, and all strings are
// pieces of that copy.
func (r *Response) fill(text []byte, p *httpwire.Response) {
	h := &r.head
	h.fill(text, p.Fields)
	r.Header.head = h
	r.Status = p.Status
	r.Reason = h.of(p.Reason)
	r.Major, r.Minor = 1, int(p.Minor)
	r.ContentLength = p.Length
	switch {
	case p.Framing == httpwire.Chunked || p.Framing == httpwire.UntilClose,
		r.method == "HEAD" && p.Length == 0 && !r.Header.Has("Content-Length"):
		r.ContentLength = -1
	case r.Status == 304 && r.method != "HEAD":
		r.ContentLength = 0 // the field is about what was not modified (RFC 9110, 8.6)
	}
}
