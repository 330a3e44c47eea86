//go:build unix && !aix

package poll_test

import (
	"testing"

	"golang.org/x/sys/unix"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/poll/polltest"
)

func TestPollWithPipe(t *testing.T) {
	polltest.Run(t, poll.NewPollfdPipe, polltest.Capabilities{Descriptors: true})
}

// A descriptor that was closed before it was removed is the caller's mistake; it
// must be told, as every sleep would end at once and nobody know why.
func TestPollClosedDescriptorIsReported(t *testing.T) {
	p, err := poll.New("poll")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	var fds [2]int
	if err := unix.Pipe(fds[:]); err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fds[1])
	if err := p.Add(fds[0], poll.Readable, 5); err != nil {
		t.Fatal(err)
	}
	unix.Close(fds[0])
	var dst [4]poll.Event
	n, err := p.Wait(dst[:], -1)
	if err != nil || n != 1 || dst[0] != (poll.Event{Token: 5, Events: poll.Failed}) {
		t.Fatalf("Wait = %v, %v, want Failed for token 5", dst[:n], err)
	}
	if err := p.Remove(fds[0]); err != nil {
		t.Error(err)
	}
}
