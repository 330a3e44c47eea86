package wswire

import (
	"encoding/binary"
	"unicode/utf8"
)

// short is what most calls of Next find: a message that is one short frame, there as a
// whole, and nothing to be refused or kept. Of anything else n is 0, and p is as it was: Next
// goes the long way then, which is for everything.
func (r *Reader) short(rules *Rules, p []byte) (ev Event, n int) {
	if len(p) < 2 || !r.Idle() || p[0] != finBit|byte(Text) && p[0] != finBit|byte(Binary) {
		return ev, 0
	}
	at, size := 2, int(p[1])
	if rules.Server {
		at, size = 6, size-maskBit // below 0: it is not masked
	}
	if size < 0 || size >= length16 || len(p) < at+size ||
		rules.MaxFrame > 0 && int64(size) > rules.MaxFrame ||
		rules.MaxMessage > 0 && int64(size) > rules.MaxMessage {
		return ev, 0
	}
	ev = Event{Kind: Data, Opcode: Opcode(p[0] &^ finBit), Payload: p[at : at+size], Last: true}
	var key uint32
	if rules.Server {
		key = binary.LittleEndian.Uint32(p[2:])
		Mask(key, ev.Payload)
	}
	if ev.Opcode == Text && !utf8.Valid(ev.Payload) {
		Mask(key, ev.Payload) // a second time is not at all
		return Event{}, 0
	}
	return ev, at + size
}
