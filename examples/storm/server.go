package main

import (
	"errors"
	"io"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// serve runs one server after another, until the simulation ends.
func (w *world) serve(co *loop.Co) error {
	for {
		srv := &stream.Server{Network: &w.net, Accept: accept}
		if _, err := srv.Listen(co.Loop(), "tcp", address); err != nil {
			return err
		}
		err := loop.Sleep(co, w.uptime)
		_ = srv.Close() // always nil; it breaks off what is connected
		if err != nil {
			return err
		}
		w.restarts++
		if err := loop.Sleep(co, w.downtime); err != nil {
			return err
		}
	}
}

// accept answers with what comes. A connection that is silent holds no coroutine.
func accept(s *stream.Stream) { s.SetConsumer(&echo{s}) }

type echo struct{ s *stream.Stream }

// Consume sends p back. What cannot be sent waits in the stream, within its limits.
func (e *echo) Consume(p []byte) int {
	if f := e.s.Write(p); f.Done() {
		if _, err := f.Result(); errors.Is(err, stream.ErrBufferFull) {
			e.s.Abort() // it sends and does not read
		}
	}
	return len(p)
}

// Ended answers the end of input with the end of output.
func (e *echo) Ended(err error) {
	if err == io.EOF {
		e.s.Close()
	}
}
