//go:build unix && !aix

package poll

// NewPollfdPipe is the poll backend with the waker that every Unix has, also
// where the default is another.
func NewPollfdPipe() (Poller, error) { return newPollfd(openPipe) }

// NewSelectPipe is the same of the select backend.
func NewSelectPipe() (Poller, error) { return newSelect(openPipe) }
