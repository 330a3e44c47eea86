//go:build unix

package stream_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Blocking-style code runs on the loop, and the loop goes on.
func TestNetConn(t *testing.T) {
	everywhere(t, func(p *pair) {
		want := noise(p.size(1 << 20))
		sent := loop.Go(p.co, func(co *loop.Co) (int, error) {
			c := stream.NetConn(co, p.near)
			n, err := c.Write(want)
			return n, errors.Join(err, c.Close())
		})
		c := stream.NetConn(p.co, p.far)
		got, err := io.ReadAll(c)
		if err != nil || string(got) != string(want) {
			p.t.Errorf("%d bytes and %v, of %d", len(got), err, len(want))
		}
		if err := c.Close(); err != nil {
			p.t.Error(err)
		}
		if n, err := loop.Await(p.co, sent); n != len(want) || err != nil {
			p.t.Errorf("%d, %v", n, err)
		}
		for what, err := range map[string]error{
			"close": c.Close(), "deadline": c.SetDeadline(time.Time{}), "read": second(c.Read(want[:1])), "write": second(c.Write(want[:1])),
		} {
			var op *net.OpError
			if !errors.Is(err, net.ErrClosed) || !errors.As(err, &op) {
				p.t.Errorf("%s of a closed conn: %v", what, err)
			}
		}
	})
}

func second(_ int, err error) error { return err }

// Deadlines are on the loop's clock, hold for what waits already, and can be taken back.
func TestNetConnDeadlines(t *testing.T) {
	withRoom(t, func(p *pair) {
		c := stream.NetConn(p.co, p.far)
		late := func(what string, err error) {
			var timeout net.Error
			if !errors.Is(err, os.ErrDeadlineExceeded) || !errors.As(err, &timeout) || !timeout.Timeout() {
				p.t.Errorf("%s: %v", what, err)
			}
		}
		_ = c.SetReadDeadline(p.l.Now().Add(2 * time.Millisecond))
		late("it passes", second(c.Read(make([]byte, 1))))
		p.near.Write([]byte("x"))
		late("it has passed", second(c.Read(make([]byte, 1))))
		_ = c.SetReadDeadline(time.Time{})
		if n, err := c.Read(make([]byte, 1)); n != 1 || err != nil {
			p.t.Errorf("taken back: %d, %v", n, err)
		}
		p.l.After(2*time.Millisecond, func() { _ = c.SetReadDeadline(p.l.Now()) })
		late("set meanwhile", second(c.Read(make([]byte, 1))))

		_ = c.SetWriteDeadline(p.l.Now().Add(2 * time.Millisecond))
		piece := make([]byte, 32<<10)
		n, err := 0, error(nil)
		for total := 0; err == nil && total < 64<<20; total += n {
			n, err = c.Write(piece)
		}
		late("nobody reads", err)
		if n, err := c.Write(piece); n != 0 {
			p.t.Errorf("%d bytes and %v after the deadline", n, err)
		}
	})
}

// A deadline that passes as a call's turn comes holds for that call, too.
func TestNetConnDeadlineAtTurn(t *testing.T) {
	everywhere(t, func(p *pair) {
		c := stream.NetConn(p.co, p.far)
		first := loop.Go(p.co, func(*loop.Co) (int, error) {
			n, err := c.Read(make([]byte, 1))
			return n, errors.Join(err, c.SetReadDeadline(p.l.Now())) // the turn is the second's already
		})
		second := loop.Go(p.co, func(*loop.Co) (int, error) { return c.Read(make([]byte, 1)) })
		p.near.Write([]byte("x"))
		if n, err := loop.Await(p.co, first); n != 1 || err != nil {
			p.t.Errorf("%d, %v", n, err)
		}
		if _, err := loop.Await(p.co, second); !errors.Is(err, os.ErrDeadlineExceeded) {
			p.t.Error(err)
		}
	})
}

