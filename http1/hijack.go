package http1

import (
	"errors"
	"fmt"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Hijack takes the connection away from the server, with nothing sent: the stream is the
// caller's, who closes it. What the client has sent behind the request's head, and the
// handler has not read, is in its buffer.
//
// The handler may return and leave the connection to a stream.Consumer; an error of it
// is only logged, at the level Debug, and a panic breaks the connection off. Shutdown
// and Close go on to count it. When they begin, the handler's co is cancelled with the
// cause ErrServerClosed if it still runs, and a Consumer of the stream that has a method
// Drain() has that called, to end what it does in good order; Shutdown waits until the
// stream is closed.
//
// It fails with ErrBegun if the response has begun, and with ErrHijacked the second
// time. Afterwards the ResponseWriter and the request's body give ErrHijacked.
func (w *ResponseWriter) Hijack() (*stream.Stream, error) {
	if err := w.takeable(); err != nil {
		return nil, err
	}
	return w.take(), nil
}

// Upgrade is Hijack for a client that has asked for another protocol (RFC 9110, 7.8): it
// answers 101 (Switching Protocols) with the response's header fields and the fields
// Upgrade and Connection. It fails with ErrNoUpgrade if the request does not offer that
// protocol.
func (w *ResponseWriter) Upgrade(protocol string) (*stream.Stream, error) {
	if !w.ex.offers(protocol) {
		return nil, fmt.Errorf("%w to %s", ErrNoUpgrade, protocol)
	}
	return w.switchTo(101, Field{"Upgrade", protocol}, Field{"Connection", "Upgrade"})
}

// Tunnel is Hijack for the method CONNECT (RFC 9110, 9.3.6): it answers 200 with the
// response's header fields, and the connection is a tunnel from then on. It fails with
// ErrNoUpgrade for other methods.
func (w *ResponseWriter) Tunnel() (*stream.Stream, error) {
	if w.ex.req.Method != "CONNECT" {
		return nil, fmt.Errorf("%w to a tunnel", ErrNoUpgrade)
	}
	return w.switchTo(200)
}

// offers reports whether the client would switch to protocol. Names of protocols are
// compared without regard to case, as Tornado does; RFC 9110, 7.8 leaves it open.
func (ex *exchange) offers(protocol string) bool {
	return ex.upgrade && ex.req.Header.lists("Upgrade", protocol)
}

// switchTo sends a head behind which the stream speaks another protocol.
func (w *ResponseWriter) switchTo(status int, more ...Field) (*stream.Stream, error) {
	err := w.takeable()
	if err == nil {
		err = checkFields(w.header.lines)
	}
	if err != nil {
		return nil, err
	}
	b := httpwire.AppendStatusLine(nil, status)
	for _, f := range w.header.lines {
		if !framingField(f.Name) {
			b = httpwire.AppendField(b, f.Name, f.Value)
		}
	}
	if !w.header.Has("Date") {
		b = httpwire.AppendField(b, "Date", w.ex.c.sv.dateNow())
	}
	for _, f := range more {
		b = httpwire.AppendField(b, f.Name, f.Value)
	}
	s := w.take()
	w.status, w.begun = status, true
	s.Write(httpwire.AppendHeadEnd(b))
	return s, nil
}

// framingField holds for the fields that are the server's to set.
func framingField(name string) bool {
	return httpwire.EqualFold(name, "Content-Length") || httpwire.EqualFold(name, "Transfer-Encoding") ||
		httpwire.EqualFold(name, "Connection") || httpwire.EqualFold(name, "Upgrade")
}

// takeable is why the connection cannot be taken away.
func (w *ResponseWriter) takeable() error {
	switch err := w.ex.ended(); {
	case err != nil:
		return err
	case w.begun || w.written > 0:
		return ErrBegun
	case w.ex.c.gone():
		return ErrClientGone
	}
	return nil
}

// take makes the connection the handler's.
func (w *ResponseWriter) take() *stream.Stream {
	ex, c := w.ex, w.ex.c
	c.uncork()
	ex.taken = true
	ex.body.wake()
	c.drop()
	c.s.SetConsumer(nil)
	c.sv.tunnels[ex] = struct{}{}
	if x := ex.rare; x != nil && x.lift != nil {
		x.lift()
	}
	ex.outlive()
	return c.s
}

// leave is called when the handler of a connection that it has taken away has ended.
func (ex *exchange) leave(err error) {
	delete(ex.c.sv.tunnels, ex)
	var panicked *loop.PanicError
	switch {
	case errors.As(err, &panicked):
		ex.logFailure(err, "stack", string(panicked.Stack))
		ex.c.s.Abort()
	case err != nil:
		ex.c.sv.log.Debug("zonda: handler of an upgraded connection ended",
			"method", ex.req.Method, "target", ex.req.Target, "error", err)
	}
}
