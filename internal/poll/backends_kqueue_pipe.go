//go:build netbsd || openbsd

package poll

// OpenBSD and the NetBSD before 10 have no EVFILT_USER, so the waker is a pipe.
func backends() []backend {
	return []backend{
		{"kqueue", func() (Poller, error) { return openKqueue(0, false) }},
		{"poll", func() (Poller, error) { return newPollfd(openPipe) }},
		{"select", func() (Poller, error) { return newSelect(openPipe) }},
		{"chan", newChan},
	}
}
