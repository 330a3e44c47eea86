//go:build unix

package stream_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// socketName is a path for a Unix socket, short enough for every system.
func socketName(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "z")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "s")
}

// listenUnix listens for the time of the test's body.
func (p *pair) listenUnix(n stream.System, name string) stream.Listener {
	p.t.Helper()
	ln, err := n.Listen(p.l, "unix", name)
	if err != nil {
		p.t.Fatal(err)
	}
	return ln
}

// connectUnix makes a connection to a listener that accepts nothing yet.
func (p *pair) connectUnix(n stream.System, ln stream.Listener) (near, far *stream.Stream) {
	p.t.Helper()
	accepted := loop.NewPromise[*stream.Stream](p.l)
	if err := ln.Accept(func(t stream.Transport) {
		s, err := stream.New(p.l, t)
		if err != nil {
			p.t.Error(err)
		}
		accepted.Set(s)
	}); err != nil {
		p.t.Fatal(err)
	}
	near, err := stream.Dial(p.co, n, "unix", ln.Addr().String())
	if err != nil {
		p.t.Fatal(err)
	}
	far, err = loop.Await(p.co, accepted.Future())
	if err != nil {
		p.t.Fatal(err)
	}
	return near, far
}

// A Unix socket is a stream like others; it has a path instead of addresses.
func TestUnixSocket(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := socketName(p.t)
		ln := p.listenUnix(stream.System{}, name)
		if a, ok := ln.Addr().(*net.UnixAddr); !ok || a.Name != name || a.Net != "unix" {
			p.t.Errorf("the address is %#v", ln.Addr())
		}
		if info, err := os.Stat(name); err != nil || info.Mode() != fs.ModeSocket|0o600 {
			p.t.Errorf("the file is %v, %v", info, err)
		}
		near, far := p.connectUnix(stream.System{}, ln)
		for _, a := range []netip.AddrPort{near.LocalAddr(), near.RemoteAddr(), far.LocalAddr(), far.RemoteAddr()} {
			if a.IsValid() {
				p.t.Errorf("it has the address %v", a)
			}
		}
		near.Write([]byte("there"))
		p.gets(far.ReadFull(5), "there")
		far.Write([]byte("and back"))
		closed := far.Close()
		p.gets(near.ReadFull(8), "and back")
		p.refuses(near.ReadSome(1), io.EOF)
		near.Close()
		p.does(closed)
		if err := ln.Close(); err != nil {
			p.t.Error(err)
		}
		if _, err := os.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			p.t.Errorf("the file is still there: %v", err)
		}
		_, err := stream.Dial(p.co, stream.System{}, "unix", name)
		var op *net.OpError
		if !errors.Is(err, fs.ErrNotExist) || !errors.As(err, &op) || op.Net != "unix" || op.Op != "dial" {
			p.t.Errorf("dialling nobody: %v", err)
		}
	})
}

func TestUnixMode(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := socketName(p.t)
		defer p.listenUnix(stream.System{UnixMode: 0o666}, name).Close()
		if info, err := os.Stat(name); err != nil || info.Mode() != fs.ModeSocket|0o666 {
			p.t.Errorf("the file is %v, %v", info, err)
		}
	})
}

// Tornado's bind_unix_socket: what a dead process has left is replaced, what somebody
// uses is not, nor is a file that is no socket.
func TestUnixInUse(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := socketName(p.t)
		leave(p.t, name)
		ln := p.listenUnix(stream.System{}, name)
		defer ln.Close()
		var op *net.OpError
		if _, err := p.n.Listen(p.l, "unix", name); !errors.Is(err, syscall.EADDRINUSE) || !errors.As(err, &op) {
			p.t.Errorf("a live one: %v", err)
		}
		near, far := p.connectUnix(stream.System{}, ln)
		near.Abort()
		far.Abort()

		file := filepath.Join(filepath.Dir(name), "file")
		if err := os.WriteFile(file, []byte("precious"), 0o600); err != nil {
			p.t.Fatal(err)
		}
		if _, err := p.n.Listen(p.l, "unix", file); !errors.Is(err, syscall.EADDRINUSE) {
			p.t.Errorf("a file: %v", err)
		}
		if b, err := os.ReadFile(file); string(b) != "precious" {
			p.t.Errorf("the file is %q, %v", b, err)
		}
	})
}

// leave makes a socket as a process leaves it that was killed.
func leave(t *testing.T, name string) {
	t.Helper()
	ln, err := net.Listen("unix", name)
	if err != nil {
		t.Fatal(err)
	}
	ln.(*net.UnixListener).SetUnlinkOnClose(false)
	if err := ln.Close(); err != nil {
		t.Fatal(err)
	}
}

// Close removes the file only as long as it is the listener's own.
func TestUnixFileOfAnother(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := socketName(p.t)
		ln := p.listenUnix(stream.System{}, name)
		if err := os.Remove(name); err != nil {
			p.t.Fatal(err)
		}
		other := p.listenUnix(stream.System{}, name)
		defer other.Close()
		if err := ln.Close(); err != nil {
			p.t.Error(err)
		}
		if _, err := os.Lstat(name); err != nil {
			p.t.Errorf("the other's file is gone: %v", err)
		}
	})
}

