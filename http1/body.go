package http1

import (
	"io"
	"slices"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

// maxFraming is room for the longest framing between two pieces of a body.
const maxFraming = 512

// A Body is the body of a request. It belongs to the loop; reading it makes the
// coroutine that reads wait for bytes, and the client for the reader.
type Body struct {
	ex      *exchange
	framing httpwire.Framing
	left    int64 // of a Content-Length
	total   int64 // read so far
	limit   int64 // of total; negative: none
	chunks  httpwire.Chunks
	rest    []byte // decoded, and too much for the last Read
	waiting *loop.Promise[struct{}]
	err     error
	expect  bool // the client waits for 100 (Continue)
	done    bool // all of it has been taken from the stream
	close   bool // what is left of it cannot be skipped
}

var _ io.Reader = (*Body)(nil)

// Read reads from the body, and waits until there is something. At the end it gives
// io.EOF; if the client leaves before, io.ErrUnexpectedEOF, or an error as Await's
// if the coroutine is cancelled; beyond Server.MaxBody, ErrBodyTooLarge.
func (b *Body) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	for {
		if n := copy(p, b.rest); n > 0 {
			b.rest = b.rest[n:]
			return n, nil
		}
		n := b.take(p)
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

// take moves bytes that have come into p.
func (b *Body) take(p []byte) int {
	if b.err != nil || b.done {
		return 0
	}
	s := b.ex.c.s
	buf := s.Buffered()
	data, used := b.next(buf[:min(len(buf), max(len(p), maxFraming))])
	n := copy(p, data)
	b.rest = slices.Clone(data[n:])
	s.Discard(used)
	b.total += int64(len(data))
	if b.limit > 0 && b.total > b.limit {
		b.err, b.close = ErrBodyTooLarge, true
		return 0
	}
	return n
}

// next decodes the next piece of the body from buf, and says how much of buf that
// has used up.
func (b *Body) next(buf []byte) (data []byte, used int) {
	if b.framing != httpwire.Chunked {
		n := int(min(b.left, int64(len(buf))))
		b.left -= int64(n)
		b.done = b.left == 0
		return buf[:n], n
	}
	for {
		data, n, done, err := b.chunks.Next(buf[used:])
		used += n
		b.done = done
		if err != nil {
			b.err, b.close = err, true
		}
		if n == 0 || len(data) > 0 || done || err != nil {
			return data, used
		}
	}
}

// ended says why no more bytes will come.
func (b *Body) ended() error {
	switch {
	case b.err != nil:
		return b.err
	case b.done:
		return io.EOF
	case b.ex.over:
		return ErrServerClosed
	case b.ex.c.shut || b.ex.c.s.EOF():
		return io.ErrUnexpectedEOF
	}
	return nil
}

// wait waits for bytes. A client that expects it is told now that they are wanted
// (RFC 9110, 10.1.1).
func (b *Body) wait() error {
	c := b.ex.c
	if b.expect {
		b.expect = false
		c.uncork()
		c.s.Write([]byte("HTTP/1.1 100 Continue\r\n\r\n"))
	}
	co := c.sv.l.Current()
	if co == nil {
		panic("http1: Body.Read outside a coroutine")
	}
	b.waiting = loop.NewPromise[struct{}](c.sv.l)
	_, err := loop.Await(co, b.waiting.Future())
	b.waiting = nil
	return err
}

// wake tells a reader to look again.
func (b *Body) wake() {
	if b.waiting != nil {
		b.waiting.TrySet(struct{}{})
	}
}

// skip throws away what p holds of the body.
func (b *Body) skip(p []byte) (n int, done bool) {
	if b.expect {
		// The client may or may not send it now: nobody can tell where the next
		// request would begin.
		b.close = true
	}
	for n < len(p) && !b.done && !b.close {
		data, used := b.next(p[n:])
		n += used
		b.total += int64(len(data))
		b.close = b.close || b.total > maxDrain
		if used == 0 {
			break
		}
	}
	return n, b.done
}
