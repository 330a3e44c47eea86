package http1

import (
	"log/slog"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// keptBuffers is how many response buffers a service keeps for the next requests.
const keptBuffers = 64

// service is a Server on its loop, and belongs to it.
type service struct {
	// Immutable.
	srv     *Server
	l       *loop.Loop
	log     *slog.Logger
	maxBody int64
	gone    chan struct{} // closed when the last connection has, after drain or abort

	// Owned by the loop.
	listeners []stream.Listener
	conns     *conn            // all of them
	parser    *httpwire.Parser // for heads that come in one piece
	scratch   []byte           // for a response on its way to the socket
	buffers   [][]byte         // for bodies
	workers   stdWorkers
	ended     *loop.Promise[struct{}] // gone for the loop itself
	date      string                  // the Date field of this second
	second    int64
	draining  bool // no new connections
	over      bool
}

func newService(s *Server, l *loop.Loop) *service {
	sv := &service{
		srv:     s,
		l:       l,
		log:     s.Logger,
		maxBody: s.maxBody(),
		gone:    make(chan struct{}),
		ended:   loop.NewPromise[struct{}](l),
	}
	if sv.log == nil {
		sv.log = l.Logger()
	}
	return sv
}

// followLoop gives the sockets back when the loop is closed under the server: what
// is left on a closed loop, nobody else would close.
func (sv *service) followLoop(co *loop.Co) (struct{}, error) {
	if _, err := loop.Await(co, sv.ended.Future()); err != nil {
		sv.abort()
	}
	return struct{}{}, nil
}

// accept takes in a connection.
func (sv *service) accept(t stream.Transport) {
	s, err := stream.New(sv.l, t)
	if err != nil {
		sv.log.Error("zonda: cannot take in a connection", "error", err)
		_ = t.Close(true)
		return
	}
	s.SetReadAhead(sv.srv.maxHead() + 1)
	c := &conn{sv: sv, s: s, next: sv.conns}
	if c.next != nil {
		c.next.prev = c
	}
	sv.conns = c
	s.SetConsumer(c)
}

// forget drops a connection that is closed.
func (sv *service) forget(c *conn) {
	switch {
	case c.prev != nil:
		c.prev.next = c.next
	case sv.conns == c:
		sv.conns = c.next
	default:
		return // it was dropped before
	}
	if c.next != nil {
		c.next.prev = c.prev
	}
	c.prev, c.next = nil, nil
	sv.checkOver()
}

func (sv *service) stopListening() {
	sv.draining = true
	for _, ln := range sv.listeners {
		if err := ln.Close(); err != nil {
			sv.log.Error("zonda: closing a listener", "error", err)
		}
	}
	sv.listeners = nil
}

// drain closes what is idle, and has the rest close when it is done.
func (sv *service) drain() {
	sv.stopListening()
	sv.each((*conn).drain)
	sv.checkOver()
}

// abort breaks everything off.
func (sv *service) abort() {
	sv.stopListening()
	sv.each((*conn).abort)
	sv.checkOver()
}

// each calls f for every connection; f may drop its own.
func (sv *service) each(f func(*conn)) {
	for c := sv.conns; c != nil; {
		next := c.next
		f(c)
		c = next
	}
}

func (sv *service) checkOver() {
	if sv.draining && !sv.over && sv.conns == nil {
		sv.over = true
		sv.workers.close()
		sv.ended.Set(struct{}{})
		close(sv.gone)
	}
}

// dateNow is the Date of a response (RFC 9110, 6.6.1), formatted once a second.
func (sv *service) dateNow() string {
	now := sv.l.Now()
	if s := now.Unix(); s != sv.second || sv.date == "" {
		sv.second = s
		sv.date = now.UTC().Format("Mon, 02 Jan 2006 15:04:05") + " GMT"
	}
	return sv.date
}

// buffer is an empty buffer for a response's body.
func (sv *service) buffer() []byte {
	if n := len(sv.buffers); n > 0 {
		b := sv.buffers[n-1]
		sv.buffers = sv.buffers[:n-1]
		return b
	}
	return make([]byte, 0, bodyBuffer)
}

func (sv *service) giveBack(b []byte) {
	if cap(b) == bodyBuffer && len(sv.buffers) < keptBuffers {
		sv.buffers = append(sv.buffers, b[:0])
	}
}

// takeParser is a parser for the next head; giveParser returns it.
func (sv *service) takeParser() *httpwire.Parser {
	p := sv.parser
	sv.parser = nil
	if p == nil {
		p = &httpwire.Parser{}
	}
	return p
}

func (sv *service) giveParser(p *httpwire.Parser) {
	p.Reset()
	sv.parser = p
}
