package stream

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

// errTruncated is the end of the connection without close_notify.
var errTruncated = fmt.Errorf("stream: TLS ended without close_notify: %w", io.ErrUnexpectedEOF)

// secure is TLS as a Transport over another. crypto/tls does it all, and must be
// kept from waiting: below it lies a wire, whose Write takes everything and whose
// Read says "nothing now" with an error that tls.Conn forgets. Only during a
// handshake would tls.Conn remember it; so that runs in a coroutine, and until it is
// done nobody else may touch conn, which holds its locks.
type secure struct {
	// Immutable.
	l     *loop.Loop
	inner Transport
	conn  *tls.Conn

	// Owned by the loop.
	h      loop.Handler // the stream, or a second layer
	hs     *handshake   // nil: done
	want   loop.Events
	owed   int // bytes that Write has encrypted and not yet acknowledged
	werr   error
	done   bool // the handshake has succeeded
	failed bool // reading has
	ended  bool // the peer has said goodbye
	silent bool // and inner has ended, or is broken
	fin    bool // close_notify is on its way
	more   bool // conn may have more to read, whatever inner says
	queued bool // again waits in the loop
	closed bool

	// Owned by whoever runs the handshake, and then by the loop.
	in   []byte // encrypted, has come; in use of conn next
	out  []byte // encrypted, has yet to go
	room []byte // for in, during Read
	need int    // bytes missing of the record that conn reads
	lull bool   // the last read of inner has emptied it
}

func newSecure(s *Stream, o TLSOptions) *secure {
	t := &secure{l: s.l, h: (*events)(s), inner: s.t}
	t.hs = newHandshake(s, t, o.Offload)
	if o.Server {
		t.conn = tls.Server((*wire)(t), o.Config)
	} else {
		t.conn = tls.Client((*wire)(t), o.Config)
	}
	return t
}

// Start gives h the place of the stream's own handler: for a second layer.
func (t *secure) Start(_ *loop.Loop, h loop.Handler) error {
	t.h = h
	return nil
}

// Want asks inner for what is wanted, and for room if encrypted bytes wait. What
// conn holds already inner will not tell of.
func (t *secure) Want(e loop.Events) error {
	t.want = e
	t.stir()
	return t.update()
}

// stir has h told what inner will not tell.
func (t *secure) stir() {
	if !t.closed && t.more && t.want&loop.Readable != 0 && !t.queued {
		t.queued = true
		t.l.Call(t.again)
	}
}

func (t *secure) update() error {
	want := t.want
	switch {
	case t.hs != nil && t.hs.away:
		return t.inner.Want(0) // out is not ours now
	case t.hs != nil:
		want = loop.Readable
	case t.ended && !t.silent:
		want |= loop.Readable // see discard
	case len(t.out) > maxAnswers:
		want &^= loop.Readable
	}
	if len(t.out) > 0 {
		want |= loop.Writable
	}
	return t.inner.Want(want)
}

func (t *secure) again() {
	t.queued = false
	if !t.closed && t.more && t.want&loop.Readable != 0 {
		defer t.stir() // also if h does not ask again, or panics
		t.h.Ready(loop.Readable)
	}
}

// Ready is inner's readiness. Of room for encrypted bytes the stream learns when
// those that wait have gone.
func (t *secure) Ready(e loop.Events) {
	if t.hs != nil {
		t.hs.ready(e)
		return
	}
	if e&loop.Writable != 0 && t.flush() == nil && len(t.out) > 0 {
		e &^= loop.Writable
	}
	if e&loop.Readable != 0 && t.ended && !t.silent {
		t.silent = t.discard() != nil
	}
	t.h.Ready(e & (t.want | loop.Failed)) // also if nothing is left: it has Want called
}

// discard drops what came after the peer's goodbye (RFC 8446, 6.1). Left unread, it
// would make our close a reset, and keep what inner has to say from arriving. The
// error is why no more will come.
func (t *secure) discard() error {
	buffers := loop.Local[tlsBuffers](t.l)
	b := buffers.take()
	defer buffers.give(b)
	if _, err := t.inner.Read(b); err != ErrAgain {
		return err
	}
	return nil
}

// Read fills p, or takes what there is. It may leave encrypted bytes to be sent:
// answers of TLS itself.
func (t *secure) Read(p []byte) (n int, err error) {
	if t.hs != nil {
		return 0, ErrAgain
	}
	buffers := loop.Local[tlsBuffers](t.l)
	t.room, t.lull = buffers.take(), false
	for n < len(p) && err == nil {
		var m int
		m, err = t.conn.Read(p[n:])
		n += m
		if err == nil && n < len(p) && t.lull && len(t.in) == 0 {
			err = errNothing
		}
	}
	t.in = kept(t.in)
	buffers.give(t.room)
	t.room = nil
	_ = t.flush() // if it fails, inner says so when it is read, or t.Write does
	again := err == errNothing
	t.failed = t.failed || err != nil && !again && err != io.EOF
	t.more = err == nil || n > 0 && !again
	switch {
	case n > 0:
		return n, nil // an error stays, and there is "more"
	case again:
		return 0, ErrAgain
	case err == io.EOF:
		t.ended, t.in = true, nil
		if err := t.discard(); err != nil {
			return 0, err // it may have broken since
		}
	}
	return 0, plain(err)
}

func (t *secure) Close(abort bool) error {
	if t.closed {
		return net.ErrClosed
	}
	t.closed = true
	if h := t.hs; h != nil {
		h.giveUp()
		if h.away {
			return t.inner.Close(abort)
		}
	}
	switch {
	case abort:
	case t.done && !t.failed:
		_ = t.farewell() // as far as there is room
	default:
		_ = t.flush() // the alert
	}
	t.in, t.out = nil, nil
	return t.inner.Close(abort)
}

func (t *secure) LocalAddr() netip.AddrPort  { return t.inner.LocalAddr() }
func (t *secure) RemoteAddr() netip.AddrPort { return t.inner.RemoteAddr() }
