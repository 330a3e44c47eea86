package stream

import (
	"errors"
	"net"
	"os"
	"syscall"

	"github.com/zonda-go/zonda/internal/sock"
	"github.com/zonda-go/zonda/loop"
)

// NewPipe makes one end of a pipe a stream of l (Tornado's PipeIOStream): of os.Pipe,
// a FIFO, a terminal, or what a process was given as its standard input. On success f is
// closed, as the stream has a descriptor of its own; otherwise it is the caller's. The
// other end, and other descriptors of the same one, such as a terminal's with which a
// shell started several programs, do not block either from then on.
//
// From a read end one reads until io.EOF, which also closes it, and writing fails as
// after CloseWrite. To a write end one writes, and Close or CloseWrite tells the reader;
// reading gives io.EOF, and that the reader has gone is syscall.EPIPE. Where f is both,
// the reader learns of the end by Close only, and CloseWrite fails. A file on disk cannot
// be waited for: the error matches errors.ErrUnsupported.
func NewPipe(l *loop.Loop, f *os.File) (*Stream, error) {
	s := &Stream{home: homeOf(l)}
	err := s.adopt(f, func(fd int) (Transport, error) {
		reads, writes, err := sock.AdoptPipe(fd)
		s.eof, s.shut, s.fin = !reads, !writes, !writes
		return &pipe{socket{fd: int32(fd), room: roomOf(l)}, reads, writes}, err
	})
	if err != nil {
		return nil, &os.PathError{Op: "pipe", Path: f.Name(), Err: err}
	}
	return s, nil
}

// pipe is a Transport over a descriptor that is no socket: one direction, or both of a
// terminal.
type pipe struct {
	socket
	reads, writes bool
}

// Read of a write end is for what its readiness means: that the reader has gone.
func (p *pipe) Read(b []byte) (int, error) {
	if !p.reads {
		return 0, os.NewSyscallError("write", syscall.EPIPE)
	}
	return sock.Read(int(p.fd), b)
}

func (p *pipe) Write(b []byte) (int, error) { return sock.Write(int(p.fd), b) }

// CloseWrite is for write ends, whose end is that of the stream.
func (p *pipe) CloseWrite() error {
	if p.reads {
		return errors.ErrUnsupported
	}
	return nil
}

func (p *pipe) halfCloses() bool { return !p.reads }
func (p *pipe) oneWay() bool     { return p.reads != p.writes }

// What only sockets have.

func (p *pipe) PeerCredentials() (Credentials, error) { return Credentials{}, errors.ErrUnsupported }
func (p *pipe) detached() (net.Conn, error)           { return nil, errors.ErrUnsupported }

func (p *pipe) netAddrs() (local, remote net.Addr) { return pipeAddr{}, pipeAddr{} }

// pipeAddr is the address of what has none, as net.Pipe's conns have it.
type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
