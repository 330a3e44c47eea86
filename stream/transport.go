package stream

import (
	"net/netip"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// A Transport is a connected, non-blocking byte channel: what a Stream needs of a
// socket. It belongs to the loop it was started on.
type Transport interface {
	// Start has h told on l when the transport is ready. It is called first, and
	// again by StartTLS, which puts another h in the place of the first.
	Start(l *loop.Loop, h loop.Handler) error
	// Want says what h is to be told of: Readable, Writable, both or nothing.
	// Readiness is level-triggered. Failed may be told at any time after Start, and
	// then again and again: when the connection is broken, or when both sides have
	// ended. Not every system tells it to those who want neither.
	Want(loop.Events) error
	// Read and Write move what can be moved now. Nothing can: ErrAgain. Read
	// gives io.EOF after the peer's last byte, unless the connection has broken
	// since. An error of Write ends the stream.
	Read(p []byte) (int, error)
	Write(p []byte) (int, error)
	// CloseWrite tells the peer that no more bytes will come. It may return ErrAgain,
	// and is called again when the transport is Writable; otherwise it is called once
	// at most. A transport that cannot gives errors.ErrUnsupported: then Close of the
	// stream waits for nothing any more.
	CloseWrite() error
	// Close gives the transport back; what the peer has not received yet may
	// still be delivered. With abort it is not: the peer sees a reset.
	Close(abort bool) error
	// LocalAddr and RemoteAddr are the two ends, as far as they have addresses.
	// After Close they need not.
	LocalAddr() netip.AddrPort
	RemoteAddr() netip.AddrPort
}

// ErrAgain is what a Transport's Read and Write return when they would have to
// wait.
var ErrAgain = sock.ErrAgain

// limited is a Transport that is known to be less than a socket.
type limited interface {
	// halfCloses says that CloseWrite can tell the peer.
	halfCloses() bool
	// oneWay says that one side has nothing to say, nor an end of its own.
	oneWay() bool
}
