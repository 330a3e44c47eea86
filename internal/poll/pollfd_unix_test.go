//go:build unix && !aix

package poll_test

import (
	"testing"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/poll/polltest"
)

// The waker that every Unix has, also where the default is another.
func TestPipeWaker(t *testing.T) {
	t.Run("poll", func(t *testing.T) {
		polltest.Run(t, poll.NewPollfdPipe, polltest.Of("poll"))
	})
	t.Run("select", func(t *testing.T) {
		polltest.Run(t, poll.NewSelectPipe, polltest.Of("select"))
	})
}
