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
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// openDescriptors counts what this process has open.
func openDescriptors() (n int) {
	for fd := range 256 {
		var st syscall.Stat_t
		if syscall.Fstat(fd, &st) == nil {
			n++
		}
	}
	return n
}

// However a connection or an attempt ends, its descriptor is given back.
func TestDescriptorsAreGivenBack(t *testing.T) {
	for name, use := range map[string]func(p *pair, ln stream.Listener){
		"cancelled dial": func(p *pair, ln stream.Listener) {
			co, cancel := p.co.WithCancel()
			cancel(nil)
			if _, err := p.n.Dial(co, "tcp", ln.Addr().String()); !errors.Is(err, context.Canceled) {
				p.t.Error(err)
			}
		},
		"refused dial": func(p *pair, ln stream.Listener) {
			if _, err := p.n.Dial(p.co, "tcp", "127.0.0.1:1"); err == nil {
				p.t.Error("somebody listens on port 1")
			}
		},
		"port in use": func(p *pair, ln stream.Listener) {
			if _, err := p.n.Listen(p.l, "tcp", ln.Addr().String()); err == nil {
				p.t.Error("no error")
			}
		},
		"close": func(p *pair, ln stream.Listener) {
			near, far, err := connect(p.co, p.n, ln)
			if err != nil {
				p.t.Fatal(err)
			}
			far.Close()
			p.does(near.Close())
			p.until("far is closed", far.Closed)
		},
		"abort": func(p *pair, ln stream.Listener) {
			near, far, err := connect(p.co, p.n, ln)
			if err != nil {
				p.t.Fatal(err)
			}
			far.Abort()
			near.Abort()
		},
		"both end": func(p *pair, ln stream.Listener) {
			near, far, err := connect(p.co, p.n, ln)
			if err = errors.Join(err, near.CloseWrite(), far.CloseWrite()); err != nil {
				p.t.Fatal(err)
			}
			p.until("both are closed", func() bool { return near.Closed() && far.Closed() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			onSockets(t, func(p *pair) {
				before := openDescriptors()
				ln, err := p.n.Listen(p.l, "tcp", "127.0.0.1:0")
				if err != nil {
					p.t.Fatal(err)
				}
				use(p, ln)
				if err := ln.Close(); err != nil {
					p.t.Error(err)
				}
				if after := openDescriptors(); after != before {
					p.t.Errorf("%d descriptors were open, now %d", before, after)
				}
			})
		})
	}
}

// A transport that was closed does not touch its old descriptor again: by then it
// is someone else's.
func TestClosedSocketLetsGo(t *testing.T) {
	onSockets(t, func(p *pair) {
		tr := stream.TransportOf(p.near)
		p.near.Abort()
		if err := tr.Close(true); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("closed twice: %v", err)
		}
		if fd := stream.Descriptor(tr); fd != -1 {
			p.t.Errorf("it still has descriptor %d", fd)
		}
		if a := tr.LocalAddr(); a.IsValid() {
			p.t.Errorf("it has address %v", a)
		}
	})
}

// Small writes are sent at once on both ends.
func TestNoDelay(t *testing.T) {
	onSockets(t, func(p *pair) {
		for end, s := range map[string]*stream.Stream{"dialled": p.near, "accepted": p.far} {
			on, err := syscall.GetsockoptInt(stream.Descriptor(stream.TransportOf(s)), syscall.IPPROTO_TCP, syscall.TCP_NODELAY)
			if err != nil || on == 0 {
				p.t.Errorf("%s: %d, %v", end, on, err)
			}
		}
	})
}

// A socket that was connected to itself is not taken for a connection.
func TestDialSelf(t *testing.T) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer syscall.Close(fd)
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	own, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Connect(fd, own); err != nil {
		t.Fatalf("this system does not connect a socket to itself: %v", err)
	}
	if _, err := stream.Established(fd); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("got %v", err)
	}
}

// childRole makes this test binary the server of TestOutOfDescriptors.
const childRole = "ZONDA_TEST_OUT_OF_DESCRIPTORS"

// Out of descriptors, a server leaves connections waiting and goes on when some are
// given back. The limit is one of the process, so the server is another process:
// this test again. Its clients are here, more than it has descriptors.
func TestOutOfDescriptors(t *testing.T) {
	if role := os.Getenv(childRole); role != "" {
		go func() { // not to outlive the one who asks
			_, _ = io.Copy(io.Discard, os.Stdin)
			os.Exit(3)
		}()
		backend, relief, _ := strings.Cut(role, " ")
		if err := serveShort(backend, relief); err != nil {
			t.Fatal(err)
		}
		return
	}
	for _, s := range sites() {
		if s.memory() {
			continue
		}
		for _, relief := range []string{"closed", "timer", "other"} {
			t.Run(s.name+"/"+relief, func(t *testing.T) { outOfDescriptors(t, s.poller, relief) })
		}
	}
}