func TestUnixAbstract(t *testing.T) {
	onSockets(t, func(p *pair) {
		name := "@zonda-" + filepath.Base(filepath.Dir(socketName(p.t)))
		ln, err := p.n.Listen(p.l, "unix", name)
		if runtime.GOOS != "linux" {
			if !errors.Is(err, errors.ErrUnsupported) {
				p.t.Errorf("got %v", err)
			}
			return
		}
		if err != nil {
			p.t.Fatal(err)
		}
		defer ln.Close()
		near, far := p.connectUnix(stream.System{}, ln)
		near.Write([]byte("x"))
		p.gets(far.ReadFull(1), "x")
		near.Abort()
		far.Abort()
	})
}

// 4 MiB through small buffers to a slow reader: many partial writes, and nothing is
// lost, although Close follows at once and nobody has read what the peer sent.
func TestUnixLargeWrite(t *testing.T) {
	onSockets(t, func(p *pair) {
		small := stream.System{ReadBuffer: 4096, WriteBuffer: 4096}
		ln := p.listenUnix(small, socketName(p.t))
		defer ln.Close()
		near, far := p.connectUnix(small, ln)
		far.Write([]byte("junk"))
		want := noise(4 << 20)
		near.Write(want)
		if near.Unsent() == 0 {
			p.t.Error("the system has taken everything at once")
		}
		closed := near.Close()
		var got bytes.Buffer
		for err := error(nil); err == nil; {
			var b []byte
			if b, err = loop.Await(p.co, far.ReadSome(64<<10)); err != nil && err != io.EOF {
				p.t.Errorf("after %d bytes: %v", got.Len(), err)
			}
			got.Write(b)
		}
		if !bytes.Equal(got.Bytes(), want) {
			p.t.Errorf("%d of %d bytes came as they were", got.Len(), len(want))
		}
		far.Close()
		p.does(closed)
	})
}

// Whoever dials waits while the queue of connections is full.
func TestUnixFullQueue(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a queue that makes the next one wait; the others refuse")
	}
	onSockets(t, func(p *pair) {
		ln := p.listenUnix(stream.System{Backlog: 1}, socketName(p.t))
		defer ln.Close()
		var all []*loop.Future[*stream.Stream]
		for range 5 {
			all = append(all, loop.Go(p.co, func(co *loop.Co) (*stream.Stream, error) {
				return stream.Dial(co, p.n, "unix", ln.Addr().String())
			}))
		}
		co, cancel := p.co.WithTimeout(5 * time.Millisecond)
		defer cancel()
		if s, err := stream.Dial(co, p.n, "unix", ln.Addr().String()); !errors.Is(err, context.DeadlineExceeded) {
			p.t.Errorf("the queue takes more than it should, or waiting cannot be ended: %v, %v", s, err)
		}
		if err := ln.Accept(func(tr stream.Transport) { _ = tr.Close(false) }); err != nil {
			p.t.Fatal(err)
		}
		for i, f := range all {
			s, err := loop.Await(p.co, f)
			if err != nil {
				p.t.Errorf("number %d: %v", i, err)
				continue
			}
			s.Abort()
		}
	})
}

func TestPeerCredentials(t *testing.T) {
	onSockets(t, func(p *pair) {
		if c, err := p.near.PeerCredentials(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("over TCP: %v, %v", c, err)
		}
		ln := p.listenUnix(stream.System{}, socketName(p.t))
		defer ln.Close()
		near, far := p.connectUnix(stream.System{}, ln)
		defer near.Abort()
		for name, s := range map[string]*stream.Stream{"near": near, "far": far} {
			c, err := s.PeerCredentials()
			if errors.Is(err, errors.ErrUnsupported) && runtime.GOOS != "linux" {
				p.t.Logf("not on %s: %v", runtime.GOOS, err)
				continue
			}
			if err != nil || c.UID != os.Geteuid() || c.GID != os.Getegid() || c.PID != os.Getpid() && c.PID != 0 {
				p.t.Errorf("%s: %+v, %v", name, c, err)
			}
		}
		far.Abort()
		if c, err := far.PeerCredentials(); !errors.Is(err, net.ErrClosed) {
			p.t.Errorf("of a closed stream: %v, %v", c, err)
		}
	})
	inMemory(t, func(p *pair) {
		if c, err := p.near.PeerCredentials(); !errors.Is(err, errors.ErrUnsupported) {
			p.t.Errorf("got %v, %v", c, err)
		}
	})
}

// A Unix socket knows no reset: what was written before Abort can be read, and the end
// is an orderly one, unless this side had not read everything.
func TestUnixAbort(t *testing.T) {
	onSockets(t, func(p *pair) {
		for junk, want := range map[string]error{"": io.EOF, "unread": syscall.ECONNRESET} {
			ln := p.listenUnix(stream.System{}, socketName(p.t))
			near, far := p.connectUnix(stream.System{}, ln)
			near.Write([]byte(junk))
			far.Write([]byte("last words"))
			far.Abort()
			p.gets(near.ReadFull(10), "last words")
			_, err := loop.Await(p.co, near.ReadSome(1))
			if !errors.Is(err, want) && runtime.GOOS == "linux" {
				p.t.Errorf("with %q unread it ends with %v, want %v", junk, err, want)
			}
			near.Abort()
			_ = ln.Close()
		}
	})
}
