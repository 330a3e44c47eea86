package websocket

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/zonda-go/zonda/stream"
)

var (
	// ErrClosed is what a connection gives that was closed on this side. It matches
	// net.ErrClosed.
	ErrClosed = fmt.Errorf("websocket: %w", net.ErrClosed)
	// ErrReading is what a read gives while another is under way, or when OnMessage
	// takes the messages.
	ErrReading = errors.New("websocket: somebody is reading already")
	// ErrQueueFull is what Send gives when more than Options.Queue bytes would wait for
	// the peer. Nothing of the message was taken. It matches stream.ErrBufferFull.
	ErrQueueFull = fmt.Errorf("websocket: too much waits for the peer: %w", stream.ErrBufferFull)
	// ErrDropped is the same under the policy DropNewest.
	ErrDropped = errors.New("websocket: message dropped, too much waits for the peer")
	// ErrNotUTF8 is what writing a text gives that is none (RFC 6455, 5.6). Nothing was
	// sent.
	ErrNotUTF8 = errors.New("websocket: text that is not UTF-8")
	// ErrCloseTimeout is what Close's future gives when the peer does not answer a close
	// frame in time. It matches os.ErrDeadlineExceeded.
	ErrCloseTimeout = fmt.Errorf("websocket: no answer to the close frame: %w", os.ErrDeadlineExceeded)
	// ErrPongTimeout is the cause of a CloseError with 1006 when the peer was silent
	// after a ping. It matches os.ErrDeadlineExceeded.
	ErrPongTimeout = fmt.Errorf("websocket: ping timed out: %w", os.ErrDeadlineExceeded)
)

// A Code says why a connection is closed (RFC 6455, 7.4). Applications may use 3000 to
// 4999 as they like.
type Code uint16

// The codes of IANA's registry. NoCode and Abnormal are never sent: the one says that the
// peer gave no code, the other that the connection ended without a close frame.
const (
	Normal          Code = 1000
	GoingAway       Code = 1001
	ProtocolError   Code = 1002
	Unsupported     Code = 1003
	NoCode          Code = 1005
	Abnormal        Code = 1006
	InvalidPayload  Code = 1007
	PolicyViolation Code = 1008
	TooBig          Code = 1009
	NoExtension     Code = 1010
	InternalError   Code = 1011
	ServiceRestart  Code = 1012
	TryAgainLater   Code = 1013
	BadGateway      Code = 1014
)

// A CloseError says how a connection has ended: what the peer's close frame says, which
// rule the peer has broken (then Sent is true, and this is what it was told), or that it
// ended without one (Abnormal). It is a value without owner. It matches io.EOF if the peer
// has closed in good order: Normal, GoingAway or NoCode.
//
// Returned by a function of OnMessage, it has the connection closed with Code and Reason.
type CloseError struct {
	// Code and Reason are what the close frame says; or Abnormal, and why that is, if
	// there was none.
	Code   Code
	Reason string
	Sent   bool  // by this end
	Err    error // the cause; nil if the close frame is all that is known
}

// Error has the code, the reason and the cause, as far as there are any.
func (e *CloseError) Error() string {
	s := fmt.Sprintf("websocket: closed by the peer: %d", e.Code)
	if e.Sent {
		s = fmt.Sprintf("websocket: refused: %d", e.Code)
	} else if e.Code == Abnormal {
		s = "websocket: ended without a close frame"
	}
	if e.Reason != "" {
		s += fmt.Sprintf(" %q", e.Reason)
	}
	if e.Err != nil {
		s += ": " + e.Err.Error()
	}
	return s
}

// Unwrap is the cause.
func (e *CloseError) Unwrap() error { return e.Err }

// Is has an orderly end match io.EOF.
func (e *CloseError) Is(target error) bool {
	return target == io.EOF && !e.Sent && (e.Code == Normal || e.Code == GoingAway || e.Code == NoCode)
}
