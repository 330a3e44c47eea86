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

// An end is one end of a connection. The two tell each other everything by parcels.
type end struct {
	l      *loop.Loop // nil: not started
	h      loop.Handler
	want   loop.Events
	peer   *end
	window int
	conn   *Conn // nil: parcels arrive at once, whatever happens
	local  netip.AddrPort
	remote netip.AddrPort

	in     []byte   // from the peer, not read yet
	coming []flight // parcels on their way here
	timer  loop.Timer
	used   int   // bytes sent that the peer has not read, as far as this end knows
	eof    bool  // the peer has closed its writing side
	gone   bool  // and reads nothing either
	broken error // the connection is
	shut   bool  // CloseWrite was called
	closed bool
	queued bool // tell waits in the loop
}

// A parcel is what one end has for the other.
type parcel struct {
	data   []byte
	read   int   // so many bytes were read, and there is room for as many
	fin    bool  // there will be no more bytes
	gone   bool  // and none will be read
	broken error // the connection is
	wipe   bool  // and what was not read yet is destroyed
}

// send hands p over, which is the end's for as long as send runs.
func (e *end) send(p parcel) {
	if e.conn != nil {
		e.conn.carry(e.peer, p)
		return
	}
	e.peer.receive(p)
}

func (e *end) receive(p parcel) {
	if e.closed {
		if len(p.data) > 0 { // as with TCP
			e.send(parcel{broken: syscall.ECONNRESET})
		}
		return
	}
	e.in = append(e.in, p.data...)
	e.used -= p.read
	e.eof = e.eof || p.fin
	e.gone = e.gone || p.gone
	if p.broken != nil && e.broken == nil {
		e.broken = p.broken
	}
	if p.wipe {
		e.in = nil
	}
	e.stir()
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
	if len(e.in) > 0 || e.eof || e.broken != nil {
		r |= loop.Readable
	}
	if e.broken != nil || e.gone || e.used < e.window {
		r |= loop.Writable
	}
	if e.broken != nil || e.shut && e.eof {
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
		n := e.conn.shortRead(min(len(p), len(e.in)))
		copy(p, e.in[:n])
		e.in = e.in[n:]
		e.send(parcel{read: n})
		return n, nil
	case e.broken != nil:
		return 0, e.broken
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
	case e.broken != nil:
		return 0, e.broken
	}
	n := len(p)
	if !e.gone {
		n = min(n, e.window-e.used)
	}
	if n <= 0 && len(p) > 0 {
		return 0, stream.ErrAgain
	}
	n = e.conn.shortWrite(n)
	e.used += n
	e.send(parcel{data: p[:n]})
	return n, nil
}

func (e *end) CloseWrite() error {
	if e.closed {
		return syscall.EBADF
	}
	e.shut = true
	e.send(parcel{fin: true})
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
		e.send(parcel{broken: syscall.ECONNRESET, wipe: true})
	} else {
		e.send(parcel{fin: true, gone: true})
	}
	e.conn.left()
	return nil
}

func (e *end) LocalAddr() netip.AddrPort  { return e.local }
func (e *end) RemoteAddr() netip.AddrPort { return e.remote }
