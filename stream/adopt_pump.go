package stream

import (
	"context"
	"net"

	"github.com/zonda-go/zonda/loop"
)

// pumpSize is how many bytes a pump holds in each direction.
const pumpSize = 32 << 10

// Pump makes any net.Conn a stream of l, such as a *tls.Conn of net/http, whose
// descriptor alone would be of no use. Two goroutines, which end with the stream, call c:
// it costs them, and up to 64 KiB, also while it is idle. For what it can take, Adopt
// costs nothing of that. c is the stream's from then on, unless there is an error.
//
// A write is done when the goroutine has its last byte, which may be before it is with
// the kernel; there are never more than 32 KiB. If writing these fails the stream breaks
// with the error, and Close reports it. Half an end is passed on by c's CloseWrite; if it has
// none, that of the stream fails.
func Pump(l *loop.Loop, c net.Conn) (*Stream, error) {
	select {
	case <-l.Closed():
		return nil, loop.ErrClosed
	default:
	}
	p := &pump{l: l, c: c, more: make(chan struct{}, 1), work: make(chan []byte, 1)}
	if half, ok := c.(interface{ CloseWrite() error }); ok {
		p.half = half.CloseWrite
	}
	return New(l, p)
}

// pump is a Transport over a net.Conn. It belongs to the loop, but for reads and
// writes, which run on goroutines and come back with Post.
type pump struct {
	// Immutable.
	l    *loop.Loop
	c    net.Conn
	half func() error  // nil: c has no CloseWrite
	more chan struct{} // to reads: it may go on
	work chan []byte   // to writes; nil: half an end

	// Owned by the loop.
	h      loop.Handler // nil: not started
	want   loop.Events
	in     []byte // has come; lies with reads, which waits for more
	inErr  error  // of reads, behind in; it has ended
	outErr error  // of writes
	room   []byte // in the hands of writes while busy
	busy   bool   // writes is
	fin    bool   // half an end was given to writes
	queued bool   // tell waits in the loop
	closed bool
}

func (p *pump) Start(_ *loop.Loop, h loop.Handler) error {
	first := p.h == nil
	p.h = h
	if first {
		loop.FromFunc(p.l, p.reads)
		loop.FromFunc(p.l, p.writes)
	}
	return nil
}

func (p *pump) reads(ctx context.Context) (none struct{}, _ error) {
	buf := make([]byte, pumpSize)
	for {
		n, err := p.c.Read(buf)
		if n == 0 && err == nil {
			continue
		}
		if p.l.Post(func() { p.came(buf[:n], err) }) != nil {
			_ = p.c.Close()
			return none, nil
		}
		if err != nil {
			return none, nil
		}
		select {
		case _, ok := <-p.more:
			if !ok {
				return none, nil
			}
		case <-ctx.Done():
			return none, nil
		}
	}
}

// writes lives as long as the pump does, so it is the one to close c under both when the
// loop is closed.
func (p *pump) writes(ctx context.Context) (none struct{}, _ error) {
	defer context.AfterFunc(ctx, func() { _ = p.c.Close() })()
	for {
		select {
		case b, ok := <-p.work:
			if !ok {
				return none, nil
			}
			if err := p.write(b); p.l.Post(func() { p.wrote(err) }) != nil {
				_ = p.c.Close()
				return none, nil
			}
		case <-ctx.Done():
			return none, nil
		}
	}
}

func (p *pump) write(b []byte) error {
	if b == nil {
		return p.half()
	}
	_, err := p.c.Write(b)
	return err
}
