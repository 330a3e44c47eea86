//go:build unix

package stream_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// everyStream asks for all three.
var everyStream = stream.ProcessOptions{Stdin: true, Stdout: true, Stderr: true}

// start starts a script of the shell.
func (p *pair) start(o stream.ProcessOptions, script string) *stream.Process {
	p.t.Helper()
	child, err := stream.StartProcess(p.co, exec.Command("sh", "-c", script), o)
	if err != nil {
		p.t.Fatal(err)
	}
	return child
}

// exits awaits the exit, with the code that it must have.
func (p *pair) exits(child *stream.Process, want int) {
	p.t.Helper()
	if code, err := loop.Await(p.co, child.ExitCode()); code != want || err != nil {
		p.t.Errorf("exit code %d, %v; want %d", code, err, want)
	}
}

// withChildren runs body on sockets' backends, after which no descriptor may be left.
func withChildren(t *testing.T, body func(p *pair)) {
	onSockets(t, func(p *pair) {
		before := openDescriptors()
		body(p)
		p.until("the descriptors are given back", func() bool { return openDescriptors() == before })
	})
}

// Tornado M02, test_subprocess: a dialogue, and an end.
func TestProcess(t *testing.T) {
	withChildren(t, func(p *pair) {
		child, err := stream.StartProcess(p.co, exec.Command("sh"), everyStream)
		if err != nil {
			p.t.Fatal(err)
		}
		if child.PID() <= 0 {
			p.t.Errorf("PID %d", child.PID())
		}
		child.Stdin.Write([]byte("echo hello\n"))
		p.gets(child.Stdout.ReadUntil("\n", 100), "hello\n")
		child.Stdin.Write([]byte("echo oops >&2; exit 0\n"))
		p.gets(child.Stderr.ReadUntilClose(100), "oops\n") // test_stderr
		p.gets(child.Stdout.ReadUntilClose(100), "")
		p.exits(child, 0)
		if err := child.Signal(syscall.SIGTERM); !errors.Is(err, os.ErrProcessDone) || child.PID() != 0 {
			p.t.Errorf("it has exited: %v, %d", err, child.PID())
		}
		child.Terminate()
		child.Stdin.Close()
	})
}

// Tornado M02, test_close_stdin.
func TestProcessCloseStdin(t *testing.T) {
	withChildren(t, func(p *pair) {
		child := p.start(stream.ProcessOptions{Stdin: true, Stdout: true}, "exec cat")
		if child.Stderr != nil {
			p.t.Error("nobody has asked for Stderr")
		}
		want := noise(1 << 20)
		got := child.Stdout.ReadUntilClose(2 << 20)
		child.Stdin.Write(want)
		p.does(child.Stdin.Close())
		p.gets(got, string(want))
		p.exits(child, 0)
	})
}

// Tornado M03, test_sigchild, test_wait_for_exit_raise and _raise_disabled: the exit is a
// future, as often as one likes, before and after it; with an error or without.
func TestProcessExit(t *testing.T) {
	withChildren(t, func(p *pair) {
		child := p.start(stream.ProcessOptions{}, "exit 1")
		p.exits(child, 1)
		p.exits(child, 1)
		_, err := loop.Await(p.co, child.Wait())
		var failed *exec.ExitError
		if !errors.As(err, &failed) || failed.ExitCode() != 1 {
			p.t.Errorf("Wait gives %v", err)
		}
		if state, err := loop.Await(p.co, p.start(stream.ProcessOptions{}, "exit 0").Wait()); err != nil || !state.Success() {
			p.t.Errorf("%v, %v", state, err)
		}
	})
}

// Tornado M03, test_sigchild_signal: a signal shows as its negative number.
func TestProcessSignal(t *testing.T) {
	withChildren(t, func(p *pair) {
		child := p.start(stream.ProcessOptions{Stdout: true}, "echo ready; exec sleep 60")
		p.gets(child.Stdout.ReadUntil("\n", 100), "ready\n")
		if err := child.Signal(syscall.SIGTERM); err != nil {
			p.t.Error(err)
		}
		p.exits(child, -int(syscall.SIGTERM))
		_, err := loop.Await(p.co, child.Wait())
		var failed *exec.ExitError
		if !errors.As(err, &failed) || failed.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
			p.t.Errorf("Wait gives %v", err)
		}
	})
}

