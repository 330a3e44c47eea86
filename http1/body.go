package http1

import (
	"errors"
	"fmt"
	"io"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// maxSkip is how much of a body that the handler did not read is thrown away so
// that the connection can be used again. Beyond it, closing is cheaper.
const maxSkip = 256 << 10

var (
	errBodyCut    = fmt.Errorf("%w: %w", ErrClientGone, io.ErrUnexpectedEOF)
	errBodyShared = errors.New("http1: Body.Read while another Read of it waits")
)

// A Body is the body of a request. It belongs to the loop; reading it makes the
// coroutine that reads wait for bytes, and the client for the reader.
type Body struct {
	ex      *exchange
	chunks  *httpwire.Chunks // nil unless the framing is that
	left    int64            // of a Content-Length, not decoded yet
	limit   int64            // of total; negative: none
	total   int64            // decoded so far
	ready   int              // decoded bytes at the beginning of the stream's buffer
	waiting *loop.Promise[struct{}]
	err     error
	framing httpwire.Framing
	expect  bool // the client may be waiting for 100 (Continue)
	done    bool // the end is decoded
	close   bool // nobody can tell where the next request begins, or it is too far
}

var _ io.Reader = (*Body)(nil)

// Read reads from the body, and waits until there is something. At the end it gives
// io.EOF. If the client leaves before, the error matches io.ErrUnexpectedEOF and
// ErrClientGone; if its bytes do not come in time, it is ErrBodyTimeout; beyond
// Server.MaxBody it is ErrBodyTooLarge, at once if the client has said so. If the coroutine is cancelled, it is as Await's.
func (b *Body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		n := 0
		for more := true; more && n < len(p); {
			m := b.take(p[n:])
			n += m
			more = m > 0
		}
		if n > 0 {
			return n, nil
		}
		if err := b.ended(); err != nil {
			return 0, err
		}
		if err := b.wait(); err != nil {
			return 0, err
		}
	}
}

// take moves bytes that have come into p. When the handler has ended there are
// none: skip has had them.
func (b *Body) take(p []byte) int {
	if b.ex.taken {
		return 0
	}
	s := b.ex.c.s
	_ = b.announced() // ended tells
	if b.ready == 0 && !b.done && b.err == nil {
		data, used := b.decode(s.Buffered())
		if used > 0 {
			b.expect = false // it is sending
		}
		s.Discard(used - data)
		b.ready = data
		if beyond := b.total - b.limit; b.limit >= 0 && beyond > 0 {
			b.ready = max(0, b.ready-int(beyond))
			b.err, b.close = ErrBodyTooLarge, true
		}
	}
	buf := s.Buffered()
	n := copy(p, buf[:min(b.ready, len(buf))])
	s.Discard(n)
	b.ready -= n
	return n
}

// announced is an error if the client has said that it will send too much.
func (b *Body) announced() error {
	if b.err == nil && b.limit >= 0 && b.left > b.limit-b.total {
		b.err, b.close = ErrBodyTooLarge, true
	}
	return b.err
}

// decode finds the next piece of the body in buf: data bytes, which are the last of
// those that it used up.
func (b *Body) decode(buf []byte) (data, used int) {
	if b.framing != httpwire.Chunked {
		n := min(b.left, int64(len(buf)))
		b.left -= n
		b.total += n
		b.done = b.left == 0
		return int(n), int(n)
	}
	for {
		piece, n, done, err := b.chunks.Next(buf[used:])
		b.keepTrailer(buf[used:])
		used += n
		b.total += int64(len(piece))
		b.done = done
		if err != nil {
			b.err, b.close = err, true
		}
		if n == 0 || len(piece) > 0 || done || err != nil {
			return len(piece), used
		}
	}
}

// ended says why no more bytes will come.
func (b *Body) ended() error {
	switch {
	case b.ex.ended() != nil:
		return b.ex.ended()
	case b.err != nil:
		return b.err
	case b.done:
		return io.EOF
	case b.ex.c.gone() || b.ex.c.s.EOF():
		return errBodyCut
	}
	return nil
}

// wait waits for bytes. A client that expects it is told now that they are wanted
// (RFC 9110, 10.1.1), unless it has its response already.
func (b *Body) wait() error {
	c := b.ex.c
	co := c.sv.l.Current()
	switch {
	case co == nil:
		panic("http1: Body.Read outside a coroutine")
	case b.waiting != nil:
		return errBodyShared
	}
	if b.expect && !b.ex.w.begun {
		b.expect = false
		c.uncork()
		c.s.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	}
	b.waiting = loop.NewPromise[struct{}](c.sv.l)
	w := &b.ex.seldom().body
	w.begin(c.sv.clock())
	_, err := loop.Await(co, b.waiting.Future())
	w.end(c.sv.clock())
	b.waiting = nil
	return err
}

// wake tells a reader to look again.
func (b *Body) wake() {
	if b.waiting != nil {
		b.waiting.TrySet(struct{}{})
	}
}

// skip says how many bytes at the beginning of p, which is all that the stream
// holds, are body to be thrown away.
func (b *Body) skip(p []byte) (n int) {
	b.close = b.close || b.left > maxSkip
	n, b.ready = min(b.ready, len(p)), 0
	for more := true; more && !b.done && !b.close; {
		data, used := b.decode(p[n:])
		n += used
		x := b.ex.seldom()
		x.skipped += int64(data)
		b.close = b.close || x.skipped > maxSkip
		more = used > 0
	}
	return n
}
