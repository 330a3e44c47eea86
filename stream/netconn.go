package stream

import (
	"errors"
	"io"
	"net"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// NetConn is s as a net.Conn for code that is written for one and runs in coroutines,
// such as package net/smtp. It belongs to the loop: its calls wait as Await does, so the
// loop goes on, and they panic where no coroutine runs. Code that starts goroutines of
// its own (net/http's client, database drivers) needs a GoConn.
//
// The one who waits is the coroutine that calls, under co where that is its own, so that
// its timeouts and its cancellation count, and else under its first Co. A cancelled wait
// takes nothing: the bytes stay.
//
// Deadlines are on the loop's clock. What Write has counted in n will be delivered, also
// after a timeout: whoever goes on writing goes on behind n. Close waits until everything
// is delivered, as Stream.Close does, and gives its error. Calls of several coroutines
// take turns, one for reading and one for writing. The conn also has CloseWrite.
//
// While it is in use the stream should be read and closed through it alone.
func NetConn(co *loop.Co, s *Stream) net.Conn {
	if co.Loop() != s.l {
		panic("stream: NetConn with a coroutine of another loop")
	}
	return &netConn{conn: newConn(s), co: co}
}

// netConn is a NetConn.
type netConn struct {
	*conn
	co *loop.Co // immutable
}

// current is who waits.
func (c *netConn) current(op string) *loop.Co {
	if c.co.Running() {
		return c.co
	}
	co := c.s.l.Current()
	if co == nil {
		panic("stream: " + op + " of a NetConn outside any coroutine, which alone can wait; take Go or a GoConn")
	}
	return co
}

func (c *netConn) Read(p []byte) (int, error)  { return c.read(c.current("Read"), p) }
func (c *netConn) Write(p []byte) (int, error) { return c.write(c.current("Write"), p) }

func (c *netConn) Close() error {
	co := c.current("Close")
	closed, err := c.close()
	if err == nil {
		_, err = loop.Await(co, closed)
	}
	return c.failure("close", err)
}

// CloseWrite is Stream.CloseWrite.
func (c *netConn) CloseWrite() error { return c.closeWrite() }

func (c *netConn) LocalAddr() net.Addr  { return c.local }
func (c *netConn) RemoteAddr() net.Addr { return c.remote }

func (c *netConn) SetDeadline(t time.Time) error      { return c.deadline(t, &c.in, &c.out) }
func (c *netConn) SetReadDeadline(t time.Time) error  { return c.deadline(t, &c.in) }
func (c *netConn) SetWriteDeadline(t time.Time) error { return c.deadline(t, &c.out) }

// conn is what a NetConn and a GoConn have in common: the calls of a net.Conn, each made
// by a coroutine. It belongs to the loop.
type conn struct {
	// Immutable.
	s             *Stream
	local, remote net.Addr // also of a connection that is over

	// Owned by the loop.
	in, out side
	closed  bool
}

func newConn(s *Stream) *conn {
	c := &conn{s: s, in: side{turn: loop.NewMutex(s.l)}, out: side{turn: loop.NewMutex(s.l)}}
	c.local, c.remote = netAddrs(s)
	return c
}

func (c *conn) read(co *loop.Co, p []byte) (n int, err error) {
	if err := c.in.enter(co); err != nil {
		return 0, c.failure("read", err)
	}
	defer c.in.leave()
	if len(p) > 0 { // Read of nothing is no news of the end
		n, err = await(co, &c.in, c.s.ReadSomeInto(p))
	}
	return n, c.failure("read", err)
}

// write gives the stream a piece at a time. n counts pieces that it has taken, which is
// as good as sent: Close delivers them, or says that it could not.
func (c *conn) write(co *loop.Co, p []byte) (n int, err error) {
	if err := c.out.enter(co); err != nil {
		return 0, c.failure("write", err)
	}
	defer c.out.leave()
	for n < len(p) && err == nil {
		if _, err = await(co, &c.out, c.s.Writable()); err != nil {
			break
		}
		size := min(len(p)-n, highWater, max(1, c.s.limits().Queue-perWrite))
		sent := c.s.Write(p[n : n+size])
		if sent.Done() {
			_, err = sent.Result()
		}
		if err == nil {
			n += size
			_, err = await(co, &c.out, sent)
		}
	}
	return n, c.failure("write", err)
}

// close begins to close the stream, and ends the calls that are under way.
func (c *conn) close() (*loop.Future[struct{}], error) {
	if c.closed {
		return nil, net.ErrClosed
	}
	c.closed = true
	c.in.end(net.ErrClosed)
	c.out.end(net.ErrClosed)
	return c.s.Close(), nil
}

func (c *conn) closeWrite() error { return c.failure("close", c.s.CloseWrite()) }

func (c *conn) deadline(t time.Time, sides ...*side) error {
	if c.closed {
		return c.failure("set", net.ErrClosed)
	}
	for _, d := range sides {
		d.setDeadline(c.s.l, t)
	}
	return nil
}

// failure is err as package net would have it.
func (c *conn) failure(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	if errors.Is(err, ErrClosed) || errors.Is(err, loop.ErrClosed) {
		err = net.ErrClosed
	}
	return &net.OpError{Op: op, Net: c.remote.Network(), Source: c.local, Addr: c.remote, Err: err}
}

// netAddrs are the two ends of s as package net has them.
func netAddrs(s *Stream) (local, remote net.Addr) {
	t := s.lowest()
	if t, ok := t.(interface {
		netAddrs() (local, remote net.Addr)
	}); ok {
		if local, remote = t.netAddrs(); remote != nil {
			return local, remote
		}
	}
	return net.TCPAddrFromAddrPort(s.LocalAddr()), net.TCPAddrFromAddrPort(s.RemoteAddr())
}
