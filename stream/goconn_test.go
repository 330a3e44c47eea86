//go:build unix

package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"testing"
	"time"

	"golang.org/x/net/nettest"

	"github.com/zonda-go/zonda/internal/poll"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// abroad is two ends of a connection for goroutines other than the loop's, which runs
// until close.
type abroad struct {
	l         *loop.Loop
	near, far net.Conn
	ran       chan error
}

func goAbroad(s site, network, address string, secure bool) (*abroad, error) {
	l, err := loop.New(&loop.Options{Poller: s.poller, Strict: true})
	if err != nil {
		return nil, err
	}
	a := &abroad{l: l, ran: make(chan error, 1)}
	go func() { a.ran <- l.Run() }()
	_, err = loop.Do(context.Background(), l, func(co *loop.Co) (int, error) {
		ln, err := stream.System{}.Listen(l, network, address)
		if err != nil {
			return 0, err
		}
		defer ln.Close()
		accepted := loop.NewPromise[*stream.Stream](l)
		if err := ln.Accept(func(t stream.Transport) {
			s, err := stream.New(l, t)
			if err != nil {
				accepted.Fail(errors.Join(err, t.Close(true)))
				return
			}
			accepted.Set(s)
		}); err != nil {
			return 0, err
		}
		near, err := stream.Dial(co, stream.System{}, network, ln.Addr().String())
		if err != nil {
			return 0, err
		}
		far, err := loop.Await(co, accepted.Future())
		if err != nil {
			return 0, err
		}
		if secure {
			served := far.StartTLS(usual().server)
			if _, err := loop.Await(co, near.StartTLS(usual().client)); err != nil {
				return 0, err
			}
			if _, err := loop.Await(co, served); err != nil {
				return 0, err
			}
		}
		a.near, a.far = stream.GoConn(near), stream.GoConn(far)
		return 0, nil
	})
	if err != nil {
		a.end()
		return nil, err
	}
	return a, nil
}

// close ends both ends; each may have been closed.
func (a *abroad) close() {
	_ = a.near.Close()
	_ = a.far.Close()
	a.end()
}

func (a *abroad) end() {
	_ = a.l.Close()
	<-a.ran
}

// sockets is the sites with sockets.
func sockets() (all []site) {
	for _, s := range sites() {
		if !s.memory() {
			all = append(all, s)
		}
	}
	return all
}

// must is goAbroad in a test.
func must(t *testing.T) *abroad {
	t.Helper()
	looptest.NoLeaks(t)
	s := sockets()
	if len(s) == 0 {
		t.Skipf("no backend of %v watches sockets here", poll.Names())
	}
	a, err := goAbroad(s[0], "tcp", "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(a.close)
	return a
}

// It does what every net.Conn does, also over TLS: the suite of golang.org/x/net.
func TestGoConn(t *testing.T) {
	for i, s := range sockets() {
		if i > 0 && !deep() {
			break // which backend wakes the loop is package loop's concern
		}
		for _, network := range []string{"tcp", "unix", "tls"}[:max(1, 3-2*i)] {
			t.Run(s.name+"/"+network, func(t *testing.T) {
				looptest.NoLeaks(t)
				nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
					var a *abroad
					if network == "unix" {
						a, err = goAbroad(s, network, socketName(t), false)
					} else {
						a, err = goAbroad(s, "tcp", "127.0.0.1:0", network == "tls")
					}
					if err != nil {
						return nil, nil, nil, err
					}
					return a.near, a.far, a.close, nil
				})
			})
		}
	}
}

// Addresses are those of package net, also when the connection is over.
func TestGoConnAddresses(t *testing.T) {
	a := must(t)
	if a.near.LocalAddr().String() != a.far.RemoteAddr().String() {
		t.Errorf("%v and %v", a.near.LocalAddr(), a.far.RemoteAddr())
	}
	before := a.far.LocalAddr()
	if _, ok := before.(*net.TCPAddr); !ok {
		t.Errorf("it is a %T", before)
	}
	if err := a.far.Close(); err != nil {
		t.Error(err)
	}
	if after := a.far.LocalAddr(); after.String() != before.String() {
		t.Errorf("it was %v, and is %v", before, after)
	}
}

