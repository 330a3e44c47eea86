//go:build unix

package stream_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

const (
	fortyRole = "ZONDA_TEST_FORTY_DESCRIPTORS"
	limit     = 40 // descriptors that the server may have
	clients   = 60
	// leavers is how many of those inside go, so that others get in.
	leavers = 10
	// calm is more looks at the clock than a loop takes that sleeps, while spell
	// passes, and much fewer than one that spins.
	calm  = 200
	spell = 200 * time.Millisecond
)

// 60 clients of a server that may have 40 descriptors: those inside are served,
// it sleeps meanwhile, and takes in others as soon as some leave. The server is this
// test again in another process, because the limit is one of the process.
func TestFortyDescriptors(t *testing.T) {
	if backend, child := os.LookupEnv(fortyRole); child {
		if err := serveForty(backend); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, s := range sites() {
		if !s.memory() {
			t.Run(s.name, func(t *testing.T) { fortyDescriptors(t, s.poller) })
		}
	}
}

func fortyDescriptors(t *testing.T, backend string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestFortyDescriptors$")
	child.Env = append(os.Environ(), fortyRole+"="+backend)
	var log bytes.Buffer
	child.Stderr = &log
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		err = crowdForty(strings.TrimSpace(addr))
	}
	if err != nil {
		cancel() // it waits for nobody
	}
	if err = errors.Join(err, child.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, log.Bytes())
	}
	// When some have left and others come in, that is a second shortage at most.
	if n := strings.Count(log.String(), "cannot accept connections for now"); n < 1 || n > 2 {
		t.Errorf("want one line for each shortage, there are %d:\n%s", n, log.Bytes())
	}
}

// crowdForty is the clients.
func crowdForty(addr string) error {
	var all []*fortyClient
	for range clients {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		all = append(all, &fortyClient{c, bufio.NewReader(c)})
	}
	first := all[0]
	var inside, turns int
	if err := first.ask("full?", "%d", &inside); err != nil {
		return err
	}
	if inside < limit/4 || inside >= limit {
		return fmt.Errorf("with %d descriptors, %d clients are inside", limit, inside)
	}
	for range 3 {
		for i, c := range all[:inside] {
			if err := c.ask("echo", "echo"); err != nil {
				return fmt.Errorf("client %d, inside: %w", i, err)
			}
		}
	}
	if err := first.ask("rest", "%d", &turns); err != nil {
		return err
	}
	if turns > calm {
		return fmt.Errorf("in %v the server has looked at the clock %d times", spell, turns)
	}
	for _, c := range all[1 : 1+leavers] {
		c.Close()
	}
	for i, c := range all[inside : inside+leavers] {
		if err := c.ask("echo", "echo"); err != nil {
			return fmt.Errorf("client %d, when others had left: %w", inside+i, err)
		}
	}
	return first.ask("quit", "bye")
}

type fortyClient struct {
	net.Conn
	r *bufio.Reader
}

// ask sends a line and reads the answer.
func (c *fortyClient) ask(line, format string, into ...any) error {
	if _, err := io.WriteString(c, line+"\n"); err != nil {
		return err
	}
	answer, err := c.r.ReadString('\n')
	if err != nil {
		return err
	}
	if answer = strings.TrimSpace(answer); len(into) == 0 && answer == format {
		return nil
	}
	if n, err := fmt.Sscanf(answer, format, into...); n == 0 {
		return fmt.Errorf("%s was answered %q: %v", line, answer, err)
	}
	return nil
}

// counted is the machine's clock, and how often it was asked. A loop asks in each
// iteration.
type counted struct{ looks atomic.Int64 }

func (c *counted) Now() time.Time          { c.looks.Add(1); return time.Now() }
func (c *counted) Skip(time.Duration) bool { return false }

func serveForty(backend string) error {
	clock := &counted{}
	l, err := loop.New(&loop.Options{Poller: backend, Clock: clock})
	if err != nil {
		return err
	}
	defer l.Close()
	var all syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &all); err != nil {
		return err
	}
	few := all
	set(&few.Cur, limit)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		return err
	}
	// Whoever measures coverage writes a file at the end.
	defer func() { _ = syscall.Setrlimit(syscall.RLIMIT_NOFILE, &all) }()
	ln, err := stream.System{}.Listen(l, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Println(ln.Addr())
	f := &forty{l: l, clock: clock, accepted: 0}
	if err := ln.Accept(f.accept); err != nil {
		return err
	}
	err = l.Run()
	return errors.Join(err, f.err)
}

// forty is the server.
type forty struct {
	l        *loop.Loop
	clock    *counted
	accepted int
	err      error
}

func (f *forty) accept(tr stream.Transport) {
	s, err := stream.New(f.l, tr)
	if err != nil {
		f.err = err
		f.l.Stop()
		return
	}
	f.accepted++
	loop.Spawn(f.l, func(co *loop.Co) (struct{}, error) {
		defer s.Close()
		for {
			line, err := loop.Await(co, s.ReadUntil("\n", 100))
			if err != nil {
				return struct{}{}, nil // it has left
			}
			s.Write([]byte(f.answer(co, strings.TrimSpace(string(line))) + "\n"))
		}
	})
}

func (f *forty) answer(co *loop.Co, line string) string {
	switch line {
	case "full?":
		for !stream.Resting(f.l) {
			if err := loop.Sleep(co, time.Millisecond); err != nil {
				return err.Error()
			}
		}
		return fmt.Sprint(f.accepted)
	case "rest":
		before := f.clock.looks.Load()
		if err := loop.Sleep(co, spell); err != nil {
			return err.Error()
		}
		return fmt.Sprint(f.clock.looks.Load() - before)
	case "quit":
		f.l.After(0, f.l.Stop)
		return "bye"
	}
	return line
}
