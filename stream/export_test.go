package stream

import (
	"context"
	"fmt"
	"net"
	"unsafe"

	"github.com/zonda-go/zonda/loop"
)

// What tests see of the inside.

const (
	SizeofStream = unsafe.Sizeof(Stream{})
	SizeofSocket = unsafe.Sizeof(socket{})
)

var Established = established

// Held lists what s holds that an idle stream must not.
func Held(s *Stream) (held []string) {
	for name, is := range map[string]bool{
		"input":    s.in != nil,
		"output":   s.out != nil,
		"rare":     s.rare != nil,
		"offering": s.offering,
	} {
		if is {
			held = append(held, name)
		}
	}
	return held
}

// TimerPending reports whether a timer watches the peer.
func TimerPending(s *Stream) bool {
	return s.out != nil && s.out.timer.Pending() || s.closing() != nil && s.closing().timer.Pending()
}

// Descriptor is a socket's.
func Descriptor(t Transport) int { return int(t.(*socket).fd) }

// TransportOf is what s stands on.
func TransportOf(s *Stream) Transport { return s.t }

// CloseAbroad is a GoConn's Close as it runs on the loop.
func CloseAbroad(co *loop.Co, c net.Conn) error { return c.(*goConn).close(co) }

// ListenerDescriptor is the first socket's of a listener.
func ListenerDescriptor(ln Listener) int { return ln.(*listener).doors[0].fd }

// Resting reports whether listeners of l wait for descriptors.
func Resting(l *loop.Loop) bool { return len(roomOf(l).resting) > 0 }

// SearchPlanned reports, when it is called, whether the read that waits for a match now
// has a timer.
func SearchPlanned(s *Stream) func() bool {
	if s.in == nil || s.in.read == nil {
		return func() bool { return false }
	}
	return s.in.read.pattern.timer.Pending
}

// StallTimer is the timer of what waits to be sent.
func StallTimer(s *Stream) loop.Timer { return s.out.timer }

// AwaitListening waits until each of a server's loops accepts for itself. It is not for
// whoever holds one.
func AwaitListening(srv *Server) error {
	for _, st := range srv.sv.sites {
		if _, err := loop.Do(context.Background(), st.l, func(*loop.Co) (int, error) {
			if len(st.listeners) != 1 {
				return 0, fmt.Errorf("%d listeners", len(st.listeners))
			}
			return 0, nil
		}); err != nil {
			return err
		}
	}
	return nil
}

// Below is what s's TLS stands on.
func Below(s *Stream) Transport { return s.t.(*secure).inner }

// StripTLS takes TLS off s, and says nothing of that to the peer: from now on s
// carries records.
func StripTLS(s *Stream) error {
	s.t = s.t.(*secure).inner
	if err := s.t.Start(s.l, (*events)(s)); err != nil {
		return err
	}
	s.refresh()
	return nil
}

// Encrypted is how many encrypted bytes wait in s.
func Encrypted(s *Stream) int { return len(s.t.(*secure).out) }

// HeldTLS lists what the TLS of an idle stream must not hold.
func HeldTLS(s *Stream) (held []string) {
	t := s.t.(*secure)
	for name, is := range map[string]bool{
		"handshake": t.hs != nil,
		"input":     t.in != nil,
		"output":    t.out != nil,
		"buffer":    t.room != nil,
		"owed":      t.owed != 0,
	} {
		if is {
			held = append(held, name)
		}
	}
	return held
}

// TLSQueue is how many handshakes wait for their turn on l.
func TLSQueue(l *loop.Loop) int { return len(loop.Local[tlsTurns](l).waiting) }

const (
	TLSSteps         = tlsSteps
	HandshakeTimeout = handshakeTimeout
	MaxAnswers       = maxAnswers
)
