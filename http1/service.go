package http1

import (
	"log/slog"
	"net/netip"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// service is a Server on one of its loops, and belongs to that.
type service struct {
	// Immutable.
	srv     *Server
	l       *loop.Loop
	log     *slog.Logger
	maxBody int64
	std     *stdHandler // the handler, if it is Std's and answers on goroutines; nil: it is not
	times   timeouts
	made    time.Time // when clock began

	// Owned by the loop.
	parser  *httpwire.Parser // for heads that come in one piece
	scratch []byte           // for a response on its way to the socket
	buffers buffers          // for bodies
	workers stdWorkers
	locals  map[netip.AddrPort]*stdConn
	outlive map[*exchange]struct{} // handlers whose connection may end first
	tunnels map[*exchange]struct{} // handlers that have taken their connection away
	sweeper *loop.Ticker           // nil: see watch
	date    string                 // the Date field of this second
	dateEnd time.Duration          // of the loop's life, when that ends

	draining bool // each connection closes when its present request is answered
}

func newService(s *Server, l *loop.Loop) *service {
	sv := &service{
		srv: s, l: l, log: s.Logger,
		maxBody: s.maxBody(), times: s.timeouts(), made: l.Now(), buffers: buffers{size: bodyBuffer},
		tunnels: map[*exchange]struct{}{}, locals: map[netip.AddrPort]*stdConn{}, outlive: map[*exchange]struct{}{},
	}
	if sv.log == nil {
		sv.log = l.Logger()
	}
	if std, ok := s.Handler.(*stdHandler); ok && !std.o.OnLoop {
		sv.std = std
		sv.workers.max = std.o.MaxGoroutines
	}
	sv.workers.l = l
	return sv
}

// accept takes in a connection.
func (sv *service) accept(s *stream.Stream) {
	if !sv.srv.HTTP2 || !sv.throughDoor(s) {
		sv.take(s)
	}
}

// take serves HTTP/1 on a connection.
func (sv *service) take(s *stream.Stream) {
	s.SetReadAhead(sv.srv.maxHead() + 1)
	s.SetConsumer(&conn{sv: sv, s: s, fresh: true})
	sv.watch()
}

// A drainer is a connection that can be asked for its end, because the server is to
// end: an HTTP connection, or what has become of one.
type drainer interface{ Drain() }

// drain asks a connection for its end.
func drain(s *stream.Stream) {
	if d, ok := s.Consumer().(drainer); ok {
		d.Drain()
	}
}

// drain is called when the server begins to end. The connections are asked one by one.
func (sv *service) drain() {
	sv.draining = true
	sv.workers.close()
	for ex := range sv.tunnels {
		ex.co.Cancel(ErrServerClosed)
	}
}

// abort breaks everything off.
func (sv *service) abort() {
	sv.drain()
	sv.srv.conns.Each(sv.l, func(s *stream.Stream) {
		if c, ok := s.Consumer().(*conn); ok {
			c.abort()
		}
	})
}

// dateNow is the Date of a response (RFC 9110, 6.6.1), formatted once a second. Between
// two seconds it looks at no clock.
func (sv *service) dateNow() string {
	if at := sv.l.Recent(); at >= sv.dateEnd || sv.date == "" {
		now := sv.l.Now()
		sv.date = httpDate(now)
		sv.dateEnd = at + time.Second - time.Duration(now.Nanosecond())
	}
	return sv.date
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
