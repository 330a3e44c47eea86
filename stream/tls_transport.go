package stream

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/netip"

	"github.com/zonda-go/zonda/loop"
)

const (
	// tlsChunk is how much Write encrypts at a time: two full records, which leave
	// in one piece.
	tlsChunk = 32 << 10
	// maxAnswers is how many encrypted bytes may wait before reading stops. It is
	// more than a chunk of Write's, so writing alone never stops reading; a peer that
	// asks for answers (KeyUpdate, for instance) and does not take them is not
	// heard any more.
	maxAnswers = 2 * tlsChunk
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
	h     loop.Handler // the stream
	inner Transport
	conn  *tls.Conn

	// Owned by the loop.
	hs     *handshake // nil: done, or given up
	want   loop.Events
	owed   int // bytes that Write has encrypted and not yet acknowledged
	werr   error
	done   bool // the handshake has succeeded
	failed bool // reading has
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
	t.h.Ready(e & (t.want | loop.Failed)) // also if nothing is left: it has Want called
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
		return 0, t.brokenSince()
	}
	return 0, plain(err)
}

// brokenSince is io.EOF, or what became of the connection after the peer's goodbye.
// Whatever it sent after that is nobody's.
func (t *secure) brokenSince() error {
	buffers := loop.Local[tlsBuffers](t.l)
	b := buffers.take()
	defer buffers.give(b)
	if _, err := t.inner.Read(b); err != nil && err != ErrAgain {
		return err
	}
	return io.EOF
}

// Write encrypts a chunk of p, and says that it is written only when all of it is
// with inner. If inner has no room for all, the stream comes again with the same
// bytes, which are not encrypted twice.
func (t *secure) Write(p []byte) (int, error) {
	if t.hs != nil {
		return 0, ErrAgain
	}
	err := t.flush()
	if err == nil && len(t.out) == 0 && t.owed == 0 {
		err = t.encrypt(p[:min(len(p), tlsChunk)])
	}
	switch {
	case err != nil:
		return 0, plain(err)
	case len(t.out) > 0:
		return 0, ErrAgain
	}
	n := min(t.owed, len(p))
	t.owed -= n
	return n, nil
}

// encrypt sends p, which tls.Conn takes as a whole, and keeps what inner does not
// take.
func (t *secure) encrypt(p []byte) error {
	buffers := loop.Local[tlsBuffers](t.l)
	t.out = buffers.take()[:0]
	_, err := t.conn.Write(p)
	t.owed = len(p)
	all := t.out
	if err == nil {
		err = t.flush()
	}
	t.out = kept(t.out)
	buffers.give(all)
	return err
}

// flush gives inner what waits. An error is for good.
func (t *secure) flush() error {
	for len(t.out) > 0 && t.werr == nil {
		n, err := t.inner.Write(t.out)
		switch {
		case err == ErrAgain:
			return nil
		case err != nil:
			t.werr = err
		case n == 0:
			t.werr = io.ErrShortWrite
		}
		t.out = t.out[n:]
	}
	if t.werr != nil || len(t.out) == 0 {
		t.out = nil
	}
	return t.werr
}

// CloseWrite says goodbye, and then closes inner's side.
func (t *secure) CloseWrite() error {
	if t.hs != nil {
		return ErrAgain
	}
	if err := t.farewell(); err != nil {
		return err
	}
	if len(t.out) > 0 {
		return ErrAgain
	}
	return t.inner.CloseWrite()
}

func (t *secure) farewell() error {
	if !t.fin {
		_ = t.conn.CloseWrite() // the wire takes it
		t.fin = true
	}
	return t.flush()
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

// kept is p in memory of its own; nothing, if it is empty.
func kept(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	return bytes.Clone(p)
}
