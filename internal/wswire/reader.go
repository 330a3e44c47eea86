package wswire

// Rules are what a Reader holds its peer to. They are not changed while it reads.
type Rules struct {
	// Server says that this end is the server: frames must be masked. Else they must
	// not be.
	Server bool
	// Deflate says that permessage-deflate was agreed on.
	Deflate bool
	// MaxFrame bounds the payload of a frame, MaxMessage that of all frames of a
	// message, both as they come, in bytes. 0: no limit.
	MaxFrame, MaxMessage int64

	off offence // a rule that does not hold, plus one: for tests
}

// A Reader follows the frames that one end sends. The zero value is ready for use. It
// keeps none of the bytes it is shown.
//
// left <= length of the frame; message == 0 means that none has begun, and then
// everything else is zero too.
type Reader struct {
	left       int64  // of the payload of this data frame
	size       int64  // of the message's payload, up to the end of this frame
	key        uint32 // of what is left
	text       UTF8
	message    Opcode // Text or Binary
	fin        bool   // this frame is the message's last
	masked     bool
	compressed bool
	inside     bool // of a data frame: its header has been taken
}

// A Kind says what an Event is.
type Kind uint8

// The kinds of events.
const (
	NeedMore Kind = iota // nothing: more bytes must come
	Data                 // a piece of a message, perhaps its last
	Control              // a whole control frame
)

// An Event is what a Reader has found.
type Event struct {
	// Payload is a piece of the bytes the Reader was shown, unmasked there. It may be
	// empty.
	Payload []byte
	Kind    Kind
	// Opcode is that of the control frame, or the message's: Text or Binary.
	Opcode Opcode
	// Last says that the message ends here, Compressed that its bytes are deflated.
	// Then nothing is known of its text yet.
	Last, Compressed bool
}

// Idle reports whether nothing is begun: the Reader is as it was in the beginning.
func (r *Reader) Idle() bool { return r.message == 0 }

// Inside reports whether the next byte is one of a data frame's payload.
func (r *Reader) Inside() bool { return r.inside }

// Message is the message under way.
func (r *Reader) Message() (op Opcode, compressed bool) { return r.message, r.compressed }

// Size is how many bytes the message under way has so far, those of the frame that has
// begun included.
func (r *Reader) Size() int64 { return r.size }

// Next looks at p, which begins where the last call stopped, and returns what it finds
// first and how many bytes it took. Bytes it has not taken must be shown again, with those
// that came behind them. A control frame is taken whole or not at all, which asks for 139
// bytes at most.
func (r *Reader) Next(rules *Rules, p []byte) (Event, int, *Error) {
	if ev, n := r.short(rules, p); n > 0 {
		return ev, n, nil
	}
	n := 0
	if !r.inside {
		h, size, err := r.header(rules, p)
		if err != nil || size == 0 {
			return Event{}, 0, err
		}
		if h.Opcode.Control() {
			return r.control(rules, h, p, size)
		}
		r.begin(h)
		n = size
	}
	take := int(min(r.left, int64(len(p)-n)))
	if take == 0 && r.left > 0 {
		return Event{}, n, nil
	}
	return r.data(rules, p[n:n+take], n+take)
}

// header is the header at p, if it is whole, and how many bytes it has. Each byte of it
// is judged as soon as it is there.
func (r *Reader) header(rules *Rules, p []byte) (h Header, n int, err *Error) {
	if len(p) > 0 {
		if err := r.first(rules, p[0]); err != nil {
			return h, 0, err
		}
	}
	if len(p) < 2 {
		return h, 0, nil
	}
	if err := second(rules, Opcode(p[0]&0x0f), p[1]); err != nil {
		return h, 0, err
	}
	if n = size(p[1]); len(p) < n {
		return h, 0, nil
	}
	h = decode(p)
	return h, n, r.length(rules, h, p[1]&^maskBit)
}

// first judges the first byte (RFC 6455, 5.2 and 5.4; RFC 7692, 6 and 6.1).
func (r *Reader) first(rules *Rules, b byte) *Error {
	op, fin, rsv1 := Opcode(b&0x0f), b&finBit != 0, b&rsv1Bit != 0
	if b&rsvBits != 0 && rules.holds(reservedBits) {
		return &offences[reservedBits]
	}
	if rsv1 && !rules.Deflate && rules.holds(rsv1NotAgreed) {
		return &offences[rsv1NotAgreed]
	}
	switch op {
	case Text, Binary:
		if !r.Idle() && rules.holds(messageNotEnded) {
			return &offences[messageNotEnded]
		}
	case Continuation:
		if r.Idle() && rules.holds(nothingToContinue) {
			return &offences[nothingToContinue]
		}
		if rsv1 && rules.Deflate && rules.holds(rsv1OnContinuation) {
			return &offences[rsv1OnContinuation]
		}
	case Close, Ping, Pong:
		if !fin && rules.holds(controlFragmented) {
			return &offences[controlFragmented]
		}
		if rsv1 && rules.Deflate && rules.holds(rsv1OnControl) {
			return &offences[rsv1OnControl]
		}
	default:
		if rules.holds(badOpcode) {
			return &offences[badOpcode]
		}
	}
	return nil
}

