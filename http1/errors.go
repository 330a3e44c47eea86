package http1

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"

	"github.com/zonda-go/zonda/internal/httpwire"
)

var (
	// ErrServerClosed is what ListenAndServe returns after Shutdown or Close.
	ErrServerClosed = errors.New("http1: server closed")
	// ErrClientGone is the cause with which a request's coroutine is cancelled when
	// its client has closed the connection, or its half of it.
	ErrClientGone = errors.New("http1: the client closed the connection")
	// ErrBodyTooLarge is what reading a request's body gives beyond Server.MaxBody, or
	// Request.SetMaxBody.
	// Returned by the handler, it is answered 413.
	ErrBodyTooLarge = errors.New("http1: request body too large")
	// ErrBodyTimeout is what reading a request's body gives when the client sends
	// nothing for Server.BodyTimeout, or less than Server.MinRate. Returned by the
	// handler, it is answered 408. It matches os.ErrDeadlineExceeded.
	ErrBodyTimeout = fmt.Errorf("http1: the request's body does not come: %w", os.ErrDeadlineExceeded)
	// ErrRequestTimeout is the cause with which a request's coroutine is cancelled after
	// Server.RequestTimeout. Returned by the handler, it is answered 503. It matches
	// context.DeadlineExceeded.
	ErrRequestTimeout = fmt.Errorf("http1: the request took too long: %w", context.DeadlineExceeded)
	// ErrContentLength is what Write gives when the handler writes more than its
	// own Content-Length, and what is logged of a response that has less; a request
	// ends with it whose body has not the length that it says.
	ErrContentLength = errors.New("http1: the body differs from its Content-Length")
	// ErrNoBody is what Write gives when the status permits no body. (The body of a
	// response to HEAD may be written; it is counted and not sent.)
	ErrNoBody = errors.New("http1: this status permits no body")
	// ErrBadField is what the response ends with if one of its header fields would
	// not be one on the wire: a line break in it, for example.
	ErrBadField = errors.New("http1: invalid header field")
	// ErrHijacked is what a ResponseWriter and a Body give whose connection was taken
	// away by Hijack, Upgrade or Tunnel. It matches net/http's ErrHijacked.
	ErrHijacked = fmt.Errorf("http1: %w", http.ErrHijacked)
	// ErrBegun is what Hijack gives when the response has begun.
	ErrBegun = errors.New("http1: the response has begun")
	// ErrNoUpgrade is what Upgrade gives when the client has not offered the protocol.
	ErrNoUpgrade = errors.New("http1: the client does not offer to switch")
)

// errNoTunnel is what a 2xx answer to CONNECT becomes. It would make the connection a
// tunnel, which this server cannot be (RFC 9110, 9.3.6); a handler that does not look
// at the method must not promise one by accident.
var errNoTunnel = &HTTPError{Status: 501}

// An HTTPError is an error that says how to answer: a handler that returns one sets
// the response's status, if it has not begun.
type HTTPError struct {
	// Status is the status code, 400 to 599. Any other is answered like an error
	// that is no HTTPError.
	Status int
	// Err is the cause. The client is not told; the log is if Status is 500 or
	// more. It may be nil.
	Err error
}

// Error names the status, and the cause if there is one.
func (e *HTTPError) Error() string {
	s := fmt.Sprintf("http1: %d %s", e.Status, httpwire.StatusText(e.Status))
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *HTTPError) Unwrap() error { return e.Err }

// statusOf says how an error is answered; 0: it is the server's own failure.
func statusOf(err error) int {
	var he *HTTPError
	var we *httpwire.Error
	switch {
	case errors.As(err, &he) && he.Status >= 400 && he.Status <= 599:
		return he.Status
	case errors.Is(err, ErrBodyTooLarge):
		return 413
	case errors.Is(err, ErrBodyTimeout):
		return 408
	case errors.Is(err, ErrRequestTimeout):
		return 503
	case errors.As(err, &we):
		return we.Status
	}
	return 0
}
