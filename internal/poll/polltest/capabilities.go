package polltest

import (
	"fmt"
	"runtime"
)

// Capabilities says what a backend can do. Its zero value is a backend that
// sleeps, wakes and keeps time, and nothing else. A test that needs more is
// skipped under the capability's name.
type Capabilities struct {
	// Descriptors: Add works.
	Descriptors bool
	// Failed: who asks for Writable is told Failed when the other side is gone.
	Failed bool
	// FailedUnasked: Failed comes whatever was asked for.
	FailedUnasked bool
	// TellsClosed: a descriptor that was closed before it was removed is reported
	// as Failed. Without it such a descriptor falls silent.
	TellsClosed bool
	// MaxFD is the highest descriptor that Add takes, above which it gives
	// ErrDescriptorTooHigh; 0: there is none (the capability AnyFD).
	MaxFD int
	// Unlisted: the name is not among poll.Names, the backend is made for tests.
	Unlisted bool
}

// Of gives what the backend of that name is expected to do. It panics if package
// poll has no such backend on any platform.
func Of(name string) Capabilities {
	switch name {
	case "epoll", "epoll-block":
		return Capabilities{Descriptors: true, Failed: true, FailedUnasked: true}
	case "kqueue":
		return Capabilities{Descriptors: true, Failed: true}
	case "poll":
		return Capabilities{Descriptors: true, Failed: true, FailedUnasked: true, TellsClosed: true}
	case "select":
		c := Capabilities{Descriptors: true, TellsClosed: true, MaxFD: 1023}
		if runtime.GOOS == "netbsd" {
			c.MaxFD = 255 // the size of package unix's sets
		}
		return c
	case "chan":
		return Capabilities{}
	}
	panic(fmt.Sprintf("polltest: nothing is known of the backend %q", name))
}
