package stream_test

import (
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
func follow(t *testing.T, tr *script, body func(p *pair, s *stream.Stream)) {
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
