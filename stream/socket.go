package stream

import (
	"net/netip"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// socket is a Transport over a descriptor.
type socket struct {
	watch loop.Watch
	peer  netip.AddrPort
	fd    int32
	want  loop.Events
}

func (s *socket) Start(l *loop.Loop, h loop.Handler) (err error) {
	s.watch, err = l.Watch(int(s.fd), 0, h)
	return err
}

func (s *socket) Want(e loop.Events) error {
	if e == s.want {
		return nil
	}
	s.want = e
	return s.watch.Set(e)
}

func (s *socket) Read(p []byte) (int, error)  { return sock.Read(int(s.fd), p) }
func (s *socket) Write(p []byte) (int, error) { return sock.Write(int(s.fd), p) }
func (s *socket) CloseWrite() error           { return sock.ShutdownWrite(int(s.fd)) }

func (s *socket) Close(abort bool) error {
	s.watch.Stop()
	if abort {
		// Best effort: without it the close is an orderly one.
		_ = sock.SetLinger0(int(s.fd))
	}
	return sock.Close(int(s.fd))
}

func (s *socket) RemoteAddr() netip.AddrPort { return s.peer }

func (s *socket) LocalAddr() netip.AddrPort {
	a, _ := sock.LocalAddr(int(s.fd)) // it fails on a closed socket only
	return a
}
