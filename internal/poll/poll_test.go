package poll_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/internal/poll/polltest"
)

// TestBackends runs the suite against every backend that exists here.
func TestBackends(t *testing.T) {
	for _, name := range poll.Names() {
		t.Run(name, func(t *testing.T) {
			open := func() (poll.Poller, error) { return poll.New(name) }
			polltest.Run(t, open, polltest.Of(name))
		})
	}
}

func TestNewDefault(t *testing.T) {
	p, err := poll.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if got, want := p.Name(), poll.Names()[0]; got != want {
		t.Errorf("the default is %q, want the first name, %q", got, want)
	}
}

func TestNewUnknown(t *testing.T) {
	p, err := poll.New("abacus")
	if p != nil || !errors.Is(err, errors.ErrUnsupported) {
		t.Fatalf("New = %v, %v, want an error that matches ErrUnsupported", p, err)
	}
	for _, name := range append(poll.Names(), `"abacus"`) {
		if !strings.Contains(err.Error(), name) {
			t.Errorf("error %q does not name %s", err, name)
		}
	}
}

func TestChanRefusesDescriptors(t *testing.T) {
	p, err := poll.New("chan")
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	if err := p.Add(0, poll.Readable, 1); !errors.Is(err, poll.ErrNoDescriptors) {
		t.Errorf("Add = %v, want ErrNoDescriptors", err)
	}
}

func TestErrorText(t *testing.T) {
	err := &poll.Error{Backend: "epoll", Op: "add", FD: 7, Err: errors.New("file exists")}
	if got, want := err.Error(), "poll: epoll add fd 7: file exists"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	err.Op, err.FD = "wait", -1
	if got, want := err.Error(), "poll: epoll wait: file exists"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
