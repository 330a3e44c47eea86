package stream_test

import (
	"errors"
	"io"
	"net/netip"
	"testing"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/looptest"
	"github.com/zonda-go/zonda/stream"
)

// A script is a Transport that does as it is told, for what neither memory nor a
// socket does on demand.
type script struct {
	h    loop.Handler
	want loop.Events

	reads                        []step // after them: ErrAgain
	write                        func(p []byte) (int, error)
	startErr, wantErr, finishErr error

	closes, fins int
	aborted      bool
}

// A step is what one Read gives.
type step struct {
	data string
	err  error
}

func (s *script) Start(_ *loop.Loop, h loop.Handler) error {
	s.h = h
	return s.startErr
}

func (s *script) Want(e loop.Events) error {
	s.want = e
	return s.wantErr
}

func (s *script) Read(p []byte) (int, error) {
	if len(s.reads) == 0 {
		return 0, stream.ErrAgain
	}
	next := s.reads[0]
	s.reads = s.reads[1:]
	return copy(p, next.data), next.err
}

func (s *script) Write(p []byte) (int, error) {
	if s.write == nil {
		return len(p), nil
	}
	return s.write(p)
}

func (s *script) CloseWrite() error {
	s.fins++
	return s.finishErr
}

func (s *script) Close(abort bool) error {
	s.closes++
	s.aborted = abort
	return nil
}

func (s *script) LocalAddr() netip.AddrPort  { return netip.AddrPort{} }
func (s *script) RemoteAddr() netip.AddrPort { return netip.AddrPort{} }

// follow runs body with a stream on a script.
func follow(t *testing.T, tr stream.Transport, body func(p *pair, s *stream.Stream)) {
	looptest.NoLeaks(t)
	memory := sites()[0]
	looptest.Run(t, func(co *loop.Co) error {
		s, err := stream.New(co.Loop(), tr)
		if err != nil {
			return err
		}
		defer s.Abort()
		body(&pair{site: memory, t: t, co: co, l: co.Loop()}, s)
		return nil
	})
}

// Transports that fail where they seldom do.
func TestTransportFailures(t *testing.T) {
	broken := errors.New("broken")
	t.Run("start", func(t *testing.T) {
		if _, err := stream.New(looptest.New(t), &script{startErr: broken}); err != broken {
			t.Error(err)
		}
	})
	t.Run("first want", func(t *testing.T) {
		if _, err := stream.New(looptest.New(t), &script{wantErr: broken}); err != broken {
			t.Error(err)
		}
	})
	t.Run("want", func(t *testing.T) {
		tr := &script{}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			tr.wantErr = broken
			p.refuses(s.ReadSome(1), broken)
		})
	})
	t.Run("CloseWrite", func(t *testing.T) {
		tr := &script{finishErr: broken}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			if err := s.CloseWrite(); err != broken || !s.Closed() {
				t.Error(err)
			}
		})
	})
	t.Run("CloseWrite in Close", func(t *testing.T) {
		tr := &script{finishErr: broken}
		follow(t, tr, func(p *pair, s *stream.Stream) { p.fails(s.Close(), stream.ErrNotDelivered, broken) })
	})
	t.Run("failed without a reason", func(t *testing.T) {
		tr := &script{}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			f := s.ReadSome(1)
			tr.h.Ready(loop.Failed)
			p.refuses(f, io.ErrUnexpectedEOF)
			tr.h.Ready(loop.Failed) // events may have been fetched
			if tr.closes != 1 || tr.aborted {
				t.Errorf("closed %d times", tr.closes)
			}
		})
	})
	t.Run("failed after the end", func(t *testing.T) {
		tr := &script{reads: []step{{err: io.EOF}, {err: io.EOF}}}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			tr.h.Ready(loop.Readable | loop.Failed)
			if s.Closed() {
				t.Error("a peer that has ended may still be written to")
			}
			tr.h.Ready(loop.Failed)
			p.fails(s.Write([]byte("x")), io.ErrUnexpectedEOF)
		})
	})
	t.Run("CloseWrite is called once", func(t *testing.T) {
		tr := &script{}
		follow(t, tr, func(p *pair, s *stream.Stream) {
			_ = s.CloseWrite()
			s.Close()
			if tr.fins != 1 {
				t.Errorf("%d times", tr.fins)
			}
		})
	})
}
