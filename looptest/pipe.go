package looptest

import (
	"io"
	"net"
	"net/netip"
	"syscall"

	"github.com/zonda-go/zonda/loop"
	"github.com/zonda-go/zonda/stream"
)

// Pipe makes the two ends of a connection in memory. window is how many bytes it
// holds in each direction before writing must wait; 0 means 64 KiB. Both ends
// belong to one loop, and behave as TCP does at its most severe: to close an end
// over unread bytes, or to abort it, is a reset, which destroys what the peer has
// not read, and so is the answer to bytes for an end that was closed.
func Pipe(window int) (a, b stream.Transport) {
	if window <= 0 {
		window = defaultWindow
	}
	x, y := pair(window)
	return x, y
}

func pair(window int) (a, b *end) {
	a, b = &end{window: window}, &end{window: window}
	a.peer, b.peer = b, a
	return a, b
}

// An end is one end of a connection.
type end struct {
	l      *loop.Loop // nil: not started
	h      loop.Handler
	want   loop.Events
	peer   *end
	window int
	local  netip.AddrPort
	remote netip.AddrPort

	in     []byte // from the peer, not read yet
	eof    bool   // the peer has closed its writing side
	reset  bool   // the peer has broken the connection off
	shut   bool   // CloseWrite was called
	closed bool
	queued bool // tell waits in the loop
}

func (e *end) Start(l *loop.Loop, h loop.Handler) error {
	if e.closed {
		return net.ErrClosed
	}
	e.l, e.h = l, h
	e.stir()
	return nil
}

func (e *end) Want(w loop.Events) error {
	e.want = w
	e.stir()
	return nil
}

// ready is what the end could do without waiting.
func (e *end) ready() loop.Events {
	var r loop.Events
	if len(e.in) > 0 || e.eof || e.reset {
		r |= loop.Readable
	}
	if e.reset || e.peer.closed || len(e.peer.in) < e.peer.window {
		r |= loop.Writable
	}
	if e.reset || e.shut && e.eof {
		// As poll(2) has it: also when both sides have ended.
		r |= loop.Failed
	}
	return r
}

// stir has the handler told in the next iteration, if there is anything to tell.
func (e *end) stir() {
	if e.l == nil || e.closed || e.queued || e.ready()&(e.want|loop.Failed) == 0 {
		return
	}
	e.queued = true
	loop.Local[readiness](e.l).add(e)
}

// tell is level-triggered: it comes back as long as there is something to tell,
// also if the handler panicked.
func (e *end) tell() {
	e.queued = false
	if e.closed {
		return
	}
	if r := e.ready() & (e.want | loop.Failed); r != 0 {
		defer e.stir()
		e.h.Ready(r)
	}
}

func (e *end) Read(p []byte) (int, error) {
	switch {
	case e.closed:
		return 0, syscall.EBADF
	case len(e.in) > 0:
		n := copy(p, e.in)
		e.in = e.in[n:]
		e.peer.stir()
		return n, nil
	case e.reset:
		return 0, syscall.ECONNRESET
	case e.eof:
		return 0, io.EOF
	}
	return 0, stream.ErrAgain
}

func (e *end) Write(p []byte) (int, error) {
	switch {
	case e.closed:
		return 0, syscall.EBADF
	case e.shut:
		return 0, syscall.EPIPE
	case e.reset:
		return 0, syscall.ECONNRESET
	case e.peer.closed:
		// As with TCP: the first bytes to a closed socket are answered by a reset.
		e.reset = true
		e.stir()
		return len(p), nil
	}
	n := min(len(p), e.peer.window-len(e.peer.in))
	if n <= 0 && len(p) > 0 {
		return 0, stream.ErrAgain
	}
	e.peer.in = append(e.peer.in, p[:n]...)
	e.peer.stir()
	return n, nil
}

func (e *end) CloseWrite() error {
	if e.closed {
		return syscall.EBADF
	}
	e.shut = true
	e.peer.eof = true
	e.peer.stir()
	return nil
}

// Close tells the peer: with a reset, if that is wanted or if bytes were left
// unread, which is what TCP does; a reset also destroys what the peer has not read.
func (e *end) Close(abort bool) error {
	if e.closed {
		return syscall.EBADF
	}
	e.closed = true
	if abort || len(e.in) > 0 {
		e.peer.reset = true
		e.peer.in = nil
	} else {
		e.peer.eof = true
	}
	e.peer.stir()
	return nil
}

func (e *end) LocalAddr() netip.AddrPort  { return e.local }
func (e *end) RemoteAddr() netip.AddrPort { return e.remote }
