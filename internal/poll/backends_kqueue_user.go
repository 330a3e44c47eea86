//go:build darwin || dragonfly || freebsd

package poll

import "golang.org/x/sys/unix"

// These systems have events that a process makes itself, EVFILT_USER.
func backends() []backend {
	return []backend{
		{"kqueue", func() (Poller, error) { return openKqueue(unix.EVFILT_USER, true) }},
		{"poll", func() (Poller, error) { return newPollfd(openPipe) }},
		{"select", func() (Poller, error) { return newSelect(openPipe) }},
		{"chan", newChan},
	}
}

var _ = [1]struct{}{}[noteTrigger^unix.NOTE_TRIGGER]
