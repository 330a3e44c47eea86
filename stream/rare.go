package stream

import (
	"io"

	"github.com/zonda-go/zonda/internal/proxyproto"
	"github.com/zonda-go/zonda/loop"
)

// rare is what few streams have; an idle one need not.
type rare struct {
	closing *closing
	limits  *WriteLimits
	onClose []func(error)
	served  *served // whom a Server's Handler serves
	origin  *proxyproto.Header
}

func (s *Stream) seldom() *rare {
	if s.rare == nil {
		s.rare = &rare{}
	}
	return s.rare
}

// closing is nil while this side has not called Close.
func (s *Stream) closing() *closing {
	if s.rare == nil {
		return nil
	}
	return s.rare.closing
}

// origin is what a proxy has said of the connection; nil: nothing.
func (s *Stream) origin() *proxyproto.Header {
	if s.rare == nil {
		return nil
	}
	return s.rare.origin
}

// OnClose has fn called once the transport is gone, in an iteration of its own,
// also if it is gone already; several are called in the order they came in. On a
// closed loop none is. err is
//
//   - ErrClosed, if this side has ended the stream: by Close, CloseIdle or Abort;
//   - io.EOF, if the peer has ended its side and this one had called CloseWrite;
//   - what broke the stream, also if it was being closed: a system's error number,
//     ErrStalled, io.ErrUnexpectedEOF.
//
// The peer's end alone is not the end of the stream: reads and Consumer.Ended tell
// of it, and writing goes on.
func (s *Stream) OnClose(fn func(err error)) {
	r := s.seldom()
	r.onClose = append(r.onClose, fn)
	if s.err != nil {
		s.tellClosed()
	}
}

// tellClosed has those told who wait for the end of the stream.
func (s *Stream) tellClosed() {
	if s.rare == nil {
		return
	}
	err := s.err
	if err == io.EOF && s.rare.closing != nil {
		err = ErrClosed
	}
	for _, fn := range s.rare.onClose {
		s.l.Call(func() { fn(err) })
	}
	s.rare.onClose = nil
}

// home is what the streams of one loop share, or those of a Server on one loop. It
// belongs to the loop. What such streams have in common costs them nothing here.
type home struct {
	l        *loop.Loop
	defaults WriteLimits
	site     *site // whose connections they are; nil: nobody's
	*quota         // of all streams of the loop
}

// quota is what the streams of one loop together keep, and have, for writing.
type quota struct {
	budget int    // of SetLoopBudget
	queued int    // of it
	joined []byte // room for several slices that a transport must be given as one
}

func homeOf(l *loop.Loop) *home {
	h := loop.Local[home](l)
	if h.l == nil {
		*h = home{l: l, defaults: WriteLimits{}.filled(), quota: quotaOf(l)}
	}
	return h
}

func quotaOf(l *loop.Loop) *quota {
	q := loop.Local[quota](l)
	if q.budget == 0 {
		q.budget = loopBudget
	}
	return q
}
