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

// ListenerDescriptor is the first socket's of a listener.
func ListenerDescriptor(ln Listener) int { return ln.(*listener).doors[0].fd }

// Resting reports whether listeners of l wait for descriptors.
func Resting(l *loop.Loop) bool { return len(roomOf(l).resting) > 0 }
