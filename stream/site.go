package stream

import (
	"sync/atomic"

	"github.com/zonda-go/zonda/loop"
)

// site is a Server on one loop. It belongs to that loop.
type site struct {
	// Immutable, but for home.quota, which start fills in.
	home // of its connections
	sv   *serving

	// Any goroutine.
	load atomic.Int64 // connections, also those that are on their way here
	gone atomic.Bool  // the loop takes no more

	// Owned by the loop.
	ended     *loop.Promise[struct{}] // the server has
	listeners []Listener
	held      []Transport // accepted, and there is no room yet
	conns     []*Stream   // all of them; each knows its slot
	paused    bool        // the listeners are
	closed    bool        // it brings no more connections
}

func newSite(sv *serving, l *loop.Loop) *site {
	st := &site{sv: sv, home: home{l: l, defaults: sv.srv.WriteLimits.filled()}}
	st.site = st
	return st
}

// start has the sockets given back when the loop is closed under the server: what is
// left on a closed loop, nobody else would close. Without home, nobody accepts, and the
// server ends on the other loops too.
func (st *site) start() {
	st.quota = quotaOf(st.l)
	st.ended = loop.NewPromise[struct{}](st.l)
	loop.Go(st.l, func(co *loop.Co) (struct{}, error) {
		if _, err := loop.Await(co, st.ended.Future()); err != nil {
			st.abort()
			if st == st.sv.home {
				st.sv.books.drain(true)
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
	from := st.sv.client(t)
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
func (st *site) drain()  { st.close(); st.each(st.ask) }
func (st *site) cancel() { st.each(st.stop) }
func (st *site) abort() {
	st.close()
	st.each(func(s *Stream) { st.stop(s); s.Abort() })
}
