package http1

import (
	"fmt"
	"io"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// A ClientRequest is what a Client is to ask. The client does not change it, and it may
// be used again; it must not be changed while a request of it is under way. Only URL
// must be set. It is a value without owner.
type ClientRequest struct {
	// Method is any token. Default: GET.
	Method string
	// URL is absolute, with the scheme http or https. A user and password in it are
	// used as User and Password.
	URL string
	// Header has the fields to be sent. Host, User-Agent, Accept-Encoding, Cookie and
	// Authorization are added as needed if they are not there. Framing is the
	// client's: Content-Length and Transfer-Encoding are left out.
	Header Header

	// Body is the request's body. At most one of Body, Reader and Producer may be set.
	Body []byte
	// Reader has the body; it is read on a goroutine (see loop.Offload), unless it is
	// a reader of memory of packages bytes and strings. It is read once, so a request
	// that has one is not repeated. It is not closed; and where a request ends early,
	// the last Read may still be under way.
	Reader io.Reader
	// Producer writes the body, as a coroutine that waits when the server is slow to
	// take it. It may be called more than once: after a redirect that keeps the body,
	// when the server asks for authentication, or when it closes a connection just as an
	// idempotent request is sent on it.
	Producer func(co *loop.Co, w *BodyWriter) error
	// BodyLength is how many bytes Reader or Producer have, of a file its size: more or
	// less is ErrContentLength. Default: 0, nobody knows, and the body is sent in chunks.
	BodyLength int64
	// Expect100 has the body wait until the server asks for it, for a second at most
	// (RFC 9110, 10.1.1). Default: false.
	Expect100 bool
	// Nonstandard permits a body with methods for which it has no meaning: GET, HEAD,
	// DELETE, OPTIONS, TRACE and CONNECT. Default: such a body is refused.
	Nonstandard bool

	// Upgrade is the protocols that the server may switch the connection to, such as
	// "websocket" (RFC 9110, 7.8). If it does, Response.Upgraded is the connection; it may
	// just as well answer as usual. Only Do and Open permit it. Default: none.
	Upgrade string
	// AnyStatus makes a response of any status a success. Default: one that is not
	// 2xx is a *StatusError.
	AnyStatus bool
	// Redirects is how many redirects are followed. Default: the client's; negative:
	// none.
	Redirects int
	// Raw leaves the body as the server has encoded it, and asks for no encoding.
	// Default: gzip and deflate are asked for and decoded, unless Header has
	// Accept-Encoding or Range.
	Raw bool
	// MaxBody bounds the response's body, as it comes and decoded. Default: the
	// client's; negative: no limit.
	MaxBody int64
	// User and Password authenticate. Default: those of the URL, if any.
	User, Password string
	// Digest uses the digest scheme if the server offers it (RFC 7616). Default: the
	// basic one, which tells the password to whoever answers.
	Digest bool
	// IfModifiedSince asks for the resource only if it was changed after that; else
	// the response is 304, a *StatusError. Default: the zero time, always.
	IfModifiedSince time.Time

	// Timeouts replaces the client's, all of them. Default: nil, the client's.
	Timeouts *Timeouts
	// TLS replaces the client's. Requests share connections when they have the same
	// pointer here. Default: nil, the client's.
	TLS *stream.TLSOptions
	// Unix is the path of a Unix socket to connect to, whatever host URL names.
	// Default: the client's.
	Unix string
	// Proxy is the URL of a proxy to use (see Client.Proxy), or "direct" for none.
	// Default: what the client's says.
	Proxy string

	// OnHeader is called when the head of the final response has come, before its
	// body. It runs on the loop and must not wait. Default: nil.
	OnHeader func(*Response)
	// OnBody is given the body's bytes as they come, decoded; Response.Body stays
	// empty, also that of a *StatusError. It runs in a coroutine of the request's and may
	// wait, which slows the server down. p is valid during the call. An error ends the
	// request. Open does not call it. Default: nil.
	OnBody func(co *loop.Co, p []byte) error
	// OnProgress is told how far the body of the response is: ten times a second at
	// most, and at its end. It runs on the loop and must not wait. Default: nil.
	OnProgress func(Progress)
}

// SetRange asks for the bytes from first to last of a resource, both included; a
// negative last means the end, and a negative first the last -first bytes. A server
// that does that answers 206 (RFC 9110, 14).
func (r *ClientRequest) SetRange(first, last int64) {
	switch {
	case first < 0:
		r.Header.Set("Range", fmt.Sprintf("bytes=%d", first))
	case last < 0:
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-", first))
	default:
		r.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", first, last))
	}
}

// SetBasicAuth sets the user and password that authenticate.
func (r *ClientRequest) SetBasicAuth(user, password string) { r.User, r.Password = user, password }

// Timeouts bound the phases of a request. In each field 0 means the default, and a
// negative value that there is no limit. It is a value without owner.
type Timeouts struct {
	// Queue is how long a request may wait because of the client's limits. Default:
	// no limit but Whole.
	Queue time.Duration
	// Connect is how long it may take to look up the name, to connect, and to have a
	// proxy do so. Default: 20 s.
	Connect time.Duration
	// TLS is how long the handshake may take. Default: 10 s.
	TLS time.Duration
	// FirstByte is how long the head of the response may take after the request was
	// sent, with its body. Default: no limit but Whole.
	FirstByte time.Duration
	// Whole is how long all of it may take, redirects and the response's body
	// included, also where that is a stream or goes into a file. Default: 20 s.
	Whole time.Duration
}

const (
	defaultConnect = 20 * time.Second
	defaultTLS     = 10 * time.Second
	defaultWhole   = 20 * time.Second
)

// filled is t with its defaults in place; what has no limit is 0 then.
func (t Timeouts) filled() Timeouts {
	fill := func(d *time.Duration, standard time.Duration) {
		if *d == 0 {
			*d = standard
		}
		*d = max(*d, 0)
	}
	fill(&t.Queue, 0)
	fill(&t.Connect, defaultConnect)
	fill(&t.TLS, defaultTLS)
	fill(&t.FirstByte, 0)
	fill(&t.Whole, defaultWhole)
	return t
}