// second judges the second byte (RFC 6455, 5.1 and 5.5).
func second(rules *Rules, op Opcode, b byte) *Error {
	masked := b&maskBit != 0
	switch {
	case rules.Server && !masked && rules.holds(maskMissing):
		return &offences[maskMissing]
	case !rules.Server && masked && rules.holds(maskPresent):
		return &offences[maskPresent]
	case op.Control() && b&^maskBit > maxControl && rules.holds(controlTooLong):
		return &offences[controlTooLong]
	}
	return nil
}

// length judges the length (RFC 6455, 5.2, and the limits of this end), of which short is
// what stands in the second byte.
func (r *Reader) length(rules *Rules, h Header, short byte) *Error {
	n := h.Length
	switch {
	case n < 0 && rules.holds(lengthTooLarge):
		return &offences[lengthTooLarge]
	case short == length16 && n < length16, short == length64 && n >= 0 && n <= 0xffff:
		if rules.holds(lengthNotShortest) {
			return &offences[lengthNotShortest]
		}
	}
	if h.Opcode.Control() {
		return nil
	}
	if rules.MaxFrame > 0 && n > rules.MaxFrame && rules.holds(frameTooLarge) {
		return &offences[frameTooLarge]
	}
	if rules.MaxMessage > 0 && n > rules.MaxMessage-r.size && rules.holds(messageTooLarge) {
		return &offences[messageTooLarge]
	}
	return nil
}

// holds reports whether a rule is in force. It is asked when the rule has been broken.
func (r *Rules) holds(o offence) bool { return r.off != o+1 }

// begin enters a data frame.
func (r *Reader) begin(h Header) {
	if h.Opcode != Continuation || r.message == 0 {
		r.message, r.compressed = h.Opcode, h.RSV1
	}
	r.inside, r.fin, r.masked = true, h.Fin, h.Masked
	r.left, r.key = max(h.Length, 0), h.Key
	r.size += r.left
}

// data is the event of a piece of payload, and leaves the frame if it is the last one.
func (r *Reader) data(rules *Rules, piece []byte, n int) (Event, int, *Error) {
	if r.masked {
		r.key = Mask(r.key, piece)
	}
	r.left -= int64(len(piece))
	ev := Event{Kind: Data, Opcode: r.message, Payload: piece, Compressed: r.compressed}
	if r.left == 0 {
		r.inside = false
		ev.Last = r.fin
	}
	if r.message == Text && !r.compressed {
		good := r.text.Feed(piece) && (!ev.Last || r.text.Whole())
		if !good && rules.holds(textNotUTF8) {
			return Event{}, n, &offences[textNotUTF8]
		}
	}
	if ev.Last {
		*r = Reader{}
	}
	return ev, n, nil
}

// control is the event of a control frame, if it is there as a whole.
func (r *Reader) control(rules *Rules, h Header, p []byte, n int) (Event, int, *Error) {
	end := n + int(min(max(h.Length, 0), int64(len(p))))
	if int64(len(p)-n) < h.Length {
		return Event{}, 0, nil
	}
	payload := p[n:end]
	if h.Masked {
		Mask(h.Key, payload)
	}
	if h.Opcode == Close {
		if err := checkClose(rules, payload); err != nil {
			return Event{}, end, err
		}
	}
	return Event{Kind: Control, Opcode: h.Opcode, Payload: payload}, end, nil
}

// checkClose judges what a close frame says (RFC 6455, 5.5.1 and 7.4).
func checkClose(rules *Rules, p []byte) *Error {
	if len(p) == 1 && rules.holds(closeTooShort) {
		return &offences[closeTooShort]
	}
	if len(p) < 2 {
		return nil
	}
	code, reason := ParseClose(p)
	if !SendableCode(code) && rules.holds(closeCode) {
		return &offences[closeCode]
	}
	var text UTF8
	if !(text.Feed(reason) && text.Whole()) && rules.holds(closeNotUTF8) {
		return &offences[closeNotUTF8]
	}
	return nil
}
