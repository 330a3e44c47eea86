package stream

import (
	"errors"
	"fmt"
	"net"
	"os"

	"github.com/zonda-go/zonda/internal/sock"
)

// Detach takes the stream off its loop: the connection goes on as one of package net, a
// *net.TCPConn or a *net.UnixConn, for any goroutine, with package net's usual options.
// buffered is what had come before and was not consumed; it precedes what the conn
// gives. The stream is over then, as after Abort, but the peer notices nothing.
//
// It fails with ErrNotIdle while a read is under way, a Consumer is set, or something
// has not been sent. For what is not a socket, TLS included, the error matches
// errors.ErrUnsupported; GoConn is for every stream. The stream is as it was then.
func (s *Stream) Detach() (conn net.Conn, buffered []byte, err error) {
	t, ok := s.t.(detachable)
	switch {
	case s.closed():
		return nil, nil, ErrClosed
	case s.err != nil:
		return nil, nil, s.err
	case !ok:
		return nil, nil, fmt.Errorf("stream: detach: %w", errors.ErrUnsupported)
	case s.out != nil, s.consumer != nil, s.offering, s.in != nil && s.in.read != nil:
		return nil, nil, ErrNotIdle
	}
	if conn, err = t.detached(); err != nil {
		return nil, nil, fmt.Errorf("stream: detach: %w", err)
	}
	buffered = s.Buffered()
	s.forgetInput()
	s.end(ErrClosed, false) // of two descriptors this one: no end for the peer
	return conn, buffered, nil
}

// detachable is a Transport whose connection package net can have.
type detachable interface {
	// detached is the connection once more. The transport is to be closed then.
	detached() (net.Conn, error)
}

func (s *socket) detached() (net.Conn, error) {
	fd, err := sock.Dup(int(s.fd))
	if err != nil {
		return nil, err
	}
	f := os.NewFile(uintptr(fd), "stream")
	defer f.Close() // package net makes a third one
	return net.FileConn(f)
}