// Close ends calls that other coroutines have under way.
func TestNetConnCloseUnblocks(t *testing.T) {
	everywhere(t, func(p *pair) {
		c := stream.NetConn(p.co, p.near)
		read := loop.Go(p.co, func(*loop.Co) (int, error) { return c.Read(make([]byte, 1)) })
		wrote := loop.Go(p.co, func(*loop.Co) (int, error) { return c.Write(make([]byte, 32<<20)) })
		again := loop.Go(p.co, func(*loop.Co) (int, error) { return c.Write([]byte("in turn")) })
		p.l.Call(p.far.Abort)
		closed := loop.Go(p.co, func(*loop.Co) (int, error) { return 0, c.Close() })
		for what, f := range map[string]*loop.Future[int]{"read": read, "write": wrote, "second write": again} {
			if _, err := loop.Await(p.co, f); !errors.Is(err, net.ErrClosed) {
				p.t.Errorf("%s: %v", what, err)
			}
		}
		if _, err := loop.Await(p.co, closed); !errors.Is(err, stream.ErrNotDelivered) {
			p.t.Errorf("the loss: %v", err)
		}
	})
}

// The coroutine's cancellation and timeouts count, and a cancelled read takes nothing.
func TestNetConnCancelled(t *testing.T) {
	everywhere(t, func(p *pair) {
		co, cancel := p.co.WithTimeout(2 * time.Millisecond)
		defer cancel()
		c := stream.NetConn(co, p.far)
		if _, err := c.Read(make([]byte, 8)); !errors.Is(err, context.DeadlineExceeded) {
			p.t.Errorf("the scope has a timeout: %v", err)
		}
		p.near.Write([]byte("kept"))
		p.gets(p.far.ReadFull(4), "kept")

		var other net.Conn
		f := loop.Go(p.co, func(co *loop.Co) (int, error) {
			other = stream.NetConn(co, p.near) // it is used by p.co
			return 0, loop.Sleep(co, time.Millisecond)
		})
		p.far.Write([]byte("x"))
		if n, err := other.Read(make([]byte, 1)); n != 1 || err != nil {
			p.t.Errorf("in another coroutine than it was made in: %d, %v", n, err)
		}
		if _, err := loop.Await(p.co, f); err != nil {
			p.t.Error(err)
		}
	})
}

// It waits, and who is not a coroutine cannot.
func TestNetConnOutsideCoroutine(t *testing.T) {
	everywhere(t, func(p *pair) {
		c := stream.NetConn(p.co, p.near)
		done := loop.NewPromise[string](p.l)
		p.l.Call(func() { done.Set(panicOf(func() { _, _ = c.Read(make([]byte, 1)) })) })
		msg, err := loop.Await(p.co, done.Future())
		if err != nil || !strings.Contains(msg, "outside any coroutine") {
			p.t.Errorf("%q, %v", msg, err)
		}
		msg = ""
		gone := make(chan struct{})
		go func() {
			defer close(gone)
			msg = panicOf(func() { _, _ = c.Read(make([]byte, 1)) })
		}()
		<-gone
		if !strings.Contains(msg, "holds the loop") {
			p.t.Errorf("of another goroutine: %q", msg)
		}
	})
}

func TestNetConnAddresses(t *testing.T) {
	onSockets(t, func(p *pair) {
		c := stream.NetConn(p.co, p.near)
		if a, ok := c.RemoteAddr().(*net.TCPAddr); !ok || a.AddrPort() != p.near.RemoteAddr() {
			p.t.Errorf("%#v", c.RemoteAddr())
		}
		name := socketName(p.t)
		ln := p.listenUnix(stream.System{}, name)
		defer ln.Close()
		near, far := p.connectUnix(stream.System{}, ln)
		defer near.Abort()
		defer far.Abort()
		there, here := stream.NetConn(p.co, near), stream.NetConn(p.co, far)
		for _, a := range []net.Addr{there.RemoteAddr(), here.LocalAddr()} {
			if u, ok := a.(*net.UnixAddr); !ok || u.Name != name {
				p.t.Errorf("%#v", a)
			}
		}
	})
}
