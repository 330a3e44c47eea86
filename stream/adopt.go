package stream

import (
	"errors"
	"io"
	"net"
	"syscall"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// Adopt makes a connection of package net a stream of l. On success c is closed: the
// stream has a descriptor of its own for the same connection, with the options that c
// had. If there is an error, c is as it was, but that its descriptor may not block.
//
// Nobody may be reading or writing c meanwhile, and what a bufio.Reader has taken from
// it is not in the stream. A *tls.Conn cannot be adopted: its state is its own. See Pump.
func Adopt[C *net.TCPConn | *net.UnixConn](l *loop.Loop, c C) (*Stream, error) {
	return adopt(l, any(c).(osConn))
}

// osConn is what has a descriptor.
type osConn interface {
	syscall.Conn
	io.Closer
}

func adopt(l *loop.Loop, c osConn) (*Stream, error) {
	s := &Stream{home: homeOf(l)}
	err := s.adopt(c, func(fd int) (Transport, error) {
		peer, err := sock.AdoptConn(fd)
		return &socket{fd: int32(fd), peer: peer, room: roomOf(l)}, err
	})
	if err != nil {
		return nil, &net.OpError{Op: "adopt", Net: "fd", Err: err}
	}
	return s, nil
}

// adopt begins s with the transport that open makes of a duplicate of c's descriptor,
// also if it fails, and closes c if all goes well.
func (s *Stream) adopt(c osConn, open func(fd int) (Transport, error)) error {
	fd, err := duplicate(c)
	if err != nil {
		return err
	}
	s.t, err = open(fd)
	if err == nil {
		err = s.begin()
	}
	if err != nil {
		return errors.Join(err, s.t.Close(false))
	}
	_ = c.Close() // the connection is the stream's, whatever that says
	return nil
}
