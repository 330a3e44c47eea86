package stream

import (
	"context"

	"github.com/zonda-go/zonda/loop"
)

// Shutdown ends the server without breaking anything off: it stops accepting, tells
// handlers that are Idle, calls Drain for each connection, and waits until all handlers
// have returned and all connections are closed. When ctx is done first, it cancels the
// handlers that are left, with the cause ErrServerClosed, and returns
// context.Cause(ctx) without waiting for them; Close ends the rest. It must not be
// called by whoever holds one of the server's loops.
func (s *Server) Shutdown(ctx context.Context) error {
	sv := s.end((*site).drain, false)
	if sv == nil {
		return nil
	}
	select {
	case <-sv.books.done:
	case <-ctx.Done():
		sv.each((*site).cancel)
		return context.Cause(ctx)
	}
	if sv.own == nil {
		return nil
	}
	return sv.own.Shutdown(ctx)
}

// Close ends the server at once: its connections are broken off, and handlers
// cancelled with the cause ErrServerClosed. It does not wait for that. To close the
// loop does the same. The error is always nil.
func (s *Server) Close() error {
	s.end((*site).abort, true)
	return nil
}

// Draining reports whether Shutdown or Close was called.
func (s *Server) Draining() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// end has every site end in the way how.
func (s *Server) end(how func(*site), atOnce bool) *serving {
	s.mu.Lock()
	s.closed = true
	sv := s.sv
	s.mu.Unlock()
	if sv != nil {
		sv.books.drain(atOnce)
		sv.each(how)
	}
	return sv
}

// Hold has Shutdown wait, as for a connection, until release is called: for work that
// goes on although its connection has ended. With Accept only whoever took the connection
// knows of such work. Any goroutine may call both; release once.
func (s *Server) Hold() (release func()) {
	s.mu.Lock()
	sv := s.sv
	s.mu.Unlock()
	if sv == nil {
		return func() {}
	}
	sv.books.hold(1)
	return func() { sv.books.hold(-1) }
}

// Each calls fn for every connection that lives on l and has had its handshake, if there
// is one. fn may end any of them, and must not wait; those that have ended are left out. It
// belongs to whoever holds l.
func (s *Server) Each(l *loop.Loop, fn func(*Stream)) {
	s.mu.Lock()
	sv := s.sv
	s.mu.Unlock()
	if sv == nil {
		return
	}
	for _, st := range sv.all() {
		if st.l == l {
			st.each(func(s *Stream) {
				if s.handed && s.err == nil {
					fn(s)
				}
			})
		}
	}
}

// ServerStats are counts of a Server at one moment. They are a value without owner.
type ServerStats struct {
	// Conns is how many connections there are, those included whose handler runs
	// on although the peer has gone.
	Conns int
	// Accepted is how many there were so far, and Refused how many were reset
	// because of MaxConnsPerAddr. One that came through a proxy is accepted before
	// it can be refused.
	Accepted, Refused uint64
	// ProxyFailed is how many of a trusted proxy were reset because their header was
	// wrong, or did not come in time.
	ProxyFailed uint64
	// Full is how often MaxConns was reached, so that others had to wait.
	Full uint64
}

// Stats gives the counts of this moment.
func (s *Server) Stats() ServerStats {
	s.mu.Lock()
	sv := s.sv
	s.mu.Unlock()
	if sv == nil {
		return ServerStats{}
	}
	return sv.books.read()
}
