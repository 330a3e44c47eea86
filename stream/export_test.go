package stream

import (
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
		"closing":  s.closing != nil,
		"offering": s.offering,
	} {
		if is {
			held = append(held, name)
		}
	}
	return held
}

// CloseTimerPending reports whether a close still has its timer.
func CloseTimerPending(s *Stream) bool { return s.closing != nil && s.closing.timer.Pending() }

// Descriptor is a socket's.
func Descriptor(t Transport) int { return int(t.(*socket).fd) }

// TransportOf is what s stands on.
func TransportOf(s *Stream) Transport { return s.t }

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
