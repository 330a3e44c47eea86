package http1

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"

	"github.com/zonda-go/zonda/stream"
)

// Hijack is http.Hijacker's. A connection over TCP or a Unix socket leaves the loop, and
// is a *net.TCPConn or a *net.UnixConn from then on; one with TLS stays there behind a
// stream.GoConn. What had come of it is in the reader's buffer.
func (w *stdWriter) Hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	if w.hijacked {
		return nil, nil, http.ErrHijacked
	}
	upgrades := w.wrote && w.to.status == http.StatusSwitchingProtocols
	if w.wrote && !upgrades { // as with net/http, that goes out first
		if err := w.send(nil, true); err != nil {
			return nil, nil, err
		}
	}
	var ahead []byte
	err = w.c.ask(none, func() (err error) {
		conn, ahead, err = w.to.hijack(upgrades, w.header.Get("Upgrade"))
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	w.hijacked = true
	ahead = append(w.c.body.ahead, ahead...)
	br := bufio.NewReaderSize(io.MultiReader(bytes.NewReader(ahead), conn), max(4096, len(ahead)))
	_, _ = br.Peek(len(ahead)) // they are in its buffer now, where programs look for them
	return conn, bufio.NewReadWriter(br, bufio.NewWriter(conn)), nil
}

// errNotTaken is what becomes of a handler that announces another protocol and does not
// take the connection away to speak it.
var errNotTaken = errors.New("http1: WriteHeader(101) without Hijack")

// hijack takes the connection away, for goroutines. upgrades: with the answer 101.
func (w *ResponseWriter) hijack(upgrades bool, protocol string) (conn net.Conn, ahead []byte, err error) {
	if err := w.ex.ended(); err != nil {
		return nil, nil, err
	}
	if w.ex.c.gone() {
		return nil, nil, ErrClientGone
	}
	var s *stream.Stream
	if upgrades {
		if s, err = w.switchTo(101, Field{"Upgrade", protocol}, Field{"Connection", "Upgrade"}); err != nil {
			return nil, nil, err
		}
	} else {
		s = w.take()
	}
	if conn, ahead, err = s.Detach(); err == nil {
		return conn, ahead, nil
	}
	ahead = bytes.Clone(s.Buffered())
	s.Discard(len(ahead))
	return stream.GoConn(s), ahead, nil
}
