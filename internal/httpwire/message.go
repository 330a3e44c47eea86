package httpwire

// A Span is a piece of a head, as offsets from the head's first byte, so that
// it survives the bytes being moved to another buffer.
type Span struct{ Start, End uint32 }

// Of gives the piece of buf, which begins with the first byte of the head.
// The result shares its memory.
func (s Span) Of(buf []byte) []byte { return buf[s.Start:s.End:s.End] }

// Len gives the length in bytes.
func (s Span) Len() int { return int(s.End - s.Start) }

func span(start, end int) Span { return Span{uint32(start), uint32(end)} }

// Message is what the heads of requests and responses have in common.
type Message struct {
	Minor uint8 // 0 for HTTP/1.0; 1 for HTTP/1.1 and every later minor version

	Fields []Field // all of them, in the order they came

	Framing Framing
	Length  int64 // of the body in bytes, with Framing Length

	KeepAlive bool // the connection persists after this message (RFC 9112, 9.3)
	Upgrade   bool // there is a field Upgrade, and Connection lists it (RFC 9110, 7.8)
}

// Find gives the value of the first field of that name, in any case.
func (m *Message) Find(buf []byte, name string) (value Span, ok bool) {
	for _, f := range m.Fields {
		if f.Name.Len() == len(name) && EqualFold(f.Name.Of(buf), name) {
			return f.Value, true
		}
	}
	return Span{}, false
}

// room is the room for the fields of another message, unless that is
// unusually large.
func (m *Message) room() []Field {
	if cap(m.Fields) > keptFields {
		return nil
	}
	return m.Fields[:0]
}
