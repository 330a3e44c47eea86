package stream

import (
	"bytes"
	"io"
	"slices"

	"github.com/zonda-go/zonda/loop"
)

// incoming is what a stream keeps of its input, while it keeps any or somebody
// waits for some.
type incoming struct {
	buf  []byte
	read *read
}

// A read waits for bytes: for a delimiter, for a number of them, or for any.
type read struct {
	p       *loop.Promise[[]byte]
	delim   []byte // of ReadUntil
	n       int    // ReadFull: how many; ReadUntil: at most; ReadSome: at most
	scanned int    // where to go on looking for delim
	some    bool
}

// ReadUntil reads up to and including delim. If that does not come within max
// bytes, the error is ErrTooLong and the bytes stay. At the end of the stream the
// error is io.EOF, or io.ErrUnexpectedEOF if there were other bytes, which stay.
func (s *Stream) ReadUntil(delim string, max int) *loop.Future[[]byte] {
	if delim == "" {
		panic("stream: ReadUntil with an empty delimiter")
	}
	return s.read(&read{delim: []byte(delim), n: max})
}

// ReadFull reads exactly n bytes. At the end of the stream the error is io.EOF, or
// io.ErrUnexpectedEOF if there were some bytes, which stay.
func (s *Stream) ReadFull(n int) *loop.Future[[]byte] {
	return s.read(&read{n: n})
}

// ReadSome reads at least one byte and at most max, whatever is there first.
func (s *Stream) ReadSome(max int) *loop.Future[[]byte] {
	return s.read(&read{n: max, some: true})
}

// read starts r. The future fails with ErrReading while another read is under way.
// If its coroutine stops waiting, the read is withdrawn, and the bytes stay for the
// next one.
func (s *Stream) read(r *read) *loop.Future[[]byte] {
	r.p = loop.NewPromise[[]byte](s.l)
	r.p.Quiet()
	if s.in != nil && s.in.read != nil || s.consumer != nil {
		r.p.Fail(ErrReading)
		return r.p.Future()
	}
	if err := s.broken(); err != nil {
		r.p.Fail(err)
		return r.p.Future()
	}
	if s.in == nil {
		s.in = &incoming{}
	}
	s.in.read = r
	s.serve()
	if s.in != nil && s.in.read == r {
		r.p.OnWithdraw(func() { s.withdraw(r) })
	}
	s.refresh()
	return r.p.Future()
}

func (s *Stream) withdraw(r *read) {
	if s.in != nil && s.in.read == r {
		s.in.read = nil
		s.tidy()
		s.refresh()
	}
}

// refresh is update for those who cannot return its error.
func (s *Stream) refresh() {
	if s.err == nil {
		if err := s.update(); err != nil {
			s.fail(err)
		}
	}
}

// serve completes the read that waits, if what has come is enough.
func (s *Stream) serve() {
	in := s.in
	r := in.read
	n, err := r.match(in.buf)
	if n < 0 && err == nil && s.eof {
		err = io.EOF
		if len(in.buf) > 0 {
			err = io.ErrUnexpectedEOF
		}
	}
	if n < 0 && err == nil {
		return
	}
	in.read = nil
	if err != nil {
		s.tidy()
		r.p.Fail(err)
		return
	}
	got := bytes.Clone(in.buf[:n:n])
	s.Discard(n)
	r.p.Set(got)
}

// match says how many bytes of buf the read takes; negative: it needs more.
func (r *read) match(buf []byte) (int, error) {
	switch {
	case r.some:
		if len(buf) > 0 {
			return min(len(buf), r.n), nil
		}
		return -1, nil
	case r.delim == nil:
		if len(buf) >= r.n {
			return r.n, nil
		}
		return -1, nil
	}
	if i := bytes.Index(buf[r.scanned:], r.delim); i >= 0 {
		if end := r.scanned + i + len(r.delim); end <= r.n {
			return end, nil
		}
		return -1, ErrTooLong
	}
	// The delimiter may have begun in the last bytes. Everything before them has
	// been looked at once and need not be again, however slowly bytes trickle in.
	r.scanned = max(0, len(buf)-len(r.delim)+1)
	if len(buf) >= r.n {
		return -1, ErrTooLong
	}
	return -1, nil
}

