package stream

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/zonda-go/zonda/loop"
)

// GoConn is s as a net.Conn for ordinary goroutines, of any library. GoConn itself
// belongs to the loop; the conn's methods may be called by any goroutine, at the same
// time too, but not by whoever holds the loop: they wait for it. Where ownership is
// checked, that panics.
//
// Each call is a post to the loop and a coroutine there, so it costs a few microseconds
// more than a call of package net's. The loop must run: a call waits as long as it does
// not, also when a deadline passes. Deadlines are on the loop's clock, and what Write has
// counted will be delivered, as for NetConn. Close returns at once, as that of package net
// does; the loop goes on delivering. It ends calls that wait. CloseWrite is there, too.
//
// When the loop is closed, calls give net.ErrClosed. Close must be called even then: it
// gives the descriptor back, which the loop leaves open.
//
// While it is in use the stream should be read and closed through it alone.
func GoConn(s *Stream) net.Conn { return &goConn{c: newConn(s), l: s.l} }

// goConn is a GoConn.
type goConn struct {
	// Immutable.
	l *loop.Loop
	c *conn // belongs to the loop, but for its addresses and failure

	// Any goroutine.
	last sync.Once // closing the transport of a closed loop
}

// do runs fn on the loop. A number goes with an error, too.
func (g *goConn) do(op string, fn func(co *loop.Co) (int, error)) (n int, err error) {
	_, err = loop.Do(context.Background(), g.l, func(co *loop.Co) (none struct{}, err error) {
		n, err = fn(co)
		return none, err
	})
	if errors.Is(err, loop.ErrClosed) {
		err = g.c.failure(op, err)
	}
	return n, err
}

// act is do for what has no number to give.
func (g *goConn) act(op string, fn func() error) error {
	_, err := g.do(op, func(*loop.Co) (int, error) { return 0, fn() })
	return err
}

func (g *goConn) Read(p []byte) (int, error) {
	return g.do("read", func(co *loop.Co) (int, error) { return g.c.read(co, p) })
}

func (g *goConn) Write(p []byte) (int, error) {
	return g.do("write", func(co *loop.Co) (int, error) { return g.c.write(co, p) })
}

func (g *goConn) Close() error {
	_, err := loop.Do(context.Background(), g.l, func(co *loop.Co) (int, error) { return 0, g.close(co) })
	if !errors.Is(err, loop.ErrClosed) {
		return err
	}
	<-g.l.Closed()
	err = net.ErrClosed
	g.last.Do(func() { err = g.c.s.t.Close(true) }) // nobody holds a closed loop
	return g.c.failure("close", err)
}

// close is Close on the loop.
func (g *goConn) close(co *loop.Co) error {
	_, err := g.c.close()
	if co.Err() != nil { // the loop is being closed, and has no time to deliver
		g.c.s.Abort()
	}
	return g.c.failure("close", err)
}

// CloseWrite is Stream.CloseWrite.
func (g *goConn) CloseWrite() error { return g.act("close", g.c.closeWrite) }

func (g *goConn) LocalAddr() net.Addr  { return g.c.local }
func (g *goConn) RemoteAddr() net.Addr { return g.c.remote }

func (g *goConn) SetDeadline(t time.Time) error {
	return g.act("set", func() error { return g.c.deadline(t, &g.c.in, &g.c.out) })
}

func (g *goConn) SetReadDeadline(t time.Time) error {
	return g.act("set", func() error { return g.c.deadline(t, &g.c.in) })
}

func (g *goConn) SetWriteDeadline(t time.Time) error {
	return g.act("set", func() error { return g.c.deadline(t, &g.c.out) })
}
