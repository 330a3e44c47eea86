package stream

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// socket is a Transport over a descriptor.
type socket struct {
	watch loop.Watch
	peer  netip.AddrPort // not valid: a Unix socket
	room  *room          // told when the descriptor is free again
	fd    int32          // -1: closed, and its number may be someone else's
	want  loop.Events
}

// Start watches for input from the first, as every stream does: that saves a system
// call per connection.
func (s *socket) Start(l *loop.Loop, h loop.Handler) (err error) {
	s.watch.Stop() // of the handler before
	s.want = loop.Readable
	s.watch, err = l.Watch(int(s.fd), s.want, h)
	return err
}

func (s *socket) Want(e loop.Events) error {
	if e == s.want {
		return nil
	}
	s.want = e
	return s.watch.Set(e)
}

// Read looks for an error at the end of input: when the connection breaks after
// that, the system goes on reporting the end.
func (s *socket) Read(p []byte) (int, error) {
	n, err := sock.Recv(int(s.fd), p)
	if err == io.EOF {
		if broken := sock.SocketError(int(s.fd)); broken != nil {
			return 0, os.NewSyscallError("read", broken)
		}
	}
	return n, err
}

func (s *socket) Write(p []byte) (int, error) { return sock.Send(int(s.fd), p) }
func (s *socket) CloseWrite() error           { return sock.ShutdownWrite(int(s.fd)) }

func (s *socket) Writev(bufs [][]byte) (int, error) { return sock.Writev(int(s.fd), bufs) }

func (s *socket) Sendfile(f *os.File, offset int64, n int) (int, error) {
	return sock.Sendfile(int(s.fd), f, offset, n)
}

func (s *socket) Close(abort bool) error {
	if s.fd < 0 {
		return net.ErrClosed
	}
	s.watch.Stop()
	if abort {
		// Best effort: without it the close is an orderly one.
		_ = sock.SetLinger0(int(s.fd))
	}
	err := sock.Close(int(s.fd))
	s.fd = -1
	s.room.freed()
	return err
}

// SetNoDelay is for TCP.
func (s *socket) SetNoDelay(on bool) error {
	switch {
	case s.fd < 0:
		return net.ErrClosed
	case !s.peer.IsValid():
		return errors.ErrUnsupported
	}
	return sock.SetNoDelay(int(s.fd), on)
}

// PeerCredentials is for Unix sockets.
func (s *socket) PeerCredentials() (Credentials, error) {
	switch {
	case s.fd < 0:
		return Credentials{}, net.ErrClosed
	case s.peer.IsValid():
		return Credentials{}, errors.ErrUnsupported
	}
	c, err := sock.PeerCredentials(int(s.fd))
	return Credentials(c), err
}

func (s *socket) RemoteAddr() netip.AddrPort { return s.peer }

func (s *socket) LocalAddr() netip.AddrPort {
	a, _ := sock.LocalAddr(int(s.fd)) // it fails on a closed socket only
	return a
}

// netAddrs has the names of a Unix socket; nil: they are those above.
func (s *socket) netAddrs() (local, remote net.Addr) {
	if s.fd < 0 || s.peer.IsValid() {
		return nil, nil
	}
	name, peer := sock.UnixNames(int(s.fd))
	return &net.UnixAddr{Net: "unix", Name: name}, &net.UnixAddr{Net: "unix", Name: peer}
}
