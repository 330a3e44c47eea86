package http1

import (
	"cmp"
	"io"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// progressEvery is how often OnProgress is called at most.
const progressEvery = 100 * time.Millisecond

// bodyRoom is how much of a body is read at a time.
const bodyRoom = 32 << 10

// A ResponseBody is the body of a response, to be read piece by piece. It belongs to
// the loop; reading it makes the coroutine that reads wait for bytes, and the server
// for the reader. It must be closed: then the connection is free for the next request
// if all was read, and is broken off if not.
type ResponseBody struct {
	x           *clientExchange
	co          *loop.Co // that waits, which may be one with a deadline; nil: whoever reads
	decode      *decoder // nil: the body comes as it is
	total       int64    // read so far, decoded
	began, told time.Time
	err         error // io.EOF at the end
	paused      bool  // a wait was cancelled, nothing else happened
	closed      bool
}

var _ io.ReadCloser = (*ResponseBody)(nil)

func newResponseBody(x *clientExchange) *ResponseBody {
	b := &ResponseBody{x: x}
	p := x.call.p
	if kind := x.call.encoding(x.res); kind != "" && x.framing.kind != httpwire.NoBody {
		b.decode = takeDecoder(p.l, kind, (*wireBody)(b))
		x.res.Decoded = true
		x.res.Header.Del("Content-Encoding")
		x.res.Header.Del("Content-Length")
	}
	if x.call.req.OnProgress != nil {
		b.began = p.l.Now()
		b.told = b.began
	}
	return b
}

// Read reads from the body, decoded, and waits until there is something. At the end it
// gives io.EOF, and Response.Trailer is complete. An error is a *ClientError, whose
// phase is "body". If the coroutine is cancelled, it is as Await's, and the body can be
// read on, unless it is one that is decoded.
func (b *ResponseBody) Read(p []byte) (int, error) {
	switch {
	case b.closed:
		return 0, errBodyClosed
	case b.err != nil:
		return 0, b.err
	case len(p) == 0:
		return 0, nil
	case b.decode != nil:
		n, err := b.decode.Read(p)
		return b.account(n, damaged(b.decode.kind, err))
	}
	return b.account((*wireBody)(b).Read(p))
}

// account counts what was read, and sees to the end.
func (b *ResponseBody) account(n int, err error) (int, error) {
	x := b.x
	b.total += int64(n)
	if beyond := b.total - x.call.maxBody; x.call.maxBody > 0 && beyond > 0 {
		n = max(0, n-int(beyond))
		err = ErrResponseTooLarge
	}
	if err != nil && b.paused && b.decode == nil {
		b.paused = false
		return n, err
	}
	switch {
	case err == io.EOF:
		x.skip() // an encoding has an end of its own
		x.res.Timing.Total = x.call.p.l.Now().Sub(x.call.timing.Start)
		b.err = io.EOF
	case err != nil:
		x.fail(PhaseBody, err)
		b.err = x.call.wrap(PhaseBody, err)
	}
	b.progress(err)
	if b.err != nil && b.decode != nil {
		b.decode.give()
		b.decode = nil
	}
	if n > 0 {
		return n, nil
	}
	return 0, b.err
}

// Close ends the reading. It does not wait, and its error is always nil.
func (b *ResponseBody) Close() error {
	if !b.closed {
		b.closed = true
		b.x.skip()
		b.x.call.end()
	}
	return nil
}

// progress tells how far it is.
func (b *ResponseBody) progress(err error) {
	call := b.x.call
	if call.req.OnProgress == nil {
		return
	}
	now := call.p.l.Now()
	if err == nil && now.Sub(b.told) < progressEvery {
		return
	}
	b.told = now
	p := Progress{Done: b.total, Total: b.x.res.ContentLength, Ended: err == io.EOF}
	if b.x.res.Decoded {
		p.Total = -1
	}
	if d := now.Sub(b.began); d > 0 {
		p.Rate = float64(b.total) / d.Seconds()
	}
	call.req.OnProgress(p)
}

// readAll reads the whole body in co: to OnBody, or into the response.
func (b *ResponseBody) readAll(co *loop.Co) error {
	b.co = co
	p := b.x.call.p
	room := p.rooms.take()[:bodyRoom]
	defer p.rooms.give(room)
	for {
		n, err := b.Read(room)
		if n > 0 {
			err = b.handOut(co, room[:n])
		}
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		}
	}
}

func (b *ResponseBody) handOut(co *loop.Co, p []byte) error {
	if fn := b.x.call.req.OnBody; fn != nil {
		return fn(co, p)
	}
	b.x.res.Body = append(b.x.res.Body, p...)
	return nil
}

// wireBody is a body as it comes, without framing.
type wireBody ResponseBody

// Read waits until there is something.
func (b *wireBody) Read(p []byte) (int, error) {
	x := b.x
	for {
		n, err := x.take(p)
		if n > 0 || err != nil {
			return n, err
		}
		co := b.waiter()
		if co == nil {
			panic("http1: ResponseBody.Read outside a coroutine")
		}
		if err := x.wait(co); err != nil {
			b.paused = x.err == nil
			return 0, err
		}
	}
}

// waiter is whose waits these are; nil outside a coroutine.
func (b *wireBody) waiter() *loop.Co { return cmp.Or(b.co, b.x.call.p.l.Current()) }

// take moves bytes of the body that have come into p: none, if more must come.
func (x *clientExchange) take(p []byte) (int, error) {
	switch {
	case x.done:
		return 0, io.EOF
	case x.err != nil:
		return 0, x.err
	}
	s := x.c.s
	for x.ready == 0 {
		piece, used, err := x.framing.next(s.Buffered(), &x.res.Trailer)
		s.Discard(used - len(piece)) // the piece is at the end
		x.ready = len(piece)
		switch {
		case err != nil:
			return 0, err
		case x.ready > 0:
		case x.framing.done:
			x.finish()
			return 0, io.EOF
		case used == 0:
			return 0, x.exhausted()
		}
	}
	n := copy(p, s.Buffered()[:x.ready])
	s.Discard(n)
	x.ready -= n
	if x.ready == 0 && x.framing.done {
		x.finish()
	}
	return n, nil
}

// exhausted says why no more will come; nil: it will.
func (x *clientExchange) exhausted() error {
	switch {
	case x.lost == io.EOF && x.framing.kind == httpwire.UntilClose:
		x.finish()
		return io.EOF
	case x.lost != nil:
		return lostBy(x.lost)
	}
	return nil
}

// atOnce gives the whole body if it has come already and is not long, and nil, having
// read nothing, if not.
func (b *ResponseBody) atOnce() ([]byte, error) {
	x := b.x
	if b.decode != nil || x.done || x.framing.kind != httpwire.Length || x.framing.left > bodyRoom ||
		int64(len(x.c.s.Buffered())) < x.framing.left {
		return nil, nil
	}
	all := make([]byte, x.framing.left)
	_, err := io.ReadFull(b, all)
	return all, err
}
