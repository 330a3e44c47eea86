package stream

import (
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

// take makes a connection one of this loop's.
func (st *site) take(t Transport, from netip.Addr) {
	s := &Stream{home: &st.home, t: t, slot: int32(len(st.conns))}
	if err := s.begin(); err != nil {
		st.sv.log.Error("zonda: cannot take in a connection", "error", err)
		_ = t.Close(true)
		st.load.Add(-1)
		st.sv.left(from)
		return
	}
	st.conns = append(st.conns, s)
	if st.sv.trusts(t) {
		awaitHeader(s)
		return
	}
	st.open(s)
}

// open has the handshake done, if there is to be one.
func (st *site) open(s *Stream) {
	if st.sv.tls == nil {
		st.hand(s)
		return
	}
	s.StartTLS(*st.sv.tls).OnDone(func(f *loop.Future[struct{}]) { st.secured(s, f) })
}

// secured is called when the handshake has ended. If it has failed, so has the stream.
func (st *site) secured(s *Stream, f *loop.Future[struct{}]) {
	if _, err := f.Result(); err != nil {
		st.sv.log.Debug("zonda: TLS handshake failed", "remote", remoteName(s), "error", err)
		return
	}
	st.hand(s)
}

// hand gives a connection to the user's code.
func (st *site) hand(s *Stream) {
	s.handed = true
	if fn := st.sv.srv.Accept; fn != nil {
		st.show(s, fn)
	} else {
		serve(s)
	}
	if st.closed {
		st.ask(s) // it was on its way when Shutdown began
	}
}

func (st *site) show(s *Stream, fn func(*Stream)) {
	whole := false
	defer func() {
		if !whole { // it panicked, which the loop reports, and will not care for s
			s.Abort()
		}
	}()
	fn(s)
	whole = true
}

// left is called in an iteration after the one in which a stream has ended.
func (st *site) left(s *Stream, from netip.Addr) {
	if c := s.served(); c != nil {
		c.lost(from)
		return
	}
	st.forget(s, from)
}

// forget drops a connection that has ended. The last one gets its slot.
func (st *site) forget(s *Stream, from netip.Addr) {
	last := len(st.conns) - 1
	moved := st.conns[last]
	moved.slot = s.slot
	st.conns[s.slot], st.conns[last] = moved, nil
	st.conns = st.conns[:last]
	if last < cap(st.conns)/4 {
		st.conns = append([]*Stream(nil), st.conns...) // a crowd has gone
	}
	st.load.Add(-1)
	st.sv.left(from)
}

// each calls do for every connection. None leaves meanwhile: those that do end leave in
// a later iteration.
func (st *site) each(do func(*Stream)) {
	for _, s := range st.conns {
		do(s)
	}
}

// ask tells the user's code to come to an end with s.
func (st *site) ask(s *Stream) {
	if !s.handed {
		return // hand comes back here
	}
	if c := s.served(); c != nil {
		c.drain()
	}
	if fn := st.sv.srv.Drain; fn != nil {
		st.l.Call(func() { fn(s) })
	}
}

func (st *site) stop(s *Stream) {
	if c := s.served(); c != nil {
		c.cancel()
	}
}

// remoteName is the peer's name in the log.
func remoteName(s *Stream) string {
	if a := s.RemoteAddr(); a.IsValid() {
		return a.String()
	}
	return "local"
}

// countedAs is the address under which a server counts s; not valid: none.
func (s *Stream) countedAs() netip.Addr {
	if s.site == nil || s.site.sv.books.perAddr <= 0 {
		return netip.Addr{}
	}
	if o := s.origin(); o != nil {
		return o.Source.Addr()
	}
	return s.site.sv.client(s.t)
}
