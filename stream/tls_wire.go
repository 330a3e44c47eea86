package stream

import (
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"os"
	"time"
)

// recordHeader is the length of what stands before each record: its type, its
// version and the length of the rest (RFC 8446, 5.1).
const recordHeader = 5

// wire is what a secure's tls.Conn reads from and writes to: a net.Conn that never
// makes it wait, but for its handshake.
type wire secure

// Read gives no more than the record that was begun: tls.Conn keeps what it is
// given, in a buffer that grows and stays.
func (w *wire) Read(b []byte) (int, error) {
	t := (*secure)(w)
	for len(t.in) == 0 || t.need == 0 && len(t.in) < recordHeader {
		if err := t.refill(); err != nil {
			return 0, err
		}
	}
	if t.need == 0 {
		t.need = recordHeader + int(t.in[3])<<8 + int(t.in[4])
	}
	n := copy(b, t.in[:min(len(t.in), t.need)])
	t.in = t.in[n:]
	t.need -= n
	return n, nil
}

func (t *secure) refill() error {
	if t.hs != nil {
		return t.hs.refill()
	}
	if len(t.out) > maxAnswers {
		return errNothing
	}
	err := t.fetch(t.room)
	if err == ErrAgain {
		return errNothing
	}
	return err
}

// fetch reads once, into room, where the new bytes stay if there are no old ones.
func (t *secure) fetch(room []byte) error {
	old := bytes.Clone(t.in) // it may lie in room
	n, err := t.inner.Read(room)
	switch {
	case n == 0 && err == io.EOF:
		return errTruncated
	case n == 0 && err == nil:
		return io.ErrNoProgress
	case n == 0 && err == ErrAgain:
		return err
	case n == 0:
		return broken{err}
	}
	t.lull = n < len(room)
	t.in = room[:n]
	if len(old) > 0 {
		t.in = append(old, t.in...)
	}
	return nil
}

// Write takes everything: an error would be for good. Nothing follows a goodbye.
func (w *wire) Write(b []byte) (int, error) {
	if !w.fin {
		w.out = append(w.out, b...)
	}
	return len(b), nil
}

// Close does nothing: tls.Conn's own Close is never called.
func (w *wire) Close() error { return nil }

// The addresses are for callbacks of tls.Config: those of the handshake may run on
// another goroutine, so it has copies.
func (w *wire) LocalAddr() net.Addr {
	if h := w.hs; h != nil {
		return h.local
	}
	return net.TCPAddrFromAddrPort(w.inner.LocalAddr())
}

func (w *wire) RemoteAddr() net.Addr {
	if h := w.hs; h != nil {
		return h.remote
	}
	return net.TCPAddrFromAddrPort(w.inner.RemoteAddr())
}

// There are no deadlines: tls.Conn sets one for its goodbye.
func (w *wire) SetDeadline(time.Time) error      { return os.ErrNoDeadline }
func (w *wire) SetReadDeadline(time.Time) error  { return os.ErrNoDeadline }
func (w *wire) SetWriteDeadline(time.Time) error { return os.ErrNoDeadline }

// errNothing says that there is nothing to read now. Being temporary, it is the one
// error that tls.Conn forgets.
var errNothing net.Error = nothing{}

type nothing struct{}

func (nothing) Error() string   { return "stream: nothing to read now" }
func (nothing) Timeout() bool   { return false }
func (nothing) Temporary() bool { return true }

// broken is an error of the transport on its way through tls.Conn, which must not
// take it for a temporary one: syscall.ETIMEDOUT says it is.
type broken struct{ error }

func (b broken) Unwrap() error { return b.error }

// plain is an error of tls.Conn without what lies below it.
func plain(err error) error {
	switch e := err.(type) {
	case broken:
		return e.error
	case tls.RecordHeaderError:
		e.Conn = nil // the wire is ours
		return e
	}
	return err
}

// tlsBuffers is room for one transfer of encrypted bytes, for all the streams of a
// loop. Layers of TLS use several at once.
type tlsBuffers struct{ free [][]byte }

func (b *tlsBuffers) take() []byte {
	n := len(b.free)
	if n == 0 {
		return make([]byte, quickRead, tlsChunk+4<<10)
	}
	p := b.free[n-1]
	b.free = b.free[:n-1]
	return p
}

func (b *tlsBuffers) give(p []byte) { b.free = append(b.free, p[:quickRead]) }
