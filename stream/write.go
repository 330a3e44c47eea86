package stream

import (
	"io"

	"github.com/zonda-go/zonda/loop"
)

const (
	// lowWater is where Writable resolves; highWater is where it begins to wait.
	lowWater, highWater = 16 << 10, 64 << 10
	// writeLimit bounds the bytes that wait to be written.
	writeLimit = 16 << 20
)

// outgoing is what the transport has not taken yet, while there is any.
type outgoing struct {
	buf  []byte
	gone int64     // bytes that have left buf so far
	ends []flushed // in order of end
	low  *loop.Promise[struct{}]
	err  error // writing has failed, and breakOff waits in the loop
}

// flushed is the future of one Write.
type flushed struct {
	end int64 // of its bytes, counted like gone
	p   *loop.Promise[struct{}]
}

// Write sends p, or queues a copy of what cannot be sent now. Its future resolves
// when the last byte of p is with the kernel. Many writes may be outstanding; their
// order is kept. The future fails with ErrBufferFull, and nothing of p was taken,
// when the queue would grow beyond its limit (16 MiB). Any other failure ends the
// stream.
func (s *Stream) Write(p []byte) *loop.Future[struct{}] {
	if err := s.unwritable(); err != nil {
		return s.failed(err)
	}
	if len(p) > writeLimit-s.Unsent() {
		return s.failed(ErrBufferFull)
	}
	if s.out == nil {
		n, err := s.send(p)
		if err != nil {
			s.unsendable(err)
			return s.failed(err)
		}
		if n == len(p) {
			return s.l.Void()
		}
		s.out = &outgoing{}
		p = p[n:]
	}
	done := loop.NewPromise[struct{}](s.l)
	done.Quiet()
	s.out.add(p, done)
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

// Unsent is how many bytes wait for the transport.
func (s *Stream) Unsent() int {
	if s.out == nil {
		return 0
	}
	return len(s.out.buf)
}

// Writable is a future that resolves when writing makes sense: at once while less
// than 64 KiB wait for the transport, and else when no more than 16 KiB do.
func (s *Stream) Writable() *loop.Future[struct{}] {
	if err := s.unwritable(); err != nil {
		return s.failed(err)
	}
	if s.Unsent() < highWater {
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
	sent := 0
	for sent < len(p) {
		n, err := s.t.Write(p[sent:])
		if err == ErrAgain {
			break
		}
		if err != nil {
			return sent, err
		}
		if n == 0 {
			return sent, io.ErrShortWrite
		}
		sent += n
	}
	return sent, nil
}

// flush is called when the transport can take more.
func (s *Stream) flush() {
	out := s.out
	if out == nil || out.err != nil {
		return
	}
	n, err := s.send(out.buf)
	out.advance(n)
	if err != nil {
		s.unsendable(err)
		return
	}
	if s.closing != nil && n > 0 {
		s.closing.progress()
	}
	if len(out.buf) == 0 {
		s.out = nil
		s.drained()
	}
}

// unsendable is called when the transport has refused bytes. Those who write are
// told now. But the peer may have said why before it went (a server that does not
// want a body answers and closes), and that may lie in the transport, unread: the
// stream ends in the next iteration, when it has been fetched.
func (s *Stream) unsendable(err error) {
	if s.out != nil {
		s.out.fail(err)
	}
	s.out = &outgoing{err: err}
	s.refresh()
	s.l.Call(func() { s.breakOff(err) })
}

// maxRescue bounds the reads of breakOff: more than a socket's buffer holds.
const maxRescue = 256

// breakOff takes in what had come before writing failed, and ends the stream.
func (s *Stream) breakOff(err error) {
	for range maxRescue {
		if s.err != nil || s.closing != nil {
			break
		}
		if _, err := s.pull(); err != nil {
			break
		}
	}
	s.fail(err)
}

func (o *outgoing) add(p []byte, done *loop.Promise[struct{}]) {
	o.buf = append(o.buf, p...)
	o.ends = append(o.ends, flushed{o.gone + int64(len(o.buf)), done})
}

// advance notes that n bytes are with the transport.
func (o *outgoing) advance(n int) {
	o.buf = o.buf[n:]
	o.gone += int64(n)
	for len(o.ends) > 0 && o.ends[0].end <= o.gone {
		o.ends[0].p.Set(struct{}{})
		o.ends = o.ends[1:]
	}
	if o.low != nil && len(o.buf) <= lowWater {
		o.low.Set(struct{}{})
		o.low = nil
	}
}

func (o *outgoing) fail(err error) {
	for _, f := range o.ends {
		f.p.Fail(err)
	}
	if o.low != nil {
		o.low.Fail(err)
	}
}
