package wswire

import "encoding/binary"

// An Opcode says what a frame is (RFC 6455, 5.2).
type Opcode uint8

// The opcodes there are.
const (
	Continuation Opcode = 0
	Text         Opcode = 1
	Binary       Opcode = 2
	Close        Opcode = 8
	Ping         Opcode = 9
	Pong         Opcode = 10
)

// Control reports whether frames with it are control frames.
func (o Opcode) Control() bool { return o >= 8 }

const (
	// MaxHeader is the most bytes a frame's header has.
	MaxHeader = 14
	// maxControl is the most bytes of payload a control frame has (RFC 6455, 5.5).
	maxControl = 125

	finBit  = 0x80
	rsv1Bit = 0x40
	rsvBits = 0x30 // the other two
	maskBit = 0x80

	length16 = 126
	length64 = 127
)

// A Header is what stands before a frame's payload.
//
//	byte 0: FIN RSV1 RSV2 RSV3 opcode(4)     byte 1: MASK length(7)
//	length 126: 2 bytes of length more; 127: 8 bytes; then, if MASK, 4 bytes of key
type Header struct {
	Length int64
	Key    uint32 // for Mask; used if Masked
	Opcode Opcode
	Fin    bool
	RSV1   bool
	Masked bool
}

// AppendHeader appends h in its shortest form.
func AppendHeader(b []byte, h Header) []byte {
	first, second := byte(h.Opcode), byte(0)
	if h.Fin {
		first |= finBit
	}
	if h.RSV1 {
		first |= rsv1Bit
	}
	if h.Masked {
		second = maskBit
	}
	switch n := h.Length; {
	case n < length16:
		b = append(b, first, second|byte(n))
	case n <= 0xffff:
		b = binary.BigEndian.AppendUint16(append(b, first, second|length16), uint16(n))
	default:
		b = binary.BigEndian.AppendUint64(append(b, first, second|length64), uint64(n))
	}
	if h.Masked {
		b = binary.LittleEndian.AppendUint32(b, h.Key)
	}
	return b
}

// size is how many bytes the header has whose second byte is given.
func size(second byte) int {
	n := 2
	switch second &^ maskBit {
	case length16:
		n += 2
	case length64:
		n += 8
	}
	if second&maskBit != 0 {
		n += 4
	}
	return n
}

// decode takes a header apart that is whole. Nothing is checked, and a length of 64 bits
// is negative.
func decode(p []byte) Header {
	h := Header{
		Opcode: Opcode(p[0] & 0x0f),
		Fin:    p[0]&finBit != 0,
		RSV1:   p[0]&rsv1Bit != 0,
		Masked: p[1]&maskBit != 0,
		Length: int64(p[1] &^ maskBit),
	}
	p = p[2:]
	switch h.Length {
	case length16:
		h.Length = int64(binary.BigEndian.Uint16(p))
		p = p[2:]
	case length64:
		h.Length = int64(binary.BigEndian.Uint64(p))
		p = p[8:]
	}
	if h.Masked {
		h.Key = binary.LittleEndian.Uint32(p)
	}
	return h
}
