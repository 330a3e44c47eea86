package stream

// flush is called when the transport can take more.
func (s *Stream) flush() {
	out := s.out
	if out == nil || !out.sendable() {
		return
	}
	for out.head != nil {
		more, err := s.sendHead()
		if err != nil {
			s.unsendable(err)
			return
		}
		if !more {
			return
		}
	}
	out.timer.Stop()
	s.out = nil
	s.drained()
}

// sendHead sends what the transport takes of the first piece, and reports whether
// there is reason to go on.
func (s *Stream) sendHead() (more bool, err error) {
	h := s.out.head
	if h.file != nil && h.sent == len(h.buf) {
		return s.sendFile(h)
	}
	n, err := s.send(h.buf[h.sent:])
	if n > 0 {
		s.moved()
		h.file.advance(s.l, n)
	}
	s.out.advance(n, s.limits().Low)
	return h.sent == len(h.buf), err
}

// unsendable is called when the transport has refused bytes. Those who write are
// told now. But the peer may have said why before it went (a server that does not
// want a body answers and closes), and that may lie in the transport, unread: the
// stream ends in the next iteration, when it has been fetched.
func (s *Stream) unsendable(err error) {
	if s.out != nil {
		s.out.fail(err)
	}
	s.out = &outgoing{home: s.home, err: err}
	s.refresh()
	s.l.Call(func() { s.breakOff(err) })
}

// maxRescue bounds the reads of breakOff: more than a socket's buffer holds.
const maxRescue = 256

// breakOff takes in what had come before writing failed, and ends the stream. The
// peer must not take that for an orderly end: it has not been sent all.
func (s *Stream) breakOff(err error) {
	for range maxRescue {
		if s.err != nil || s.closing() != nil {
			break
		}
		if _, err := s.pull(); err != nil {
			break
		}
	}
	if s.err == nil {
		s.end(err, true)
	}
}