func outOfDescriptors(t *testing.T, backend, relief string) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	child := exec.CommandContext(ctx, os.Args[0], "-test.run=^TestOutOfDescriptors$")
	child.Env = append(os.Environ(), childRole+"="+backend+" "+relief)
	var log bytes.Buffer
	child.Stderr = &log
	stdin, err := child.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	addr, err := bufio.NewReader(out).ReadString('\n')
	if err == nil {
		err = useUp(strings.TrimSpace(addr))
	}
	if err = errors.Join(err, child.Wait()); err != nil {
		t.Fatalf("%v\n%s", err, log.Bytes())
	}
	if n := strings.Count(log.String(), "cannot accept connections for now"); n != 1 && (n != 2 || relief != "timer") {
		t.Errorf("want one line for the shortage, there are %d:\n%s", n, log.Bytes())
	}
}

// crowd is how many clients there are, room how many the server has descriptors for.
const crowd, room = 30, 8

// useUp connects all clients, and then serves itself with one after the other.
func useUp(addr string) error {
	var clients []net.Conn
	for range crowd {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			return err
		}
		defer c.Close()
		if err := c.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
			return err
		}
		clients = append(clients, c)
	}
	for i, c := range clients {
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			return fmt.Errorf("client %d: %w", i, err)
		}
		c.Close()
	}
	return nil
}

// frozen is a clock that stands still: no timer ever runs.
type frozen struct{}

func (frozen) Now() time.Time          { return time.Unix(0, 0) }
func (frozen) Skip(time.Duration) bool { return false }

// serveShort echoes one byte to each of crowd clients, with descriptors for few.
// What helps is that one of them is closed, or another stream of the loop (then the
// clock is frozen), or only trying again, as the shortage is not of the loop's making.
func serveShort(backend, relief string) error {
	o := &loop.Options{Poller: backend}
	if relief != "timer" {
		o.Clock = frozen{}
	}
	l, err := loop.New(o)
	if err != nil {
		return err
	}
	defer l.Close()
	ln, err := stream.System{}.Listen(l, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	_, err = loop.RunSync(l, func(co *loop.Co) (int, error) {
		dialled, err := dialSelf(co)
		if err != nil {
			return 0, err
		}
		fmt.Println(ln.Addr())
		taken, err := lowerLimit()
		if err != nil {
			return 0, err
		}
		switch relief {
		case "closed":
			release(taken)
		case "timer":
			l.After(20*time.Millisecond, func() { release(taken) })
		case "other":
			whenResting(l, dialled.Abort)
		}
		return echoCrowd(co, ln)
	})
	return err
}

// dialSelf makes a stream that no listener of the loop has accepted.
func dialSelf(co *loop.Co) (*stream.Stream, error) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer ln.Close()
	return stream.Dial(co, stream.System{}, "tcp", ln.Addr().String())
}

// whenResting calls fn when l has no descriptor left to accept with.
func whenResting(l *loop.Loop, fn func()) {
	l.Call(func() {
		if stream.Resting(l) {
			fn()
		} else {
			whenResting(l, fn)
		}
	})
}

// lowerLimit leaves this process with room descriptors more than it has, and takes
// those.
func lowerLimit() (taken []int, err error) {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	highest, err := syscall.Dup(0)
	if err != nil {
		return nil, err
	}
	taken = append(taken, highest)
	set(&limit.Cur, highest+room)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return nil, err
	}
	for {
		fd, err := syscall.Dup(0)
		if errors.Is(err, syscall.EMFILE) {
			return taken, nil
		}
		if err != nil {
			return nil, err
		}
		taken = append(taken, fd)
	}
}

// set is for a field whose type differs between the systems.
func set[T int64 | uint64](p *T, v int) { *p = T(v) }

func release(fds []int) {
	for _, fd := range fds {
		_ = syscall.Close(fd)
	}
}

func echoCrowd(co *loop.Co, ln stream.Listener) (int, error) {
	l := co.Loop()
	served := 0
	all := loop.NewPromise[int](l)
	err := ln.Accept(func(t stream.Transport) {
		s, err := stream.New(l, t)
		if err != nil {
			all.TryFail(err)
			return
		}
		s.ReadSome(1).OnDone(func(f *loop.Future[[]byte]) {
			b, _ := f.Result()
			s.Write(b)
			s.Close().OnDone(func(*loop.Future[struct{}]) {
				if served++; served == crowd {
					all.Set(served)
				}
			})
		})
	})
	if err != nil {
		return 0, err
	}
	return loop.Await(co, all.Future())
}
