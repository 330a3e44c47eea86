package http1

import (
	"bytes"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
)

// maxPrefetch is how much of a body is taken along when a request goes to a goroutine:
// it saves that asking for it.
const maxPrefetch = 64 << 10

// A stdRoom is room for what comes with a request's head, which is read in pieces of this
// size. It is given back by who reads the last of it, and only then: what a handler leaves
// unread it may still be reading when its request is over.
type stdRoom [16 << 10]byte

// stdBody is the request's body for goroutines: for one at a time.
type stdBody struct {
	// Immutable.
	c    *stdCall
	from *Body

	// Owned by who reads; by the loop while that reads for them.
	ahead []byte   // prefetched
	room  *stdRoom // that ahead lies in; nil: in memory of its own
	came  []Field  // trailers, once the end has been read
	eof   bool     // nothing comes behind ahead

	// Any goroutine.
	closed atomic.Bool
	mu     sync.Mutex // guards ahead and room from those who read at the same time
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

// seize is prefetch for a body of known length whose first bytes lie in rest, not with
// the stream yet: they are copied once. It says how many it takes.
func (b *stdBody) seize(rest []byte) int {
	from := b.from
	n := min(int(min(from.left, maxPrefetch)), len(rest))
	if n == 0 {
		return 0
	}
	if n > len(b.room) {
		b.ahead = bytes.Clone(rest[:n])
	} else {
		b.room = from.ex.c.sv.workers.room()
		b.ahead = b.room[:copy(b.room[:], rest[:n]):n]
	}
	from.decode(b.ahead)
	from.expect = false // it is sending
	b.eof = from.done
	return n
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
	}
	n, last := b.readAhead(p)
	switch {
	case n > 0 && last:
		b.c.takeTrailers()
		return n, io.EOF
	case n > 0:
		return n, nil
	case b.eof:
		b.c.takeTrailers()
		return 0, io.EOF
	}
	err = b.c.ask(reading, func() (err error) {
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

// readAhead reads what was prefetched, and reports whether nothing comes behind that.
func (b *stdBody) readAhead(p []byte) (n int, last bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.ahead) == 0 {
		return 0, false
	}
	n = copy(p, b.ahead)
	if b.ahead = b.ahead[n:]; len(b.ahead) > 0 {
		return n, false
	}
	if b.room != nil {
		b.c.ex.c.sv.workers.rooms.Put(b.room)
		b.ahead, b.room = nil, nil
	}
	return n, b.eof
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
