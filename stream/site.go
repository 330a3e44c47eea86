package stream

import (
	"net/netip"
	"sync/atomic"

	"github.com/zonda-go/zonda/loop"
)

// site is a Server on one loop. It belongs to that loop.
type site struct {
	// Immutable.
	sv *serving
	l  *loop.Loop

	// Any goroutine.
	load atomic.Int64 // connections, also those that are on their way here
	gone atomic.Bool  // the loop takes no more

	// Owned by the loop.
	ended     *loop.Promise[struct{}] // the server has
	listeners []Listener
	held      []Transport // accepted, and there is no room yet
	conns     *served     // all of them
	paused    bool        // the listeners are
	closed    bool        // it brings no more connections
}

// start has the sockets given back when the loop is closed under the server: what is
// left on a closed loop, nobody else would close. Without home, nobody accepts, and the
// server ends on the other loops too.
func (st *site) start() {
	st.ended = loop.NewPromise[struct{}](st.l)
	loop.Go(st.l, func(co *loop.Co) (struct{}, error) {
		if _, err := loop.Await(co, st.ended.Future()); err != nil {
			st.abort()
			if st == st.sv.home {
				st.sv.books.drain()
				st.sv.each((*site).abort)
			}
		}
		return struct{}{}, nil
	})
}

func (st *site) listen(ln Listener) error {
	if st.closed || st.sv.srv.Draining() {
		return ErrServerClosed
	}
	if err := ln.Accept(st.accept); err != nil {
		return err
	}
	st.listeners = append(st.listeners, ln)
	if st.paused {
		ln.Pause()
	}
	return nil
}

// accept takes in a connection, or leaves it for later. When there is no more room the
// rest waits in the backlog. (Of several sites that accept, one can find out only when it
// has a connection in its hands already.)
func (st *site) accept(t Transport) {
	from := t.RemoteAddr().Addr()
	v, full := st.sv.books.enter(from)
	if full {
		st.pause()
	}
	switch v {
	case waits:
		st.held = append(st.held, t)
	case refused:
		_ = t.Close(true)
	case entered:
		st.sv.place(t, from, st)
	}
}

func (st *site) pause() {
	st.paused = true
	for _, ln := range st.listeners {
		ln.Pause()
	}
}

// resume is called when there may be room again.
func (st *site) resume() {
	if !st.paused || st.closed {
		return
	}
	st.paused = false
	held := st.held
	st.held = nil
	for _, t := range held {
		st.accept(t)
	}
	if st.paused || st.sv.books.isFull() {
		st.pause()
		return
	}
	for _, ln := range st.listeners {
		ln.Resume()
	}
}

// take makes a connection one of this loop's.
func (st *site) take(t Transport, from netip.Addr) {
	s, err := New(st.l, t)
	if err != nil {
		st.sv.log.Error("zonda: cannot take in a connection", "error", err)
		_ = t.Close(true)
		st.load.Add(-1)
		st.sv.left(from)
		return
	}
	c := &served{st: st, s: s, from: from, next: st.conns}
	if c.next != nil {
		c.next.prev = c
	}
	st.conns = c
	s.OnClose(c.closed)
	if st.sv.tls == nil {
		c.begin()
	} else {
		s.StartTLS(*st.sv.tls).OnDone(c.secured)
	}
}

// forget drops a connection that has ended.
func (st *site) forget(c *served) {
	if c.prev != nil {
		c.prev.next = c.next
	} else {
		st.conns = c.next
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	st.load.Add(-1)
	st.sv.left(c.from)
}

// each calls do for every connection, which may end its own.
func (st *site) each(do func(*served)) {
	for c := st.conns; c != nil; {
		next := c.next
		do(c)
		c = next
	}
}

// close ends the accepting.
func (st *site) close() {
	if st.closed {
		return
	}
	st.closed = true
	for _, ln := range st.listeners {
		if err := ln.Close(); err != nil {
			st.sv.log.Error("zonda: closing a listener", "error", err)
		}
	}
	for _, t := range st.held {
		_ = t.Close(true)
	}
	st.listeners, st.held = nil, nil
	st.sv.books.closing()
}

// drain, cancel and abort are the three ways to end: gently, firmly and at once.
func (st *site) drain()  { st.close(); st.each((*served).drain) }
func (st *site) cancel() { st.each((*served).cancel) }
func (st *site) abort()  { st.close(); st.each((*served).abort) }
