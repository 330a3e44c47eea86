package websocket

import (
	"unicode/utf8"

	"github.com/zonda-go/zonda/internal/wswire"
	"github.com/zonda-go/zonda/loop"
)

// A Prepared message is one for many connections: it is encoded once, and compressed once
// for each window that was agreed on, and connections that must wait share the bytes. It
// belongs to one loop: prepare it on each. (What a client sends is masked anew for each
// connection.)
type Prepared struct {
	t        Type
	data     []byte
	plain    []byte         // a server's frame
	deflated map[int][]byte // payload by window size; nil: it would be longer
	frames   map[int][]byte // a server's frame of that
}

// Prepare makes a message to be sent to many. data must not be changed any more. A text that
// is none fails with ErrNotUTF8.
func Prepare(t Type, data []byte) (*Prepared, error) {
	if t != Text && t != Binary {
		panic("websocket: a message that is neither Text nor Binary")
	}
	if t == Text && !utf8.Valid(data) {
		return nil, ErrNotUTF8
	}
	return &Prepared{t: t, data: data}, nil
}

// WritePrepared is Write for a prepared message.
func (c *Conn) WritePrepared(co *loop.Co, p *Prepared) error {
	if c.set.slow == Wait {
		if err := c.waitRoom(co, false); err != nil {
			return err
		}
	}
	return c.SendPrepared(p)
}

// SendPrepared is Send for a prepared message.
func (c *Conn) SendPrepared(p *Prepared) error {
	if err := c.sendable(); err != nil {
		return err
	}
	if err := c.admit(len(p.data)); err != nil {
		return err
	}
	h := wswire.Header{Fin: true, Opcode: wswire.Opcode(p.t)}
	payload := p.data
	takeover, bits := c.set.sending()
	size := windowSize(bits)
	if c.compresses(len(p.data)) {
		if small := p.compressed(size, bits); small != nil {
			h.RSV1, payload = true, small
			if takeover { // it refers to nothing, but others may refer to it
				r := c.seldom()
				r.sent = slide(r.sent, p.data, min(history, size/2))
			}
		}
	}
	if c.set.rules.Server {
		c.putShared(p.frame(h, payload, size))
	} else {
		c.put(h, payload, true)
	}
	return nil
}

// compressed is the payload for a window; nil if it would be longer.
func (p *Prepared) compressed(size int, bits uint8) []byte {
	small, ok := p.deflated[size]
	if !ok {
		if p.deflated == nil {
			p.deflated = make(map[int][]byte)
		}
		small = appendDeflate(nil, p.data, nil, bits)
		if small = small[:len(small)-len(flushTail)]; len(small) >= len(p.data) {
			small = nil
		}
		p.deflated[size] = small
	}
	return small
}

// frame is a server's frame.
func (p *Prepared) frame(h wswire.Header, payload []byte, size int) []byte {
	if !h.RSV1 {
		if p.plain == nil {
			p.plain = encode(h, payload)
		}
		return p.plain
	}
	b := p.frames[size]
	if b == nil {
		if p.frames == nil {
			p.frames = make(map[int][]byte)
		}
		b = encode(h, payload)
		p.frames[size] = b
	}
	return b
}

func encode(h wswire.Header, payload []byte) []byte {
	h.Length = int64(len(payload))
	return appendFrame(make([]byte, 0, wswire.MaxHeader+len(payload)), h, payload)
}
