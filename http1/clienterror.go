package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"strconv"
	"strings"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

var (
	// ErrClientClosed is what requests of a Client end with that was closed.
	ErrClientClosed = errors.New("http1: client closed")
	// ErrClientLoop is what a Client gives on a second loop: it lives on the one where
	// it was used first.
	ErrClientLoop = errors.New("http1: Client on a second loop; a client lives on one")
	// ErrBadRequest is what a ClientRequest gives that cannot be sent as it is: a URL
	// that is none, a line break in a field, a body where the method has none.
	ErrBadRequest = errors.New("http1: bad request")
	// ErrResponseTooLarge is what a response gives whose body, as it comes or decoded,
	// has more than MaxBody bytes.
	ErrResponseTooLarge = errors.New("http1: response body too large")
	// ErrServerGone is what a request gives whose server closed the connection before
	// the response was complete. It matches io.ErrUnexpectedEOF.
	ErrServerGone = errors.New("http1: the server closed the connection")
	// ErrBadResponse is what a request gives whose server, or proxy, sends what is no
	// response: something other than HTTP/1, framing of which nobody could tell where
	// it ends, a damaged encoding. A handler that returns it answers 502 if the framing
	// was to blame.
	ErrBadResponse = errors.New("http1: bad response")
	// ErrProxy is what a request gives that a proxy has refused to pass on.
	ErrProxy = errors.New("http1: refused by the proxy")

	errBodyClosed = errors.New("http1: read of a response body that was closed")
	errUpgraded   = fmt.Errorf("%w: the server changed the protocol to one that was not asked for", ErrBadResponse)
	errUnasked    = fmt.Errorf("%w: the server spoke before it was asked", ErrBadResponse)
)

// The phases of a request, as ClientError.Phase and in the order in which they come.
// A request begins again with "queue" after a redirect.
const (
	PhaseRequest  = "request"  // looking at the ClientRequest
	PhaseQueue    = "queue"    // waiting for a connection, because of the client's limits
	PhaseConnect  = "connect"  // looking up the name, and connecting
	PhaseProxy    = "proxy"    // having a proxy connect
	PhaseTLS      = "tls"      // the handshake
	PhaseSend     = "send"     // making the request's body: an error of who makes it
	PhaseResponse = "response" // waiting for the head of the response
	PhaseBody     = "body"     // reading the body of the response
)

// A ClientError is why there is no response, or not a whole one. errors.Is finds what
// is behind it: os.ErrDeadlineExceeded or context.DeadlineExceeded for a timeout,
// context.Canceled, syscall.ECONNREFUSED, io.ErrUnexpectedEOF, and the sentinels of
// this package.
type ClientError struct {
	// Phase is what the request was at, one of the constants PhaseRequest and so on.
	Phase string
	// Method and URL are those of the request, after redirects the last one's. A
	// password in the URL is left out; what is no URL is quoted.
	Method, URL string
	// Err is what went wrong.
	Err error
}

// Error is one line: phase, method and URL, and why.
func (e *ClientError) Error() string {
	return fmt.Sprintf("http1: %s %s: %s: %v", e.Method, e.URL, e.Phase, e.Err)
}

// Unwrap gives Err.
func (e *ClientError) Unwrap() error { return e.Err }

// Is makes a deadline of package context one of package os.
func (e *ClientError) Is(target error) bool { return target == os.ErrDeadlineExceeded && e.expired() }

// Timeout reports whether a timeout or a deadline was the reason, as net.Error has it.
func (e *ClientError) Timeout() bool {
	var t interface{ Timeout() bool }
	return e.expired() || errors.As(e.Err, &t) && t.Timeout()
}

func (e *ClientError) expired() bool { return errors.Is(e.Err, context.DeadlineExceeded) }

// A StatusError is a response whose status is not 2xx, unless its request has AnyStatus
// (Tornado's HTTPClientError). It is no HTTPError: a handler that passes it on would
// else answer with the status of somebody else.
type StatusError struct {
	// Response is the response, with its body.
	Response *Response
}

// Error names the status and the URL: "http1: 404 Not Found: GET http://...".
func (e *StatusError) Error() string {
	r := e.Response
	reason := r.Reason
	if reason == "" {
		reason = httpwire.StatusText(r.Status)
	}
	return fmt.Sprintf("http1: %d %s: %s %s", r.Status, reason, r.method, shownURL(r.URL))
}

// shownURL is u without its password and fragment, for logs and errors.
func shownURL(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Redacted()
}

// shownText is shownURL of what a request has, which may be no URL: then the beginning,
// where a password may be, is left out, and what could break a line is quoted.
func shownText(text string) string {
	if u, err := url.Parse(text); err == nil {
		return shownURL(u)
	}
	if i := strings.LastIndexByte(text, '@'); i >= 0 {
		text = "..." + text[i:]
	}
	return strconv.Quote(text)
}

// parseURL is url.Parse, whose error does not repeat the URL: it may have a password.
func parseURL(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	var wrong *url.Error
	if errors.As(err, &wrong) {
		err = wrong.Err
	}
	return u, err
}

// goneError is ErrServerGone with the reason: in the sense of the message the end was
// unexpected, whatever that is.
type goneError struct{ cause error }

func (e *goneError) Error() string {
	return fmt.Sprintf("%v: %v", ErrServerGone, e.cause)
}

func (e *goneError) Unwrap() []error { return []error{ErrServerGone, io.ErrUnexpectedEOF, e.cause} }

// badResponseError is ErrBadResponse with the rule that was broken.
type badResponseError struct{ rule *httpwire.Error }

func (e *badResponseError) Error() string {
	return fmt.Sprintf("%v: %s (%s, byte %d)", ErrBadResponse, e.rule.Reason, e.rule.Rule, e.rule.Offset)
}

func (e *badResponseError) Unwrap() []error { return []error{ErrBadResponse, e.rule} }

// badResponse is an error of package httpwire in the words of a client, which answers
// nobody.
func badResponse(err error) error {
	if rule, ok := err.(*httpwire.Error); ok {
		return &badResponseError{rule}
	}
	return err
}

// badRequest is an error that matches ErrBadRequest.
func badRequest(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrBadRequest}, args...)...)
}

// errTimeout is what a phase ends with that takes too long.
var errTimeout = loop.ErrTimeout
