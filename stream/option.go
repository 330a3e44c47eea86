package stream

import (
	"errors"
	"fmt"
)

// Credentials are the process at the other end of a Unix socket, as the system knows
// it: the one that connected, or that began to listen. They are a value without owner.
type Credentials struct {
	// PID is the process, 0 where the system does not tell. By now it may have
	// ended, and its number be another's.
	PID int
	// UID and GID are its effective user and group.
	UID, GID int
}

// PeerCredentials asks the system who is at the other end of a Unix socket: on Linux,
// macOS and FreeBSD, there without the PID. Elsewhere, and on a stream of another kind, the
// error matches errors.ErrUnsupported.
func (s *Stream) PeerCredentials() (Credentials, error) {
	if t, ok := s.lowest().(interface{ PeerCredentials() (Credentials, error) }); ok {
		c, err := t.PeerCredentials()
		return c, optionError("peer credentials", err)
	}
	return Credentials{}, optionError("peer credentials", errors.ErrUnsupported)
}

// SetNoDelay says whether small writes are sent at once (true) or held back while
// earlier bytes are on their way: see System.Delay. On a stream that is not over TCP the
// error matches errors.ErrUnsupported.
func (s *Stream) SetNoDelay(on bool) error {
	if t, ok := s.lowest().(interface{ SetNoDelay(on bool) error }); ok {
		return optionError("no delay", t.SetNoDelay(on))
	}
	return optionError("no delay", errors.ErrUnsupported)
}

// lowest is the transport below TLS.
func (s *Stream) lowest() Transport {
	t := s.t
	for {
		upper, ok := t.(*secure)
		if !ok {
			return t
		}
		t = upper.inner
	}
}

func optionError(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("stream: %s: %w", what, err)
}