// A child does not outlive the coroutine that it was started under: it is signalled, and
// killed if it does not mind that. It leaves no zombie.
func TestProcessEndsWithCoroutine(t *testing.T) {
	for name, c := range map[string]struct {
		script string
		o      stream.ProcessOptions
		want   int
	}{
		"signalled": {"echo ready; exec sleep 60", stream.ProcessOptions{}, -int(syscall.SIGTERM)},
		"another":   {"echo ready; exec sleep 60", stream.ProcessOptions{Signal: syscall.SIGINT}, -int(syscall.SIGINT)},
		"deaf":      {`trap "" TERM; echo ready; exec sleep 60`, stream.ProcessOptions{Grace: time.Millisecond}, -int(syscall.SIGKILL)},
		"at once":   {"echo ready; exec sleep 60", stream.ProcessOptions{Grace: -1}, -int(syscall.SIGKILL)},
	} {
		t.Run(name, func(t *testing.T) {
			withChildren(t, func(p *pair) {
				c.o.Stdin, c.o.Stdout = true, true
				var child *stream.Process
				pid := 0
				body := loop.Go(p.co, func(co *loop.Co) (struct{}, error) {
					var err error
					child, err = stream.StartProcess(co, exec.Command("sh", "-c", c.script), c.o)
					if err == nil {
						pid = child.PID()
						_, err = loop.Await(co, child.Stdout.ReadUntil("\n", 100))
					}
					return struct{}{}, err
				})
				p.does(body)
				p.exits(child, c.want)
				if !child.Stdin.Closed() || !child.Stdout.Closed() {
					p.t.Error("its streams are open")
				}
				if err := syscall.Kill(pid, 0); err != syscall.ESRCH {
					p.t.Errorf("there is a zombie: %v", err)
				}
			})
		})
	}
}

// Who is cancelled while a child starts has none.
func TestProcessCancelledStart(t *testing.T) {
	withChildren(t, func(p *pair) {
		co, cancel := p.co.WithCancel()
		p.l.Call(func() { cancel(nil) })
		if _, err := stream.StartProcess(co, exec.Command("sleep", "60"), everyStream); err != nil && !errors.Is(err, context.Canceled) {
			p.t.Error(err)
		} // NoLeaks waits for the goroutine, and so for the child, less than 60 s
		cancelled, stop := p.co.WithCancel()
		stop(nil)
		if _, err := stream.StartProcess(cancelled, exec.Command("sleep", "60"), everyStream); !errors.Is(err, context.Canceled) {
			p.t.Errorf("under a cancelled Co: %v", err)
		}
	})
}

// A failure to start leaves nothing behind.
func TestProcessCannotStart(t *testing.T) {
	withChildren(t, func(p *pair) {
		if _, err := stream.StartProcess(p.co, exec.Command("/no/such/program"), everyStream); !errors.Is(err, fs.ErrNotExist) {
			p.t.Errorf("no such program: %v", err)
		}
		if _, err := stream.StartProcess(p.co, exec.Command("no-such-program-anywhere"), everyStream); !errors.Is(err, exec.ErrNotFound) {
			p.t.Errorf("not found: %v", err)
		}
		cmd := exec.Command("cat")
		cmd.Stdin = strings.NewReader("")
		if _, err := stream.StartProcess(p.co, cmd, everyStream); err == nil {
			p.t.Error("there are two kinds of Stdin")
		}
	})
}

// What is no stream is as in package os/exec.
func TestProcessWithoutStreams(t *testing.T) {
	withChildren(t, func(p *pair) {
		var out strings.Builder
		cmd := exec.Command("cat")
		cmd.Stdin, cmd.Stdout = strings.NewReader("as ever"), &out
		child, err := stream.StartProcess(p.co, cmd, stream.ProcessOptions{})
		if err != nil {
			p.t.Fatal(err)
		}
		p.exits(child, 0)
		if out.String() != "as ever" {
			p.t.Errorf("it wrote %q", out.String())
		}
	})
}

// A loop that is closed takes its children and their descriptors along.
func TestProcessLoopCloses(t *testing.T) {
	looptest.NoLeaks(t)
	before := openDescriptors()
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	loop.Go(l, func(co *loop.Co) (struct{}, error) {
		defer l.Stop()
		child, err := stream.StartProcess(co, exec.Command("sh", "-c", "echo ready; exec sleep 60"), everyStream)
		if err != nil {
			return struct{}{}, err
		}
		pid = child.PID()
		if _, err := loop.Await(co, child.Stdout.ReadUntil("\n", 100)); err != nil {
			return struct{}{}, err
		}
		l.Stop()
		_, err = loop.Await(co, child.Wait())
		return struct{}{}, err
	})
	if err := l.Run(); err != nil {
		t.Fatal(err)
	}
	l.Close()
	for range 5000 {
		if syscall.Kill(pid, 0) == syscall.ESRCH {
			break
		}
		<-time.After(time.Millisecond)
	}
	if err := syscall.Kill(pid, 0); pid == 0 || err != syscall.ESRCH {
		t.Errorf("child %d lives on: %v", pid, err)
	}
	for n := 0; openDescriptors() != before && n < 5000; n++ {
		<-time.After(time.Millisecond)
	}
	if after := openDescriptors(); after != before {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
}

// A child's death is seen by who writes to it.
func TestProcessBrokenPipe(t *testing.T) {
	withChildren(t, func(p *pair) {
		child := p.start(stream.ProcessOptions{Stdin: true, Stdout: true}, "exit 3")
		p.refuses(child.Stdout.ReadSome(1), io.EOF)
		p.exits(child, 3)
		p.fails(child.Stdin.Write(make([]byte, 1<<20)), syscall.EPIPE)
	})
}
