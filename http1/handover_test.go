package http1_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// childEnv is set for a process that TestHandover has started.
const childEnv = "ZONDA_TEST_CHILD"

// TestHandoverChild is that process: it serves until its standard input ends.
func TestHandoverChild(t *testing.T) {
	if os.Getenv(childEnv) == "" {
		return // nobody's child
	}
	if os.Getenv(childEnv) == "fails" {
		t.Fatal("as it was told")
	}
	in, err := stream.Inherit()
	if err != nil || len(in.Sockets) != 1 {
		t.Fatal(in, err)
	}
	if again, err := stream.Inherit(); err != nil || len(again.Sockets) != 0 {
		t.Error("found twice:", again, err)
	}
	l := running(t)
	srv := &http1.Server{Handler: naming("new")}
	_, err = loop.Do(t.Context(), l, func(co *loop.Co) (none struct{}, err error) {
		lns, err := in.Listen(l)
		if err == nil {
			err = srv.Serve(l, lns[0])
		}
		return none, err
	})
	if err == nil {
		err = in.Ready()
	}
	if err != nil {
		t.Fatal(err)
	}
	io.Copy(io.Discard, os.Stdin)
	if err := srv.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
}

// naming is a handler that says who it is.
func naming(name string) http1.Handler {
	return http1.HandlerFunc(func(_ *loop.Co, w *http1.ResponseWriter, _ *http1.Request) error {
		_, err := w.WriteString(name)
		return err
	})
}

// child is the command for such a process.
func child(ctx context.Context, what string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestHandoverChild$")
	cmd.Env = append(os.Environ(), childEnv+"="+what)
	return cmd
}

// TestHandover: a new process takes over under load, and not one request is refused,
// broken or lost.
func TestHandover(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	srv := &http1.Server{Handler: naming("old")}
	serveSockets(t, srv, func(addr string) {
		var clients sync.WaitGroup
		var old, fresh atomic.Int64
		const enough = 200
		client := func(ask func() (string, error)) {
			defer clients.Done()
			for fresh.Load() < enough && ctx.Err() == nil {
				switch who, err := ask(); {
				case err != nil:
					t.Error(err)
					return
				case who == "old":
					old.Add(1)
				case who == "new":
					fresh.Add(1)
				default:
					t.Errorf("%q", who)
				}
			}
		}
		kept := &http.Client{Transport: &http.Transport{}}
		defer kept.CloseIdleConnections()
		for range 3 {
			clients.Add(2)
			go client(func() (string, error) { return askOnce(addr) })
			go client(func() (string, error) { return askKept(kept, addr) })
		}
		for old.Load() < enough && ctx.Err() == nil {
			askOnce(addr)
		}
		cmd := child(ctx, "serves")
		stdin, err := cmd.StdinPipe()
		if err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := srv.Handover(ctx, cmd); err != nil {
			t.Fatal(err, out.String())
		}
		if err := srv.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		clients.Wait()
		if fresh.Load() < enough {
			t.Error("the new process has answered", fresh.Load())
		}
		kept.CloseIdleConnections()
		stdin.Close()
		if err := cmd.Wait(); err != nil {
			t.Error(err, out.String())
		}
	})
}

// askOnce asks on a connection of its own.
func askOnce(addr string) (string, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return "", err
	}
	defer c.Close()
	io.WriteString(c, wire(getLast))
	resp, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return "", err
	}
	p, err := io.ReadAll(resp.Body)
	return string(p), err
}

// askKept asks on a connection that is kept. One that the server closes at that moment
// net/http's client replaces.
func askKept(c *http.Client, addr string) (string, error) {
	resp, err := c.Get("http://" + addr)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	p, err := io.ReadAll(resp.Body)
	return string(p), err
}

// TestHandoverFails: then the server goes on as before.
func TestHandoverFails(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	srv := &http1.Server{Handler: naming("old")}
	serveSockets(t, srv, func(addr string) {
		if err := srv.Handover(ctx, child(ctx, "fails")); err == nil || !strings.Contains(err.Error(), "before it was ready") {
			t.Error(err)
		}
		why := errors.New("enough")
		soon, stop := context.WithCancelCause(ctx)
		cmd := exec.CommandContext(ctx, "sleep", "60") // never ready
		stop(why)
		if err := srv.Handover(soon, cmd); !errors.Is(err, why) {
			t.Error(err)
		}
		if err := srv.Handover(ctx, exec.Command("/no/such/program")); !errors.Is(err, os.ErrNotExist) {
			t.Error(err)
		}
		if who, err := askOnce(addr); who != "old" || err != nil {
			t.Error(who, err)
		}
	})
	if err := srv.Handover(ctx, nil); !errors.Is(err, http1.ErrServerClosed) {
		t.Error(err)
	}
}
