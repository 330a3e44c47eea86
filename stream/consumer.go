package stream

import "errors"

// A Consumer is given a stream's bytes as they come. Its methods run on the loop
// and must not wait; they may call any method of the stream.
type Consumer interface {
	// Consume is given all bytes that were not consumed before, and returns how
	// many it takes. It is called again at once with the rest if it took some but
	// not all, and else when more have come, or when Offer is called. p is valid
	// only during the call. If it panics, the stream is broken off: nobody can
	// tell any more where the next message begins.
	Consume(p []byte) int
	// Ended is called once, when no more bytes will come: io.EOF, or the error
	// that broke the stream. After io.EOF writing is still possible. What was not
	// consumed is still there. It is called in an iteration of its own, never from
	// within a method of the stream, and not at all once this side has closed the
	// stream or taken it back.
	Ended(err error)
}

var errConsumer = errors.New("stream: the consumer panicked")

// SetConsumer has c given the stream's bytes from now on, beginning with those
// that have come already. A read that is under way comes first. nil takes the
// stream back from its consumer; the bytes it did not consume stay. On a stream
// that was closed on this side it does nothing.
func (s *Stream) SetConsumer(c Consumer) {
	if s.closed() {
		return
	}
	s.consumer, s.told, s.fresh = c, false, true
	s.Offer()
	if s.ended() != nil {
		s.tell()
	}
	s.refresh()
}

// Consumer is who has the stream's bytes; nil: nobody.
func (s *Stream) Consumer() Consumer { return s.consumer }

// Offer gives the consumer what it left behind, as if it had just come. Inside
// Consume it does nothing: all that there is lies in the consumer's hands.
func (s *Stream) Offer() {
	if s.consumer == nil || s.in == nil || s.in.read != nil || len(s.in.buf) == 0 {
		return
	}
	p := s.in.buf
	s.in.buf = nil
	s.putBack(s.offer(p))
	s.refresh()
}

// offer hands p to the consumer and returns what it leaves. Meanwhile the stream
// has no buffered bytes, and reads that are started wait: the consumer may take
// itself off and start one.
func (s *Stream) offer(p []byte) []byte {
	if s.consumer == nil {
		return p
	}
	s.offering = true
	whole := false
	defer func() {
		s.offering = false
		if !whole { // Consume panicked, or called runtime.Goexit
			s.fail(errConsumer)
		}
	}()
	for s.consumer != nil && len(p) > 0 {
		s.fresh = false
		n := s.consumer.Consume(p)
		p = p[n:]
		if n == 0 && !s.fresh {
			break
		}
	}
	whole = true
	return p
}

// putBack keeps p, which the consumer has left, and sees to what the consumer has
// started.
func (s *Stream) putBack(p []byte) {
	if len(p) > 0 && !s.closed() {
		if s.in == nil {
			s.in = &incoming{}
		}
		s.in.buf = p
	}
	if s.in == nil {
		return
	}
	if s.in.read != nil {
		s.deal()
	}
	s.tidy()
}

// tell has the consumer told in the next iteration that no more will come.
func (s *Stream) tell() {
	if s.consumer == nil || s.told {
		return
	}
	s.l.Call(func() {
		if s.consumer != nil && !s.told {
			s.told = true
			s.consumer.Ended(s.ended())
		}
	})
}
