//go:build unix && !aix && !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package poll

func backends() []backend {
	return []backend{
		{"poll", func() (Poller, error) { return newPollfd(openPipe) }},
		{"select", func() (Poller, error) { return newSelect(openPipe) }},
		{"chan", newChan},
	}
}
