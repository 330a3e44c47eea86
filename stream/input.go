package stream

import (
	"cmp"
	"io"
	"math"
	"slices"

	"github.com/zonda-go/zonda/loop"
)

const (
	// readAhead is SetReadAhead's default.
	readAhead = 64 << 10
	// quickRead is how much is read without telling Go's scheduler: see package
	// sock.
	quickRead = 16 << 10
)

// incoming is what a stream keeps of its input, while it keeps any or somebody
// waits for some.
type incoming struct {
	buf  []byte
	read *read
}

// Buffered is what has come and was not consumed; inside Consume it is empty. It is
// valid until the next call of a method of the stream, or until the coroutine
// waits.
func (s *Stream) Buffered() []byte {
	if s.in == nil {
		return nil
	}
	return s.in.buf
}

// Discard consumes n of the buffered bytes. It panics if there are not so many.
func (s *Stream) Discard(n int) {
	if n < 0 || n > len(s.Buffered()) {
		panic("stream: Discard of more than Buffered")
	}
	if n > 0 {
		s.consume(n)
		s.refresh()
	}
}

// EOF reports whether the peer has sent its last byte.
func (s *Stream) EOF() bool { return s.eof }

// SetReadAhead bounds what the stream keeps of input that nobody takes, in bytes;
// at least the default, 64 KiB. Beyond it the stream stops reading, and in time the
// peer must wait. One read more, 64 KiB at most, may lie on top of it. A Consumer
// that wants to see a longer piece whole must ask for more.
func (s *Stream) SetReadAhead(n int) {
	s.ahead = int32(min(max(n, readAhead), math.MaxInt32))
	s.refresh()
}

// full reports whether there is enough unread input already.
func (s *Stream) full() bool {
	return s.in != nil && s.in.read == nil && len(s.in.buf) >= cmp.Or(int(s.ahead), readAhead)
}

// pulled deals with what a read has met that Ready made for e.
func (s *Stream) pulled(e loop.Events, n int, err error) {
	switch {
	case s.err != nil:
		// Over, by whoever was given the bytes.
	case err == io.EOF && !s.eof, err == errTruncated && s.closing() != nil && !s.eof:
		// Of a peer that must end its side no goodbye is expected: many give none.
		s.finished()
	case err == ErrAgain || err == io.EOF:
		if n == 0 && e&loop.Failed != 0 && e&loop.Readable == 0 {
			s.fail(io.ErrUnexpectedEOF) // failed without saying why
		}
	default:
		s.fail(err)
	}
}

// pull reads once and hands on what that brings.
func (s *Stream) pull() (int, error) {
	if room := s.direct(); room != nil {
		n, err := s.t.Read(room)
		s.in.read.into.n += max(n, 0)
		s.deal()
		return n, err
	}
	buf := s.l.ReadBuffer()
	n, err := s.t.Read(buf[:quickRead])
	if n == quickRead && err == nil {
		var m int
		m, err = s.t.Read(buf[n:])
		n += m
	}
	if n > 0 {
		s.arrive(buf[:n])
	}
	return n, err
}

// arrive takes in bytes that lie in the loop's buffer, and copies what remains of
// them when everyone has had his part.
func (s *Stream) arrive(p []byte) {
	if s.closing() != nil {
		// Nobody wants them any more; reading keeps the close orderly. It is no
		// progress: a peer that goes on sending would put the end off for ever.
		return
	}
	if s.in == nil {
		s.putBack(slices.Clone(s.offer(p)))
		return
	}
	if r := s.in.read; r != nil && r.into != nil {
		p = p[r.into.fill(p):]
	}
	s.in.buf = append(s.in.buf, p...)
	s.deal()
}

// deal hands out what is there: to the read that waits, then to the consumer.
func (s *Stream) deal() {
	if s.in != nil && s.in.read != nil {
		s.serve()
	}
	s.Offer()
}

// consume drops n buffered bytes.
func (s *Stream) consume(n int) {
	s.in.buf = s.in.buf[n:]
	s.tidy()
}

// tidy gives back what an idle stream does not need.
func (s *Stream) tidy() {
	if s.in != nil && len(s.in.buf) == 0 {
		s.in.buf = nil
		if s.in.read == nil {
			s.in = nil
		}
	}
}

// finished notes that the peer has sent its last byte. When writing has failed, the
// end of input is not to be trusted: the system tells of a reset only once, and
// goes on with an end that looks orderly.
func (s *Stream) finished() {
	if s.out != nil && s.out.err != nil {
		s.fail(s.out.err)
		return
	}
	s.eof = true
	if s.in != nil && s.in.read != nil {
		s.deal()
	}
	s.tell()
	s.bothEnded()
}
