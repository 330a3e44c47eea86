package stream

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

// This file is the side of a pump that the loop sees.

func (p *pump) came(b []byte, err error) {
	if !p.closed {
		p.in, p.inErr = b, err
		p.stir()
	}
}

func (p *pump) wrote(err error) {
	if !p.closed {
		p.busy, p.outErr = false, err
		p.stir()
	}
}

func (p *pump) Want(e loop.Events) error {
	p.want = e
	p.stir()
	return nil
}

func (p *pump) ready() (e loop.Events) {
	if len(p.in) > 0 || p.inErr != nil || p.outErr != nil {
		e |= loop.Readable
	}
	if !p.busy {
		e |= loop.Writable
	}
	if p.outErr != nil || p.inErr != nil && p.inErr != io.EOF {
		e |= loop.Failed
	}
	return e & (p.want | loop.Failed)
}

// stir has the stream told in the next iteration, and again as long as there is
// something to tell.
func (p *pump) stir() {
	if !p.closed && !p.queued && p.ready() != 0 {
		p.queued = true
		p.l.Call(p.tell)
	}
}

func (p *pump) tell() {
	p.queued = false
	if e := p.ready(); !p.closed && e != 0 {
		defer p.stir()
		p.h.Ready(e)
	}
}

func (p *pump) Read(b []byte) (int, error) {
	switch {
	case len(p.in) > 0:
		n := copy(b, p.in)
		p.in = p.in[n:]
		if len(p.in) == 0 && p.inErr == nil {
			p.more <- struct{}{}
		}
		return n, nil
	case p.outErr != nil: // also at the end: the connection has broken since
		return 0, p.outErr
	case p.inErr != nil:
		return 0, p.inErr
	}
	return 0, ErrAgain
}

func (p *pump) Write(b []byte) (int, error) {
	switch {
	case p.outErr != nil:
		return 0, p.outErr
	case p.busy:
		return 0, ErrAgain
	}
	n := min(len(b), pumpSize)
	p.room = append(p.room[:0], b[:n]...)
	p.hand(p.room)
	return n, nil
}

// hand gives writes something to do. The channel has room: there is one thing at a time.
func (p *pump) hand(b []byte) {
	p.busy = true
	p.work <- b
}

func (p *pump) CloseWrite() error {
	switch {
	case p.outErr != nil:
		return p.outErr
	case p.busy:
		return ErrAgain
	case p.half == nil:
		return errors.ErrUnsupported
	case p.fin:
		return nil
	}
	p.fin = true
	p.hand(nil)
	return ErrAgain
}

func (p *pump) halfCloses() bool { return p.half != nil }
func (p *pump) oneWay() bool     { return false }

// Close leaves closing c, which may take its time, to another goroutine.
func (p *pump) Close(abort bool) error {
	if p.closed {
		return net.ErrClosed
	}
	p.closed = true
	p.in = nil
	close(p.more)
	close(p.work)
	loop.FromFunc(p.l, func(context.Context) (none struct{}, _ error) {
		if abort {
			reset(p.c)
		}
		_ = p.c.Close() // the stream is over either way
		return none, nil
	})
	return nil
}

// reset breaks a connection off, also that below TLS.
func reset(c net.Conn) {
	if upper, ok := c.(interface{ NetConn() net.Conn }); ok {
		c = upper.NetConn()
	}
	if tcp, ok := c.(interface{ SetLinger(sec int) error }); ok {
		_ = tcp.SetLinger(0) // as for a socket
	}
	_ = c.Close()
}

func (p *pump) netAddrs() (local, remote net.Addr) { return p.c.LocalAddr(), p.c.RemoteAddr() }
func (p *pump) LocalAddr() netip.AddrPort          { return addrPortOf(p.c.LocalAddr()) }
func (p *pump) RemoteAddr() netip.AddrPort         { return addrPortOf(p.c.RemoteAddr()) }

// addrPortOf is not valid for an address that is not one of TCP.
func addrPortOf(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
