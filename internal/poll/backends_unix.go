//go:build unix && !aix && !linux

package poll

func backends() []backend {
	return []backend{
		{"poll", func() (Poller, error) { return newPollfd(openPipe) }},
		{"chan", newChan},
	}
}
