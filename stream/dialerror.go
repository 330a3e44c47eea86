package stream

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// A DialError is why a Dialer has no stream. It is a value without owner.
//
// It matches what has gone wrong, at each address: syscall.ECONNREFUSED if one refused,
// os.ErrDeadlineExceeded and context.DeadlineExceeded if time ran out, context.Canceled if
// the Co was cancelled. errors.As finds a *net.DNSError of the lookup, the *net.OpError of
// an attempt, and a *tls.CertificateVerificationError.
type DialError struct {
	// Phase is what Dial was at: "lookup", "connect" or "tls".
	Phase string
	// Net and Address are what was to be dialled.
	Net, Address string
	// Err is what went wrong; when several addresses were tried, the errors of all,
	// joined.
	Err error
}

// Error is one line.
func (e *DialError) Error() string {
	why := strings.ReplaceAll(e.Err.Error(), "\n", "; ")
	return fmt.Sprintf("stream: dial %s %s: %s: %s", e.Net, e.Address, e.Phase, why)
}

// Unwrap gives Err.
func (e *DialError) Unwrap() error { return e.Err }

// Is makes a deadline of package context one of package os.
func (e *DialError) Is(target error) bool { return target == os.ErrDeadlineExceeded && e.expired() }

// Timeout reports whether a timeout or a deadline was the reason, as net.Error has it.
func (e *DialError) Timeout() bool {
	var t interface{ Timeout() bool }
	return e.expired() || errors.As(e.Err, &t) && t.Timeout()
}

func (e *DialError) expired() bool { return errors.Is(e.Err, context.DeadlineExceeded) }
