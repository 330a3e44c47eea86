package stream

import (
	"io"

	"github.com/zonda-go/zonda/loop"
)

// Write sends p, or queues a copy of what cannot be sent now. Its future resolves
// when the last byte of p is with the kernel. Many writes may be outstanding; their
// order is kept. The future fails with ErrBufferFull, and nothing of p was taken,
// when the queue would grow beyond its limit: see WriteLimits and SetLoopBudget. Any
// other failure ends the stream.
func (s *Stream) Write(p []byte) *loop.Future[struct{}] {
	if err := s.refusal(len(p)); err != nil {
		return s.failed(err)
	}
	n := 0
	if s.out == nil {
		var err error
		if len(p) > 0 {
			n, err = s.t.Write(p)
		}
		if n == len(p) && err == nil { // as nearly always: see sock.Recv on few functions
			return s.l.Void()
		}
		n, err = s.sendRest(p, n, err)
		if f := s.settled(n, len(p), err); f != nil {
			return f
		}
	}
	s.queue().add(p[n:])
	return s.whenSent()
}

// WriteV is Write for the concatenation of bufs: as one piece, with one future. A
// socket is given them together, in one system call. bufs itself is not kept.
func (s *Stream) WriteV(bufs ...[]byte) *loop.Future[struct{}] {
	size := 0
	for _, b := range bufs {
		size += len(b)
	}
	if err := s.refusal(size); err != nil {
		return s.failed(err)
	}
	n := 0
	if s.out == nil {
		var err error
		n, err = s.sendv(bufs)
		if f := s.settled(n, size, err); f != nil {
			return f
		}
	}
	out := s.queue()
	for _, b := range bufs {
		gone := min(n, len(b))
		out.add(b[gone:])
		n -= gone
	}
	return s.whenSent()
}

// vectored is a Transport that takes several slices at once.
type vectored interface {
	// Writev is Write for the concatenation of bufs.
	Writev(bufs [][]byte) (int, error)
}

// refusal is why n more bytes cannot be written; nil: they can.
func (s *Stream) refusal(n int) error {
	if err := s.unwritable(); err != nil {
		return err
	}
	return s.admit(n)
}

// settled is the future of a write of size bytes, of which n went at once, if that
// is decided; nil: the rest must wait.
func (s *Stream) settled(n, size int, err error) *loop.Future[struct{}] {
	switch {
	case err != nil:
		s.unsendable(err)
		return s.failed(err)
	case n == size:
		return s.l.Void()
	case n == 0 && s.overBudget(size) && !s.begun():
		return s.failed(errLoopFull)
	}
	return nil
}

// queue is where what cannot be sent waits.
func (s *Stream) queue() *outgoing {
	if s.out == nil {
		s.out = &outgoing{home: s.home}
		s.moved()
		s.watchPeer()
	}
	return s.out
}

// whenSent is a future of the moment when all that is queued by now has gone.
func (s *Stream) whenSent() *loop.Future[struct{}] {
	done := loop.NewPromise[struct{}](s.l)
	done.Quiet()
	s.out.mark(done)
	s.refresh()
	return done.Future()
}

// failed is a future of a write that did not happen. Nobody is obliged to look at
// it: whoever reads the stream learns the same.
func (s *Stream) failed(err error) *loop.Future[struct{}] {
	p := loop.NewPromise[struct{}](s.l)
	p.Quiet()
	p.Fail(err)
	return p.Future()
}

// Unsent is how many bytes wait in memory for the transport.
func (s *Stream) Unsent() int {
	if s.out == nil {
		return 0
	}
	return s.out.bytes
}

// Writable is a future that resolves when writing makes sense: at once while less
// than 64 KiB wait for the transport, and else when no more than 16 KiB do. WriteLimits
// can set other marks.
func (s *Stream) Writable() *loop.Future[struct{}] {
	if err := s.unwritable(); err != nil {
		return s.failed(err)
	}
	if s.Unsent() < s.limits().High {
		return s.l.Void()
	}
	if s.out.low == nil {
		s.out.low = loop.NewPromise[struct{}](s.l)
		s.out.low.Quiet()
	}
	return s.out.low.Future()
}

// send gives the transport what it takes.
func (s *Stream) send(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	n, err := s.t.Write(p)
	return s.sendRest(p, n, err)
}

// sendRest goes on with p after a first Write of it has given n and err.
func (s *Stream) sendRest(p []byte, n int, err error) (int, error) {
	for sent := 0; ; {
		switch {
		case err == ErrAgain:
			return sent, nil
		case err != nil:
			return sent, err
		case n == 0:
			return sent, io.ErrShortWrite
		}
		if sent += n; sent == len(p) {
			return sent, nil
		}
		n, err = s.t.Write(p[sent:])
	}
}

// maxJoined bounds the memory that is kept for sendv.
const maxJoined = 256 << 10

// sendv is send for the concatenation of bufs. It calls a vectored transport once:
// if there are more slices than the system takes in one call, the next event goes on.
func (s *Stream) sendv(bufs [][]byte) (int, error) {
	t, ok := s.t.(vectored)
	if !ok {
		b := s.joined[:0]
		for _, p := range bufs {
			b = append(b, p...)
		}
		if s.joined = b; cap(b) > maxJoined {
			s.joined = nil
		}
		return s.send(b)
	}
	n, err := t.Writev(bufs)
	if err == ErrAgain {
		return 0, nil
	}
	return n, err
}