func (in *incoming) fail(err error) {
	r := in.read
	in.read = nil
	r.p.Fail(err)
}

// SetConsumer has c given the stream's bytes from now on, beginning with those
// that have come already. nil takes the stream back from its consumer; the bytes
// it did not consume stay.
func (s *Stream) SetConsumer(c Consumer) {
	s.consumer = c
	if c == nil {
		return
	}
	if s.err != nil {
		c.Ended(s.err)
		return
	}
	s.Offer()
	if s.eof {
		c.Ended(io.EOF)
	}
}

// Buffered is what has come and was not consumed. It is valid until the next call
// of a method of the stream, or until the coroutine waits.
func (s *Stream) Buffered() []byte {
	if s.in == nil {
		return nil
	}
	return s.in.buf
}

// Discard consumes n of the buffered bytes.
func (s *Stream) Discard(n int) {
	if n == 0 {
		return
	}
	s.in.buf = s.in.buf[n:]
	s.tidy()
	s.refresh()
}

// Offer gives the consumer what it left behind, as if it had just come.
func (s *Stream) Offer() {
	if s.in == nil || len(s.in.buf) == 0 {
		return
	}
	for s.consumer != nil && s.err == nil && s.in != nil && len(s.in.buf) > 0 {
		n := s.consumer.Consume(s.in.buf)
		if n == 0 {
			break
		}
		if s.in != nil {
			s.Discard(n)
		}
	}
	s.refresh()
}

// EOF reports whether the peer has sent its last byte.
func (s *Stream) EOF() bool { return s.eof }

// tidy gives back what an idle stream does not need.
func (s *Stream) tidy() {
	if s.in != nil && len(s.in.buf) == 0 {
		s.in.buf = nil
		if s.in.read == nil {
			s.in = nil
		}
	}
}

// fill reads what the transport has, once: level-triggered readiness brings us back
// if there is more, after the other streams have had their turn.
func (s *Stream) fill(e loop.Events) {
	buf := s.l.ReadBuffer()
	n, err := s.t.Read(buf[:quickRead])
	if n == quickRead && err == nil && len(buf) > n {
		var m int
		m, err = s.t.Read(buf[n:])
		n += max(m, 0)
	}
	if n > 0 {
		s.arrive(buf[:n])
	}
	switch {
	case s.err != nil || err == nil:
	case err == ErrAgain:
		if n <= 0 && e&(loop.Readable|loop.Failed) == loop.Failed {
			s.fail(io.ErrUnexpectedEOF) // failed without saying why
		}
	case err == io.EOF:
		s.ended()
	default:
		s.fail(err)
	}
}

// arrive takes in bytes that lie in the loop's buffer, and copies what remains of
// them when everyone has had his part.
func (s *Stream) arrive(p []byte) {
	if s.closing != nil {
		s.closing.progress()
		return // nobody wants them any more; reading keeps the close orderly
	}
	if s.in != nil {
		s.in.buf = append(s.in.buf, p...)
		if s.in.read != nil {
			s.serve()
		} else {
			s.Offer()
		}
		return
	}
	for s.consumer != nil && len(p) > 0 {
		n := s.consumer.Consume(p)
		if n == 0 {
			break
		}
		p = p[n:]
	}
	if len(p) > 0 && s.err == nil && s.closing == nil {
		s.in = &incoming{buf: slices.Clone(p)}
	}
}

// ended notes that the peer has sent its last byte.
func (s *Stream) ended() {
	s.eof = true
	if s.closing != nil {
		s.lingered()
		return
	}
	if s.in != nil && s.in.read != nil {
		s.serve()
	}
	if c := s.consumer; c != nil {
		c.Ended(io.EOF)
	}
}
