package stream

import (
	"cmp"
	"crypto/tls"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// handshakeTimeout is TLSOptions.Timeout's default.
const handshakeTimeout = 10 * time.Second

var (
	// ErrNotIdle is what StartTLS and Detach give when bytes are still on their way:
	// a read or a Consumer waits for some, a write has not left, or, for StartTLS,
	// a client has received some that nobody consumed. The stream is as it was.
	ErrNotIdle = errors.New("stream: not idle")

	errHandshakeTimeout = fmt.Errorf("stream: TLS handshake: %w", os.ErrDeadlineExceeded)
	errRenegotiation    = fmt.Errorf("stream: TLS renegotiation: %w", errors.ErrUnsupported)
)

// TLSOptions say how a stream is to become a TLS connection. Of the zero value only
// Config must be set: a client needs its ServerName or its InsecureSkipVerify, a
// server a certificate.
type TLSOptions struct {
	// Config is used as it is, and must not be changed any more. Its callbacks run
	// on the loop, in a coroutine of the handshake (which Loop.Current gives, so
	// they may wait), and so must not block; loop.Of finds the loop in
	// ClientHelloInfo.Context. Renegotiation is refused.
	Config *tls.Config
	// Server makes this end the server. Default: the client.
	Server bool
	// Timeout is how long the handshake may take, its turn in the queue included.
	// Default: 10 seconds. Negative: as long as it likes.
	Timeout time.Duration
	// Offload has the handshake computed on a goroutine of its own, for keys that
	// are slow (RSA) and for callbacks of Config that block; they run there then.
	// Default: on the loop, a few handshakes in each iteration.
	Offload bool
}

// StartTLS makes the stream a TLS connection from the next byte on. Its future
// resolves when the handshake is done, and fails with what went wrong in it. The
// stream is over then, with that error: a deadline matches os.ErrDeadlineExceeded, a
// peer that went away io.ErrUnexpectedEOF, and errors.As finds what package
// crypto/tls tells, such as a *tls.CertificateVerificationError. To stop waiting for
// the future does not stop the handshake.
//
// Everything of the stream may be used at once: reads and writes wait for the
// handshake, and so does Close. After it, the end of input is io.EOF only if the peer
// has said goodbye (close_notify, RFC 8446, 6.1). If it has not, bytes may have been
// cut off, and the error is io.ErrUnexpectedEOF.
//
// It fails with ErrNotIdle, and changes nothing, while plain bytes are on their way.
// What a server has received and not consumed is taken for the beginning of the
// handshake, never for what the client says after it: commands that someone slipped
// in behind the client's STARTTLS end the handshake. On a TLS stream it puts a second
// layer of TLS on the first.
func (s *Stream) StartTLS(o TLSOptions) *loop.Future[struct{}] {
	switch err := s.unwritable(); {
	case err != nil:
		return s.failed(err)
	case !s.idle(o.Server):
		return s.failed(ErrNotIdle)
	case !o.Server && o.Config != nil && o.Config.Renegotiation != tls.RenegotiateNever:
		return s.failed(errRenegotiation) // it would be a handshake in the middle of Read
	}
	t := newSecure(s, o)
	if err := t.inner.Start(s.l, t); err != nil {
		s.fail(err)
		return s.failed(err)
	}
	if s.in != nil {
		t.in = s.in.buf
		s.in = nil
	}
	s.t = t
	if o.Timeout >= 0 {
		t.hs.timer = s.l.After(cmp.Or(o.Timeout, handshakeTimeout), t.hs.expire)
	}
	t.hs.queue()
	s.refresh()
	return t.hs.p.Future()
}

// idle reports whether no plain byte is on its way that StartTLS would lose or
// confuse.
func (s *Stream) idle(server bool) bool {
	if t, ok := s.t.(*secure); ok && t.hs != nil {
		return false
	}
	if s.out != nil || s.consumer != nil || s.offering {
		return false
	}
	return s.in == nil || s.in.read == nil && server
}

// TLS is what was agreed on in the handshake; false before it is done, and on a
// stream without TLS. It stays when the stream has been closed.
func (s *Stream) TLS() (tls.ConnectionState, bool) {
	t, ok := s.t.(*secure)
	if !ok || !t.done {
		return tls.ConnectionState{}, false
	}
	return t.conn.ConnectionState(), true
}
