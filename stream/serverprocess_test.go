//go:build unix

package stream_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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

// A server on a Unix socket. There are no addresses to limit connections by.
func TestServerUnix(t *testing.T) {
	onSockets(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines, MaxConnsPerAddr: 1}
		name := socketName(p.t)
		addr, err := srv.Listen(p.l, "unix", name)
		if err != nil {
			p.t.Fatal(err)
		}
		for range 3 {
			s, err := stream.Dial(p.co, p.n, "unix", addr.String())
			if err != nil {
				p.t.Fatal(err)
			}
			s.Write([]byte("hello\n"))
			p.gets(s.ReadUntil("\n", 10), "hello\n")
			defer s.Abort()
		}
		_ = srv.Close()
		p.over(srv)
		if _, err := os.Lstat(name); !errors.Is(err, os.ErrNotExist) {
			p.t.Errorf("the file is still there: %v", err)
		}
	})
}

// ListenAndServe has a loop of its own, looks names up, and returns when it is told to.
func TestServerListenAndServe(t *testing.T) {
	for name, c := range map[string]struct {
		network, address string
		srv              *stream.Server
	}{
		"tcp":   {"tcp", "localhost:0", &stream.Server{}},
		"loops": {"tcp", "127.0.0.1:0", &stream.Server{Loops: 2}},
		"unix":  {"unix", socketName(t), &stream.Server{}},
	} {
		t.Run(name, func(t *testing.T) {
			bound := make(chan net.Addr, 1)
			c.srv.Handler = echoLines
			c.srv.OnListen = func(a net.Addr) { bound <- a }
			ended := make(chan error, 1)
			go func() { ended <- c.srv.ListenAndServe(c.network, c.address) }()
			select {
			case a := <-bound:
				if err := hello(a); err != nil {
					t.Error(err)
				}
			case err := <-ended:
				t.Fatal(err)
			}
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			if err := c.srv.Shutdown(ctx); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, stream.ErrServerClosed) {
				t.Errorf("it returned %v", err)
			}
			if err := c.srv.ListenAndServe(c.network, c.address); !errors.Is(err, stream.ErrServerClosed) {
				t.Errorf("again: %v", err)
			}
		})
	}
	for _, address := range []string{"127.0.0.1", "127.0.0.1:no-such-service", "127.0.0.1:99999"} {
		if err := (&stream.Server{Handler: echoLines}).ListenAndServe("tcp", address); err == nil || errors.Is(err, stream.ErrServerClosed) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// A server that could not listen may try again, and leaves nothing behind meanwhile.
func TestServerListensAgain(t *testing.T) {
	looptest.NoLeaks(t)
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &stream.Server{Handler: echoLines, Loops: 2}
	for range 2 {
		if err := srv.ListenAndServe("tcp", busy.Addr().String()); !errors.Is(err, syscall.EADDRINUSE) {
			t.Errorf("the address is in use: %v", err)
		}
	}
	if err := busy.Close(); err != nil {
		t.Error(err)
	}
	srv.OnListen = func(a net.Addr) {
		go func() {
			if err := hello(a); err != nil {
				t.Error(err)
			}
			_ = srv.Shutdown(context.Background())
		}()
	}
	if err := srv.ListenAndServe("tcp", busy.Addr().String()); !errors.Is(err, stream.ErrServerClosed) {
		t.Error(err)
	}
}

// hello is a client that is answered, and leaves.
func hello(a net.Addr) error {
	c, err := net.Dial(a.Network(), a.String())
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return err
	}
	if _, err := io.WriteString(c, "hello\n"); err != nil {
		return err
	}
	line, err := bufio.NewReader(c).ReadString('\n')
	if err != nil || line != "hello\n" {
		return fmt.Errorf("answered %q, %v", line, err)
	}
	return nil
}

const inheritRole = "ZONDA_TEST_INHERIT"

