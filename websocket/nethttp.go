package websocket

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/zonda-go/zonda/http1"
	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// AcceptNetHTTP is Accept for a handler of net/http: it takes the connection away from its
// server, which may be any that lets it (http.Hijacker), and makes it one of the loop l,
// where serve runs as a coroutine. It does not wait for that: the handler should return. Any
// goroutine may call it but the one that holds l. Behind http1.Std, loop.Of(r.Context()) gives
// the loop that the request came on.
//
// The connection is not the server's any more: its Shutdown does not close it.
//
// Of a TCP or Unix socket the loop takes over the descriptor, so that idle connections cost
// as little as Accept's. Others, such as TLS, go on with two goroutines (stream.Pump). If
// serve returns an error it is logged, and the connection broken off.
//
// A handshake that is refused is answered; the error is a *HandshakeError then.
// AcceptOptions.CheckOrigin is given a request with what net/http knows of it: target, host
// and header.
func AcceptNetHTTP(l *loop.Loop, w http.ResponseWriter, r *http.Request, o *AcceptOptions, serve func(co *loop.Co, c *Conn) error) error {
	if o == nil {
		o = &AcceptOptions{}
	}
	h := r.Header
	wrong := wswire.CheckHello(&wswire.Hello{
		Method: r.Method, Minor: r.ProtoMinor, Body: r.ContentLength != 0,
		Connection: h["Connection"], Upgrade: h["Upgrade"],
		Version: h["Sec-Websocket-Version"], Key: h["Sec-Websocket-Key"],
	})
	switch {
	case r.ProtoMajor != 1:
		wrong = &wswire.Refusal{Status: 400, Reason: "a WebSocket handshake needs HTTP/1.1"}
	case wrong == nil && !o.lets(h["Origin"], requestOf(r)):
		wrong = &wswire.Refusal{Status: 403, Reason: "pages of this origin may not connect"}
	}
	if wrong != nil {
		for _, f := range refusalFields(wrong.Status) {
			w.Header().Set(f.Name, f.Value)
		}
		http.Error(w, wrong.Reason, wrong.Status)
		return &HandshakeError{Status: wrong.Status, Reason: wrong.Reason}
	}
	set := o.agree(l, h["Sec-Websocket-Extensions"], h["Sec-Websocket-Protocol"])
	var head strings.Builder
	head.WriteString("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n")
	for _, f := range answer(h["Sec-Websocket-Key"][0], &set) {
		fmt.Fprintf(&head, "%s: %s\r\n", f.Name, f.Value)
	}
	for name, values := range w.Header() {
		for _, v := range values {
			if !ownField(name, v) {
				continue
			}
			fmt.Fprintf(&head, "%s: %s\r\n", name, v)
		}
	}
	c, err := hijack(w)
	if err != nil {
		return err
	}
	err = l.Post(func() { begin(l, c, head.String()+"\r\n", set, serve) })
	if err != nil {
		_ = c.Close()
	}
	return err
}

// hijack takes the connection from the server. A client must not send frames before it has
// the answer (RFC 6455, 4.1).
func hijack(w http.ResponseWriter) (net.Conn, error) {
	c, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, "this server cannot switch protocols", http.StatusInternalServerError)
		return nil, fmt.Errorf("websocket: %w", err)
	}
	if rw.Reader.Buffered() > 0 {
		_ = c.Close()
		return nil, &HandshakeError{Status: 400, Reason: "frames before the handshake was answered"}
	}
	return c, nil
}

// begin goes on with the connection on the loop.
func begin(l *loop.Loop, c net.Conn, head string, set settings, serve func(*loop.Co, *Conn) error) {
	s, err := streamOf(l, c)
	if err != nil {
		set.log.Error("zonda: cannot take in a WebSocket connection", "error", err)
		_ = c.Close()
		return
	}
	s.Write([]byte(head))
	conn := newConn(s, set)
	loop.Go(l, func(co *loop.Co) (struct{}, error) {
		err := serve(co, conn)
		if err != nil && !errors.Is(err, loop.ErrClosed) {
			set.log.Error("zonda: WebSocket handler failed", "error", err)
		}
		if err != nil {
			conn.Abort()
		}
		return struct{}{}, nil
	})
}

// streamOf makes a connection of package net a stream.
func streamOf(l *loop.Loop, c net.Conn) (*stream.Stream, error) {
	switch c := c.(type) {
	case *net.TCPConn:
		return stream.Adopt(l, c)
	case *net.UnixConn:
		return stream.Adopt(l, c)
	}
	return stream.Pump(l, c)
}

// requestOf is as much of a request as CheckOrigin may look at.
func requestOf(r *http.Request) *http1.Request {
	q := &http1.Request{Method: r.Method, Target: r.RequestURI, Host: r.Host, Minor: r.ProtoMinor}
	for name, values := range r.Header {
		for _, v := range values {
			q.Header.Add(name, v)
		}
	}
	return q
}
