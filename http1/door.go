package http1

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// This file is Server.HTTP2: connections that leave for net/http.

// preface is how HTTP/2 begins (RFC 9113, 3.4). A request line it is not: no method PRI
// comes with this version.
const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

// A door is a net.Listener that gives net/http the connections. Any goroutine may use it.
type door struct {
	conns  chan net.Conn
	closed chan struct{}
	begin  sync.Once
	end    sync.Once
}

var _ net.Listener = (*door)(nil)

// open prepares the door of s; nothing runs before the first connection.
func (d *door) open(s *Server) {
	d.conns, d.closed = make(chan net.Conn), make(chan struct{})
	if !s.HTTP2 {
		return
	}
	p := new(http.Protocols)
	p.SetUnencryptedHTTP2(true) // TLS, if there is any, is the stream's
	s.std.Protocols = p
	s.std.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, doorKey{}, c)
	}
	if s.std.Handler == nil {
		s.std.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c := r.Context().Value(doorKey{}).(*doorConn)
			(&asHTTP{s, c.l}).ServeHTTP(w, r)
		})
	}
	inner := s.std.Handler
	s.std.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.TLS = r.Context().Value(doorKey{}).(*doorConn).tls
		inner.ServeHTTP(w, r)
	})
	s.std.RegisterOnShutdown(func() { d.Close() })
}

// Accept is net.Listener's.
func (d *door) Accept() (net.Conn, error) {
	select {
	case c := <-d.conns:
		return c, nil
	case <-d.closed:
		return nil, net.ErrClosed
	}
}

// Close is net.Listener's.
func (d *door) Close() error {
	d.end.Do(func() { close(d.closed) })
	return nil
}

// Addr is net.Listener's. The connections know theirs.
func (d *door) Addr() net.Addr { return &net.TCPAddr{} }

// doorKey is under what a request's context has its doorConn.
type doorKey struct{}

// A doorConn is a connection as net/http gets it.
type doorConn struct {
	net.Conn
	l   *loop.Loop
	tls *tls.ConnectionState
}

// throughDoor gives s to net/http if HTTP/2 was agreed on in its handshake.
func (sv *service) throughDoor(s *stream.Stream) bool {
	state, ok := s.TLS()
	if !ok || state.NegotiatedProtocol != "h2" {
		return false
	}
	sv.give(s, &state)
	return true
}

// prefaced reports whether a connection without TLS begins as HTTP/2 does, and gives it to
// net/http if all of the preface has come.
func (c *conn) prefaced(p []byte) bool {
	n := min(len(p), len(preface))
	switch {
	case c.shut:
		return true
	case string(p[:n]) != preface[:n]:
		return false
	case n < len(preface):
		return true
	}
	c.drop()
	c.sv.l.Call(func() { // the stream gives nothing away while it offers its input
		c.s.SetConsumer(nil)
		if !c.s.Closed() {
			c.sv.give(c.s, nil)
		}
	})
	return true
}

// give has net/http serve a connection. It stays with the loop, where it counts for
// MaxConns and Shutdown as all others do: off the loop (stream.Stream.Detach) it would be
// quicker, and be there for nobody but net/http.
func (sv *service) give(s *stream.Stream, state *tls.ConnectionState) {
	c := &doorConn{Conn: stream.GoConn(s), l: sv.l, tls: state}
	srv := sv.srv.stdServer()
	d := &sv.srv.door
	d.begin.Do(func() { go func() { _ = srv.Serve(d) }() }) // it ends with the door
	go func() {
		select {
		case d.conns <- c:
		case <-d.closed:
			_ = c.Close()
		}
	}()
}
