package stream

import (
	"bytes"
	"io"

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

// begun reports whether TLS has encrypted bytes that Write has not counted as sent:
// they are on their way, and what comes next must begin with them.
func (s *Stream) begun() bool {
	t, ok := s.t.(*secure)
	return ok && t.owed > 0
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

// kept is p in memory of its own; nothing, if it is empty.
func kept(p []byte) []byte {
	if len(p) == 0 {
		return nil
	}
	return bytes.Clone(p)
}