// Tornado T05: a socket that was opened before serves several processes. Each takes one
// connection at a time here, so two at once are with two of them.
func TestServerProcesses(t *testing.T) {
	if os.Getenv(inheritRole) != "" {
		if err := serveInherited(); err != nil {
			t.Fatal(err)
		}
		return
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	f, err := ln.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	pids := map[string]bool{}
	for range 2 {
		child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestServerProcesses$")
		child.Env = append(os.Environ(), inheritRole+"=1")
		child.ExtraFiles = []*os.File{f}
		child.Stderr = os.Stderr
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		pids[fmt.Sprintln(child.Process.Pid)] = true
		defer func() {
			if err := child.Wait(); err != nil {
				t.Error(err)
			}
		}()
	}
	for range 2 {
		c, err := net.Dial("tcp", ln.Addr().String())
		if err != nil {
			t.Error(err)
			cancel()
			return
		}
		defer c.Close() // which ends the process
		pid, err := bufio.NewReader(c).ReadString('\n')
		if err != nil || !pids[pid] {
			t.Errorf("served by %q, %v; want one of %v", pid, err, pids)
		}
		delete(pids, pid)
	}
}

// serveInherited serves one client on descriptor 3.
func serveInherited() error {
	l, err := loop.New(nil)
	if err != nil {
		return err
	}
	defer l.Close()
	ln, err := stream.System{}.ListenFD(l, 3)
	if err != nil {
		return err
	}
	srv := &stream.Server{MaxConns: 1, Handler: func(co *loop.Co, s *stream.Stream) error {
		defer l.Stop()
		s.Write([]byte(fmt.Sprintln(os.Getpid())))
		_, err := loop.Await(co, s.ReadSome(1))
		return err
	}}
	if err := srv.Serve(l, ln); err != nil {
		return err
	}
	return l.Run()
}

const stormRole = "ZONDA_TEST_STORM"

// A storm of connections, from another process because each end takes a descriptor:
// those who were there before are served meanwhile, and nothing is left when it is over.
func TestServerStorm(t *testing.T) {
	if role := os.Getenv(stormRole); role != "" {
		var n int
		var addr string
		if _, err := fmt.Sscan(role, &n, &addr); err != nil {
			t.Fatal(err)
		}
		if err := storm(n, addr); err != nil {
			t.Fatal(err)
		}
		return
	}
	n := 2000
	if os.Getenv("ZONDA_DEEP") != "" {
		n = 15_000
	}
	before := countDescriptors(t)
	// A test of its own, because the loop is closed when it ends.
	t.Run(fmt.Sprint(n), func(t *testing.T) { weather(t, n) })
	if after := countDescriptors(t); after != before {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
}

func weather(t *testing.T, n int) {
	site{name: "tcp", poller: ""}.run(t, func(p *pair) {
		srv := &stream.Server{Handler: echoLines}
		addr := p.serve(srv)
		old := p.call(addr)
		child := exec.Command(os.Args[0], "-test.run=^TestServerStorm$")
		child.Env = append(os.Environ(), fmt.Sprintf("%s=%d %s", stormRole, n, addr))
		var out strings.Builder
		child.Stdout, child.Stderr = &out, &out
		gone := p.off(child.Run)
		rounds := 0
		for !gone.Done() {
			old.Write([]byte("me too\n"))
			p.gets(old.ReadUntil("\n", 100), "me too\n")
			if c := srv.Stats().Conns; c > 1 && c < n {
				rounds++
			}
		}
		if _, err := gone.Result(); err != nil {
			p.t.Errorf("%v\n%s", err, out.String())
		}
		if got := srv.Stats().Accepted; got != uint64(n)+1 {
			p.t.Errorf("%d were accepted", got)
		}
		if rounds == 0 {
			p.t.Error("the one who was there before was never served meanwhile")
		}
		old.Close()
		p.over(srv)
		_ = srv.Close()
	})
}

// storm connects n clients, all of which are there when the first leaves.
func storm(n int, addr string) error {
	conns := make([]net.Conn, n)
	defer func() {
		for _, c := range conns {
			if c != nil {
				c.Close()
			}
		}
	}()
	failed := make(chan error, n)
	turn := make(chan struct{}, 256) // connects at once; all of them stay
	for i := range conns {
		turn <- struct{}{}
		go func() {
			defer func() { <-turn }()
			c, err := net.DialTimeout("tcp", addr, time.Minute)
			if err == nil {
				conns[i] = c
				_, err = fmt.Fprintf(c, "%d\n", i)
			}
			failed <- err
		}()
	}
	for range conns {
		if err := <-failed; err != nil {
			return err
		}
	}
	for i, c := range conns {
		if err := c.SetDeadline(time.Now().Add(time.Minute)); err != nil {
			return err
		}
		var got int
		if _, err := fmt.Fscanln(c, &got); err != nil || got != i {
			return fmt.Errorf("client %d was answered %d, %w", i, got, err)
		}
	}
	return nil
}

func countDescriptors(t *testing.T) int {
	t.Helper()
	all, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(all)
}
