package websocket

import (
	"bytes"
	"io"

	"github.com/klauspost/compress/flate"

	"github.com/zonda-go/zonda/internal/wswire"
)

const (
	// history is how much of what was sent a compressor can refer to, and window how
	// much of what has come a peer can.
	history = 8 << 10
	window  = 32 << 10
	// keptScratch is the largest scratch buffer that is kept.
	keptScratch = 64 << 10
	// maxFinal bounds the final blocks within one message. Nobody needs more than one;
	// each costs a copy of the window.
	maxFinal = 16
	// flushTail is what ends each message before the sender takes it off, and final ends
	// the stream besides, for a reader that wants an end (RFC 7692, 7.2.1 and 7.2.2).
	flushTail = "\x00\x00\xff\xff"
	final     = flushTail + "\x01\x00\x00\xff\xff"
)

// compresses reports whether a message of n bytes is to be compressed.
func (c *Conn) compresses(n int) bool { return c.set.rules.Deflate && n >= c.set.threshold }

// deflate compresses a message, with the loop's scratch buffer; false if that would make it
// longer. What is sent uncompressed is not part of what later ones may refer to.
func (c *Conn) deflate(p []byte) ([]byte, bool) {
	takeover, bits := c.set.sending()
	var dict []byte
	if takeover && c.rare != nil {
		dict = c.rare.sent
	}
	lo := c.local()
	out := appendDeflate(lo.scratch[:0], p, dict, bits)
	if cap(out) <= keptScratch {
		lo.scratch = out
	}
	if out = out[:len(out)-len(flushTail)]; len(out) >= len(p) {
		return nil, false
	}
	if takeover {
		r := c.seldom()
		r.sent = slide(r.sent, p, min(history, windowSize(bits)/2))
	}
	return out, true
}

// deflatePiece compresses a piece of a message, each for itself.
func (c *Conn) deflatePiece(p []byte, last bool) []byte {
	_, bits := c.set.sending()
	out := appendDeflate(nil, p, nil, bits)
	if last {
		out = out[:len(out)-len(flushTail)]
	}
	return out
}

// windowSize is that of a window of so many bits, of which 0 means 15.
func windowSize(bits uint8) int {
	if bits == 0 {
		return window
	}
	return 1 << bits
}

// appendDeflate appends p compressed, up to a byte boundary. dict is what came before, of
// which a small window leaves half: what is compressed at a time is no larger than the
// window, so nothing can be referred to that is farther away.
func appendDeflate(b, p, dict []byte, bits uint8) []byte {
	out := appender{b}
	size := windowSize(bits)
	if size == window {
		_ = flate.StatelessDeflate(&out, p, false, dict) // an appender takes everything
		return out.b
	}
	if len(dict) > 0 {
		size /= 2
	}
	for len(p) > size {
		_ = flate.StatelessDeflate(&out, p[:size], false, dict)
		dict = nil
		p = p[size:]
	}
	_ = flate.StatelessDeflate(&out, p, false, dict)
	return out.b
}

type appender struct{ b []byte }

func (a *appender) Write(p []byte) (int, error) {
	a.b = append(a.b, p...)
	return len(p), nil
}

// slide appends p to what is kept of the past, and keeps the last size bytes.
func slide(past, p []byte, size int) []byte {
	if len(p) >= size {
		return append(past[:0], p[len(p)-size:]...)
	}
	if over := len(past) + len(p) - size; over > 0 {
		past = past[:copy(past, past[over:])]
	}
	return append(past, p...)
}

// An inflater decompresses one message after another. A loop has some, and connections none.
type inflater struct {
	r  io.ReadCloser
	in bytes.Reader
}

func newInflater() *inflater {
	f := &inflater{}
	f.r = flate.NewReader(&f.in)
	return f
}

// inflate decompresses a message, and checks it if it is a text.
func (c *Conn) inflate(p []byte, text bool) ([]byte, *wswire.Error) {
	takeover, bits := c.set.receiving()
	var dict []byte
	if takeover && c.rare != nil {
		dict = c.rare.received
	}
	lo := c.local()
	f := take(&lo.inflaters, newInflater)
	out, err := f.inflate(append(p, final...), dict, c.set.rules.MaxMessage)
	f.in.Reset(nil)
	give(&lo.inflaters, f)
	if err != nil {
		return nil, err
	}
	if text {
		var u wswire.UTF8
		if !u.Feed(out) || !u.Whole() {
			return nil, wswire.ErrTextNotUTF8
		}
	}
	if takeover {
		r := c.seldom()
		r.received = slide(r.received, out, windowSize(bits))
	}
	return out, nil
}

// inflate decompresses p, and stops at the first byte above the limit. After a final block
// another stream may begin, with the same past (RFC 7692, 7.2.3.4).
func (f *inflater) inflate(p, dict []byte, limit int64) ([]byte, *wswire.Error) {
	f.in.Reset(p)
	var out []byte
	for range maxFinal {
		if err := f.r.(flate.Resetter).Reset(&f.in, dict); err != nil {
			return nil, wswire.ErrBadDeflate
		}
		var err *wswire.Error
		if out, err = f.readAll(out, limit); err != nil {
			return nil, err
		}
		if f.in.Len() == 0 {
			return out, nil
		}
		dict = slide(bytes.Clone(dict), out, window)
	}
	return nil, wswire.ErrBadDeflate
}

func (f *inflater) readAll(out []byte, limit int64) ([]byte, *wswire.Error) {
	if out == nil {
		out = make([]byte, 0, max(64, min(4*f.in.Len(), window)))
	}
	for {
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		n, err := f.r.Read(out[len(out):cap(out)])
		out = out[:len(out)+n]
		if limit > 0 && int64(len(out)) > limit {
			return nil, wswire.ErrInflatedTooLarge
		}
		if err == io.EOF {
			return out, nil
		}
		if err != nil {
			return nil, wswire.ErrBadDeflate
		}
	}
}
