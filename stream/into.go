package stream

import "github.com/zonda-go/zonda/loop"

// into is where a read puts its bytes. While it waits nothing else is buffered: what
// has come lies in dst, from where it is put back if the read comes to nothing.
type into struct {
	p   *loop.Promise[int]
	dst []byte
	n   int // bytes of dst that are filled
}

func (i *into) len() int {
	if i == nil {
		return 0
	}
	return i.n
}

// ReadInto fills p, and gives its length; what comes behind it stays for the next
// read. p belongs to the stream until the future is done. At the end of the stream
// the error is as for ReadFull, and the bytes stay. Large pieces are not copied on
// their way to p.
func (s *Stream) ReadInto(p []byte) *loop.Future[int] { return s.readInto(p, forAll) }

// ReadSomeInto is ReadInto that is done with the first bytes that are there: it gives
// how many. With an empty p it is done at once.
func (s *Stream) ReadSomeInto(p []byte) *loop.Future[int] { return s.readInto(p, forSome) }

func (s *Stream) readInto(dst []byte, kind kind) *loop.Future[int] {
	i := &into{p: loop.NewPromise[int](s.l), dst: dst}
	i.p.Quiet()
	r := &read{into: i, kind: kind}
	if s.start(r) {
		i.p.OnWithdraw(func() { s.withdraw(r) })
	}
	return i.p.Future()
}

// fillFrom moves what has come to where the read wants it, and gives how much that is
// in all; negative: not enough.
func (s *Stream) fillFrom(r *read, buf []byte) int {
	i := r.into
	s.in.buf = buf[i.fill(buf):]
	s.tidy()
	if i.n == len(i.dst) || i.n > 0 && r.kind == forSome {
		return i.n
	}
	return -1
}

func (i *into) fill(p []byte) int {
	n := copy(i.dst[i.n:], p)
	i.n += n
	return n
}

// direct is where the next bytes may go straight from the transport: there must be
// much room, as what a short read leaves behind would cost another turn. nil: they go
// by way of the loop's buffer.
func (s *Stream) direct() []byte {
	if s.in == nil || s.in.read == nil || s.in.read.into == nil {
		return nil
	}
	i := s.in.read.into
	if room := i.dst[i.n:]; len(room) >= quickRead {
		return room[:min(len(room), len(s.l.ReadBuffer()))]
	}
	return nil
}
