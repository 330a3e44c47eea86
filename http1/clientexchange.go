package http1

import (
	"io"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// maxInterim is how many responses with 1xx may come before the final one.
const maxInterim = 64

// A clientExchange is one request and its response on a connection. It belongs to the
// loop.
//
//	send ──► 1xx ──► head ──► body ──► done: the connection is free
//	  └────────┴───────┴────────┴────► err:  the connection is broken off
type clientExchange struct {
	call    *clientCall
	c       *clientConn
	hop     *clientHop
	res     *Response
	parser  *httpwire.ResponseParser // while the head comes
	framing clientFraming
	upload  *clientUpload          // while the request's body goes
	turn    loop.Promise[struct{}] // of who waits
	waits   bool                   // somebody does
	late    loop.Timer             // of the first byte
	err     error
	lost    error // what ended the stream, when what had come by then is not read yet
	ready   int   // bytes of the body at the beginning of the stream's buffer
	interim int
	heard   bool // a byte of the response has come
	head    bool // its head has
	direct  bool // the body is collected, or thrown away, as it comes
	waste   bool // it is thrown away
	keep    bool // the connection can be used again afterwards
	tunnel  bool // it speaks another protocol behind the head
	done    bool // all of it has come
	behind  bool // and more came with it
}

// arrived hears of bytes from the server, and says how many it takes.
func (x *clientExchange) arrived(p []byte) int {
	x.heard = true
	x.call.look()
	n := 0
	if !x.head {
		n = x.takeHead(p)
	}
	switch {
	case !x.head || x.done || x.err != nil:
	case !x.direct:
		x.wake()
	case n < len(p):
		n += x.collect(p[n:])
	}
	return n
}

func (x *clientExchange) takeHead(p []byte) int {
	pool := x.call.p
	if x.parser == nil {
		x.parser = pool.takeParser()
	}
	n, err := x.parser.Head(p, x.hop.method, pool.maxHead())
	if err != nil {
		x.fail(PhaseResponse, badResponse(err))
		return len(p)
	}
	if n == 0 {
		return 0
	}
	r := &x.parser.Response
	if r.Status < 200 {
		x.interim++
	}
	switch {
	case r.Tunnel && !x.upgrades():
		x.fail(PhaseResponse, errUpgraded)
		return len(p)
	case x.interim > maxInterim:
		x.fail(PhaseResponse, errInterim)
		return len(p)
	case r.Status < 200 && !r.Tunnel:
		if r.Status == 100 && x.upload != nil {
			x.upload.goAhead()
		}
		x.parser.Reset()
		return n
	}
	x.behind = n < len(p) && r.Framing == httpwire.NoBody
	x.begin(p[:n], r)
	return n
}

// begin makes the response of a head that is complete.
func (x *clientExchange) begin(head []byte, r *httpwire.Response) {
	call := x.call
	x.res = &Response{method: x.hop.method, URL: x.hop.url, Request: call.req, Reused: x.c.used}
	x.res.fill(head, r)
	x.res.RemoteAddr = x.c.s.RemoteAddr()
	if x.hop.key.secure {
		if state, ok := x.c.s.TLS(); ok {
			x.res.TLS = &state
		}
	}
	x.keep, x.tunnel = r.KeepAlive, r.Tunnel
	x.framing.kind, x.framing.left, x.framing.chunks.Response = r.Framing, r.Length, true
	x.returnParser() // and r with it
	x.head = true
	x.late.Stop()
	call.gotHead()
	x.direct = !x.tunnel && call.collects(x.res)
	if x.upload != nil && (x.res.Status >= 300 || x.upload.waits()) {
		x.stopUpload() // the server has made up its mind without the rest
	}
	switch {
	case x.tunnel && !chose(x.res, call.req.Upgrade):
		x.fail(PhaseResponse, errUpgraded)
		return
	case call.maxBody > 0 && x.framing.left > call.maxBody && !call.streams:
		x.fail(PhaseBody, ErrResponseTooLarge)
		return
	case x.direct && x.framing.left > 0:
		x.res.Body = make([]byte, 0, min(x.framing.left, 1<<20))
	}
	call.answered()
	if x.framing.kind == httpwire.NoBody && !x.tunnel && x.err == nil {
		x.finish()
	}
}

// collect takes what has come of the body.
func (x *clientExchange) collect(p []byte) (n int) {
	for {
		piece, used, err := x.framing.next(p[n:], &x.res.Trailer)
		n += used
		if err != nil {
			x.fail(PhaseBody, err)
			return len(p)
		}
		if !x.waste {
			x.res.Body = append(x.res.Body, piece...)
			if limit := x.call.maxBody; limit > 0 && int64(len(x.res.Body)) > limit {
				x.fail(PhaseBody, ErrResponseTooLarge)
				return len(p)
			}
		}
		switch {
		case x.framing.done:
			x.behind = n < len(p)
			x.finish()
			x.wake()
			return n
		case used == 0 || n == len(p):
			return n
		}
	}
}

// ended hears that the server will send no more. err is io.EOF or what broke the
// connection.
func (x *clientExchange) ended(err error) {
	x.call.look()
	switch {
	case x.head && !x.direct:
		x.lost = err // the reader looks at what is left first
		x.wake()
	case x.head && err == io.EOF && x.framing.kind == httpwire.UntilClose:
		x.finish()
		x.wake()
	default:
		x.fail(x.phase(), lostBy(err))
	}
}

func (x *clientExchange) phase() string {
	if x.head {
		return PhaseBody
	}
	return PhaseResponse
}

// wake tells who waits to look again.
func (x *clientExchange) wake() {
	if x.waits {
		x.turn.TrySet(struct{}{})
	}
}

// wait waits in co until something has happened.
func (x *clientExchange) wait(co *loop.Co) error {
	switch {
	case x.err != nil:
		return x.err
	case x.waits:
		return errBodyShared
	}
	x.turn.Renew(x.call.p.l)
	x.waits = true
	_, err := loop.Await(co, x.turn.Future())
	x.waits = false
	if x.err != nil {
		return x.err
	}
	return err
}
