package http1

import (
	"fmt"
	"io"
	"strings"

	"github.com/zonda-go/zonda/loop"
)

const (
	// keptEncoders is how many encoders of a kind a loop keeps for the next response.
	keptEncoders = 4
	// longPiece is from how many bytes on others get a turn after an encoder's work,
	// which may have taken a millisecond.
	longPiece = 32 << 10
)

// A coding stands between a ResponseWriter and its framing: it encodes the body, if
// it turns out that the response is to be encoded. It belongs to the loop.
type coding struct {
	by       *compressor
	chosen   *Encoding // nil: the body is left as it is
	enc      Encoder   // nil: the body is left as it is, or not sent (HEAD)
	out      []byte    // what enc has written
	pool     *encoders
	declared int64 // the handler's Content-Length, which is not sent; -1: none
}

// encoders are a loop's.
type encoders struct {
	idle map[*Encoding][]Encoder
	used int
}

var _ io.Writer = (*coding)(nil)

// Write is where the encoder writes.
func (x *coding) Write(p []byte) (int, error) {
	x.out = append(x.out, p...)
	return len(p), nil
}

// encodes reports whether the body is not sent as it was written.
func (x *coding) encodes() bool { return x != nil && x.chosen != nil }

// decide settles whether and how to encode, just before the head is made. whole: all
// of the body is in w.buf.
func (x *coding) decide(w *ResponseWriter, whole bool) error {
	if err := w.measure(); err != nil {
		return err
	}
	size := w.length
	if whole && !w.head && size >= 0 && size != w.written {
		return nil // finish complains
	}
	if whole {
		size = max(size, w.written)
	}
	e := x.by.choose(w, size)
	if e == nil || !w.head && !x.take(w.ex.c.sv.l, e) {
		return nil
	}
	x.chosen, x.declared = e, w.length
	h := w.Header()
	h.Set("Content-Encoding", e.Name)
	h.Del("Content-Length")
	h.Del("Accept-Ranges")
	if tag := h.Get("ETag"); tag != "" && !strings.HasPrefix(tag, "W/") {
		h.Set("ETag", "W/"+tag)
	}
	return nil
}

// take gets an encoder, unless too many are in use.
func (x *coding) take(l *loop.Loop, e *Encoding) bool {
	pool := loop.Local[encoders](l)
	if pool.used >= x.by.Limit {
		return false
	}
	pool.used++
	x.pool = pool
	if idle := pool.idle[e]; len(idle) > 0 {
		x.enc = idle[len(idle)-1]
		pool.idle[e] = idle[:len(idle)-1]
	} else {
		x.enc = e.New()
	}
	x.enc.Reset(x)
	return true
}

// piece encodes what w has collected, and p; without p it is flushed. It returns what
// is to be sent instead of p.
func (x *coding) piece(w *ResponseWriter, p []byte) ([]byte, error) {
	if !w.begun {
		if err := x.decide(w, false); err != nil {
			return p, err
		}
	}
	if x.enc == nil {
		return p, nil
	}
	n := len(w.buf) + len(p)
	err := x.feed(w, p)
	if err == nil && len(p) == 0 {
		err = x.enc.Flush()
	}
	if n >= longPiece {
		_ = loop.Yield(w.ex.c.sv.l.Current()) // who is cancelled finds out when it waits
	}
	return x.out, err
}

// last encodes the rest of the body, and returns it.
func (x *coding) last(w *ResponseWriter) ([]byte, error) {
	whole := !w.begun
	if whole {
		if err := x.decide(w, true); err != nil {
			return nil, err
		}
	}
	switch {
	case x.chosen == nil:
		return nil, nil
	case !whole && x.declared >= 0 && x.declared != w.written && !w.head:
		return nil, fmt.Errorf("%w: %d of %d bytes", ErrContentLength, w.written, x.declared)
	case w.head:
		if whole {
			w.written = 0 // the length of what GET would give is not known
		}
		return nil, nil
	}
	err := x.feed(w, nil)
	if err == nil {
		err = x.enc.Close()
	}
	if whole {
		w.written = int64(len(x.out))
	}
	return x.out, err
}

// feed gives the encoder what w has collected, and p.
func (x *coding) feed(w *ResponseWriter, p []byte) error {
	x.out = x.out[:0]
	_, err := x.enc.Write(w.buf)
	if err == nil {
		_, err = x.enc.Write(p)
	}
	w.buf = w.buf[:0]
	return err
}

// release gives the encoder back.
func (x *coding) release() {
	if x == nil || x.enc == nil {
		return
	}
	x.pool.used--
	if idle := x.pool.idle[x.chosen]; len(idle) < keptEncoders {
		if x.pool.idle == nil {
			x.pool.idle = make(map[*Encoding][]Encoder)
		}
		x.enc.Reset(io.Discard)
		x.pool.idle[x.chosen] = append(idle, x.enc)
	}
	x.enc = nil
}
