package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Beyond -max-conns a client waits until one of the others has left.
func TestMaxConns(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		if kind == "tls" {
			t.Skip("a client that waits cannot shake hands: tcp and unix show it")
		}
		p := start(t, kind, "-max-conns", "2")
		first, second, third := p.dial(), p.dial(), p.dial()
		for _, c := range []*client{first, second} {
			c.send("in\n")
			c.gets("in\n")
		}
		third.send("waiting\n")
		third.getsNothing()
		second.send("still in\n")
		second.gets("still in\n")
		first.Close()
		third.gets("waiting\n")
	})
}

// A client that is silent for -idle is let go, whether it has said something or not; one
// that talks stays.
func TestIdle(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-idle", "2s")
		silent, begun, talking := p.dial(), p.dial(), p.dial()
		begun.send("a line\nand a beginning")
		begun.gets("a line\n")
		over := make(chan error, 2)
		for _, c := range []*client{silent, begun} {
			go func() {
				rest, err := io.ReadAll(c)
				if len(rest) > 0 {
					err = fmt.Errorf("%q came", rest)
				}
				over <- err
				c.Close()
			}()
		}
		tick := time.NewTicker(50 * time.Millisecond)
		defer tick.Stop()
		for left := 2; left > 0; {
			select {
			case err := <-over:
				if err != nil {
					t.Error(err)
				}
				left--
			case <-tick.C:
				talking.send("hello\n")
				talking.gets("hello\n")
			}
		}
		talking.send("still here\n")
		talking.gets("still here\n")
	})
}

// A client that takes nothing is silent as well.
func TestIdleBlob(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-idle", "200ms", "-blob", fmt.Sprint(64<<20))
		p.reports(p.dial(), -1, "[^<].*")
	})
}

// Told to end, the program delivers what it has echoed, to idle and to busy clients, and
// ends in good order. The file of a Unix socket is gone.
func TestInterrupt(t *testing.T) {
	for _, sig := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		t.Run(sig.String(), func(t *testing.T) {
			each(t, func(t *testing.T, kind string) {
				p := start(t, kind, "-raw")
				idle, busy := p.dial(), p.dial()
				idle.send("hello")
				idle.gets("hello")
				much := numbered(16 << 20)
				go busy.Write(much) // as far as it goes: nobody reads yet
				busy.gets(string(much[:1000]))
				if err := p.cmd.Process.Signal(sig); err != nil {
					t.Fatal(err)
				}
				idle.getsRest(nil)
				idle.Close()
				rest, err := io.ReadAll(busy)
				if err != nil || len(rest) == 0 || string(rest) != string(much[1000:1000+len(rest)]) {
					t.Errorf("busy: %d bytes and %v", len(rest), err)
				}
				busy.Close()
				p.wait("")
				if _, err := os.Lstat(p.addr.String()); kind == "unix" && !errors.Is(err, os.ErrNotExist) {
					t.Errorf("the socket's file: %v", err)
				}
			})
		})
	}
}

// Clients that are being sent a blob get it.
func TestInterruptBlob(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind, "-blob", fmt.Sprint(size))
		c := p.dial()
		c.gets("abc")
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		rest, err := io.ReadAll(c)
		if err != nil || len(rest) != size-3 {
			t.Errorf("%d bytes more, and %v", len(rest), err)
		}
		c.Close()
		p.reports(c, size, "<nil>")
		if rest := p.wait(""); rest != "" {
			t.Errorf("more on stdout: %q", rest)
		}
	})
}

// Those that take nothing, or do not end their side, are given up after a while.
func TestInterruptStuck(t *testing.T) {
	t.Run("blob", func(t *testing.T) {
		t.Parallel()
		p := start(t, "tcp", "-blob", fmt.Sprint(64<<20))
		c := p.dial()
		c.gets("abc")
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		p.reports(c, -1, "[^<].*")
		p.wait("")
	})
	t.Run("echo", func(t *testing.T) {
		t.Parallel()
		p := start(t, "tcp")
		c := p.dial()
		c.send("hello\n")
		c.gets("hello\n")
		if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		c.getsRest(nil) // and stays
		p.wait("")
	})
}

// An address in use is one line and status 1, and harms nobody.
func TestAddressInUse(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		p := start(t, kind)
		second := exec.CommandContext(ctx(t), program, "-network", p.addr.Network(), "-addr", p.addr.String())
		fails(t, second, 1, p.addr.String())
		c := p.dial()
		c.send("hello\n")
		c.gets("hello\n")
	})
}

// What makes no sense is said, and status 2 for flags.
func TestFlags(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("sockets are not built for Windows")
	}
	for _, args := range []string{
		"-no-such-flag", "more", "-network udp", "-network unix", "-cert x", "-key x",
		"-loops 0", "-loops many", "-max-conns -1", "-idle -1s", "-blob -1", "-raw -blob 1",
	} {
		t.Run(args, func(t *testing.T) {
			text := fails(t, exec.CommandContext(ctx(t), program, strings.Fields(args)...), 2, "usage: tcpecho")
			if !strings.Contains(text, "-blob") || strings.HasPrefix(text, "usage") {
				t.Errorf("it says %q, not what is wrong and which flags there are", text)
			}
		})
	}
	nowhere := filepath.Join(t.TempDir(), "nothing")
	fails(t, exec.CommandContext(ctx(t), program, "-cert", nowhere, "-key", nowhere), 1, nowhere)
	fails(t, exec.CommandContext(ctx(t), program, "-addr", "127.0.0.1"), 1, "127.0.0.1")
}

// fails runs a command that must end with a status, having said why: in one line, if the
// status is 1.
func fails(t *testing.T, cmd *exec.Cmd, status int, why string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != status {
		t.Errorf("it ended with %v, want exit status %d", err, status)
	}
	text := stderr.String()
	if !strings.Contains(text, why) || status == 1 && strings.Count(text, "\n") != 1 {
		t.Errorf("on stderr %q, want something about %q", text, why)
	}
	if stdout.Len() > 0 {
		t.Errorf("on stdout %q", stdout.String())
	}
	return text
}