// CloseWrite ends one direction only.
func TestGoConnCloseWrite(t *testing.T) {
	a := must(t)
	if err := a.near.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Fatal(err)
	}
	if n, err := a.far.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := a.far.Write([]byte("answer")); err != nil {
		t.Error(err)
	}
	got := make([]byte, 6)
	if _, err := io.ReadFull(a.near, got); err != nil || string(got) != "answer" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := a.near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing behind it: %v", err)
	}
}

// What a Write that timed out has counted is delivered, and nothing twice.
func TestGoConnWriteGoesOn(t *testing.T) {
	a := must(t)
	want := noise(8 << 20)
	sent, full := make(chan error, 1), make(chan struct{})
	timeOut := sync.OnceFunc(func() { close(full) })
	go func() {
		defer timeOut()
		for n := 0; n < len(want); {
			if err := a.near.SetWriteDeadline(time.Now().Add(time.Millisecond)); err != nil {
				sent <- err
				return
			}
			m, err := a.near.Write(want[n:])
			n += m
			if errors.Is(err, os.ErrDeadlineExceeded) {
				timeOut()
			} else if err != nil {
				sent <- err
				return
			}
		}
		sent <- a.near.Close()
	}()
	<-full
	got := make([]byte, 0, len(want))
	buf := make([]byte, 64<<10)
	for {
		n, err := a.far.Read(buf)
		got = append(got, buf[:n]...)
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := <-sent; err != nil {
		t.Error(err)
	}
	if string(got) != string(want) {
		t.Errorf("%d bytes came, not the %d that were written", len(got), len(want))
	}
}

// A loop that is closed ends the calls that wait, and all later ones; the descriptor is
// given back by Close all the same.
func TestGoConnLoopCloses(t *testing.T) {
	looptest.NoLeaks(t)
	s := sockets()
	before := openDescriptors()
	a, err := goAbroad(s[0], "tcp", "127.0.0.1:0", false)
	if err != nil {
		t.Fatal(err)
	}
	var calls sync.WaitGroup
	begun := make(chan struct{}, 2)
	for _, c := range []net.Conn{a.near, a.far} {
		calls.Go(func() {
			begun <- struct{}{}
			if _, err := c.Read(make([]byte, 1)); !errors.Is(err, net.ErrClosed) {
				t.Errorf("reading: %v", err)
			}
		})
	}
	<-begun
	<-begun
	a.end()
	calls.Wait()
	if _, err := a.near.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("writing: %v", err)
	}
	if err := a.near.SetDeadline(time.Time{}); !errors.Is(err, net.ErrClosed) {
		t.Errorf("a deadline: %v", err)
	}
	for _, c := range []net.Conn{a.near, a.far} {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if err := c.Close(); !errors.Is(err, net.ErrClosed) {
			t.Errorf("closed twice: %v", err)
		}
	}
	if after := openDescriptors(); after != before {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
}

// A Close that comes while the loop is being closed does not leave the descriptor to it.
func TestGoConnClosesWithLoop(t *testing.T) {
	looptest.NoLeaks(t)
	before := openDescriptors()
	near, far := loopback(t)
	l, err := loop.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := stream.Adopt(l, near.(*net.TCPConn))
	if err != nil {
		t.Fatal(err)
	}
	c := stream.GoConn(s)
	loop.Go(l, func(co *loop.Co) (struct{}, error) {
		_, err := loop.Await(co, loop.NewPromise[int](l).Future())
		return struct{}{}, errors.Join(err, stream.CloseAbroad(co, c))
	})
	if err := errors.Join(l.Close(), far.Close()); err != nil {
		t.Error(err)
	}
	if after := openDescriptors(); after != before {
		t.Errorf("%d descriptors were open, now %d", before, after)
	}
}

// Whoever holds the loop would wait for himself.
func TestGoConnOnLoop(t *testing.T) {
	onSockets(t, func(p *pair) {
		c := stream.GoConn(p.near)
		if msg := panicOf(func() { _, _ = c.Read(make([]byte, 1)) }); msg == "" {
			p.t.Error("it does not panic")
		}
	})
}
