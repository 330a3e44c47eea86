package looptest

import (
	"net"
	"slices"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

type listener struct {
	n       *Network
	l       *loop.Loop
	at      place
	fn      func(stream.Transport)
	waiting []*end
	paused  bool
	closed  bool
}

func (ln *listener) Accept(fn func(stream.Transport)) error {
	if ln.closed {
		return &net.OpError{Op: "accept", Net: ln.Addr().Network(), Addr: ln.Addr(), Err: net.ErrClosed}
	}
	ln.fn = fn
	ln.Resume()
	return nil
}

func (ln *listener) Pause() { ln.paused = true }

func (ln *listener) Resume() {
	ln.paused = false
	ln.offer()
}

// offer tries again with those who wait.
func (ln *listener) offer() {
	if ln.fn == nil || ln.paused {
		return
	}
	waiting := ln.waiting
	ln.waiting = nil
	for _, e := range waiting {
		ln.connected(e)
	}
}

func (ln *listener) Addr() net.Addr { return ln.at.addr() }

func (ln *listener) Close() error {
	if !ln.closed {
		ln.closed = true
		ln.n.listeners = slices.DeleteFunc(ln.n.listeners, func(x *listener) bool { return x == ln })
		for _, e := range ln.waiting {
			_ = e.Close(true)
		}
		ln.waiting = nil
	}
	return nil
}

func (ln *listener) connected(e *end) {
	if ln.fn == nil {
		ln.waiting = append(ln.waiting, e)
		return
	}
	ln.l.Call(func() {
		switch {
		case ln.closed:
			_ = e.Close(true)
		case ln.paused, ln.n.exhausted(ln.l):
			ln.waiting = append(ln.waiting, e)
		default:
			ln.fn(e)
		}
	})
}
