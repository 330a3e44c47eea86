package http1

import (
	"io"
	"net/http"
	"sync/atomic"
)

// maxPrefetch is how much of a body is taken along when a request goes to a goroutine:
// it saves that asking for it.
const maxPrefetch = 64 << 10

// stdBody is the request's body for goroutines: for one at a time.
type stdBody struct {
	// Immutable.
	c    *stdCall
	from *Body

	// Owned by who reads; by the loop while that reads for them.
	ahead []byte  // prefetched
	came  []Field // trailers, once the end has been read
	eof   bool    // nothing comes behind ahead

	// Any goroutine.
	closed atomic.Bool
}

// lift takes the default limit away, unless a handler has set another: net/http has none.
func (b *Body) lift() {
	if b.ex.c.sv.srv.MaxBody == 0 && b.limit == DefaultMaxBody {
		b.limit = -1
	}
}

// prefetch takes what has come. It belongs to the loop.
func (b *stdBody) prefetch() {
	room := min(len(b.from.ex.c.s.Buffered()), maxPrefetch)
	if b.c.onLoop || b.from.done || room == 0 {
		return
	}
	b.ahead = make([]byte, room)
	n := 0
	for more := true; more && n < room; {
		m := b.from.take(b.ahead[n:])
		n += m
		more = m > 0
	}
	b.ahead = b.ahead[:n]
	b.eof = b.ended()
}

// ended reports whether the body has been read to its end, and then has its trailers. It
// belongs to the loop.
func (b *stdBody) ended() bool {
	if !b.from.done || b.from.ready > 0 {
		return false
	}
	if x := b.from.ex.rare; x != nil {
		b.came = x.came.lines
	}
	return true
}

// Read has the loop read into p. The end is told with the last bytes, which saves
// asking for it.
func (b *stdBody) Read(p []byte) (n int, err error) {
	switch {
	case b.closed.Load():
		return 0, http.ErrBodyReadAfterClose
	case len(p) == 0:
		return 0, nil
	case len(b.ahead) > 0:
		n = copy(p, b.ahead)
		b.ahead = b.ahead[n:]
		if len(b.ahead) == 0 && b.eof {
			err = io.EOF
			b.c.takeTrailers()
		}
		return n, err
	case b.eof:
		b.c.takeTrailers()
		return 0, io.EOF
	}
	err = b.c.ask(&b.c.reading, func() (err error) {
		n, err = b.from.Read(p)
		switch {
		case b.ended() && err == nil:
			err = io.EOF
		case err == ErrBodyTooLarge:
			err = &maxBytesError{http.MaxBytesError{Limit: b.from.limit}}
		}
		return err
	})
	switch err {
	case io.EOF:
		b.eof = true
		b.c.takeTrailers()
	case errOver:
		err = http.ErrBodyReadAfterClose
	}
	return n, err
}

// A maxBytesError is ErrBodyTooLarge for handlers that know net/http's.
type maxBytesError struct{ std http.MaxBytesError }

func (e *maxBytesError) Error() string   { return ErrBodyTooLarge.Error() }
func (e *maxBytesError) Unwrap() []error { return []error{ErrBodyTooLarge, &e.std} }

// Close has further reads fail. What was not read is skipped when the handler has ended.
func (b *stdBody) Close() error {
	b.closed.Store(true)
	return nil
}
