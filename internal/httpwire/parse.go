package httpwire

import "bytes"

// DefaultMaxHead is the limit of a head in bytes when none is given.
const DefaultMaxHead = 64 << 10

const (
	// mostHead keeps every offset within a Span.
	mostHead = 1 << 30

	// blankLines may precede a request line. RFC 9112, 2.2 asks for at least
	// one, for clients that send CR LF after a body; more than a few is noise.
	blankLines = 4

	// firstFields are made room for at a parser's first field; a parser with
	// room for more than keptFields gives it up when it is reset.
	firstFields = 16
	keptFields  = 256
)

// A Span is a piece of a head, as offsets from the head's first byte, so that
// it survives the bytes being moved to another buffer.
type Span struct{ Start, End uint32 }

// Of gives the piece of buf, which begins with the first byte of the head.
// The result shares its memory.
func (s Span) Of(buf []byte) []byte { return buf[s.Start:s.End:s.End] }

// Len gives the length in bytes.
func (s Span) Len() int { return int(s.End - s.Start) }

func span(start, end int) Span { return Span{uint32(start), uint32(end)} }

// Request is a request head in pieces.
type Request struct {
	Method Span
	Target Span
	Form   TargetForm
	Minor  uint8 // 0 for HTTP/1.0; 1 for HTTP/1.1 and every later minor version

	// Host is the authority the request is for: that of the target where it
	// has one, else the value of the field Host (RFC 9112, 3.3). It is empty
	// for an HTTP/1.0 request without the field.
	Host Span

	Fields []Field // all of them, in the order they came

	Framing Framing
	Length  int64 // of the body in bytes, with Framing Length

	KeepAlive bool // the connection persists after this request (RFC 9112, 9.3)
	Expect100 bool // a body follows, and the client may wait for 100 (Continue)
	Upgrade   bool // there is a field Upgrade, and Connection lists it (RFC 9110, 7.8)
}

// Find gives the value of the first field of that name, in any case.
func (r *Request) Find(buf []byte, name string) (value Span, ok bool) {
	for _, f := range r.Fields {
		if f.Name.Len() == len(name) && EqualFold(f.Name.Of(buf), name) {
			return f.Value, true
		}
	}
	return Span{}, false
}

// Parser reads one request head, line by line, and keeps offsets only. It
// belongs to one goroutine at a time. The zero value is ready; after a
// complete head, Reset makes it ready for the next one.
type Parser struct {
	// Request is complete once Head has returned n > 0.
	Request Request

	// In a head that is not complete: line <= scan <= length of the buffer,
	// lines before line have been checked, and no LF is in [line, scan).
	line  uint32
	scan  uint32
	state headState
	blank uint8 // empty lines before the request line
	seen  uint8 // fields and options, see framing.go

	failed *Error // what all further calls return
}

type headState uint8

const (
	atRequestLine headState = iota
	atFields
	headComplete
	headFailed
)

// Reset forgets the head and keeps the room for its fields, unless that is
// unusually large.
func (p *Parser) Reset() {
	fields := p.Request.Fields[:0]
	if cap(fields) > keptFields {
		fields = nil
	}
	*p = Parser{Request: Request{Fields: fields}}
}

// Blank reports whether nothing but complete empty lines has come so far: the
// peer has not begun a request, and both parser and buffer may be dropped.
func (p *Parser) Blank(buf []byte) bool {
	return p.state == atRequestLine && int(p.line) == len(buf)
}

// Head looks at buf, which begins with the first byte of the request and, at
// each further call, begins with the same bytes as before. It returns the
// length of the head with its final empty line, or 0 and no error when more
// bytes are needed; what follows the head in buf is not looked at.
//
// A head of more than maxHead bytes is refused; 0 or less stands for
// DefaultMaxHead, and the limit must be the same at each call for one head.
// An error is an [*Error]; it is found at the end of the line it is in, and
// all further calls return it again. The cost is linear in the bytes, however
// they are cut: each byte is searched once and, in a complete line, read once
// more.
func (p *Parser) Head(buf []byte, maxHead int) (n int, err error) {
	switch p.state {
	case headComplete:
		return int(p.line), nil
	case headFailed:
		return 0, p.failed
	}
	if maxHead <= 0 {
		maxHead = DefaultMaxHead
	}
	limit := min(maxHead, mostHead)
	if len(buf) > limit {
		buf = buf[:limit]
	}
	for {
		lf := bytes.IndexByte(buf[p.scan:], '\n')
		if lf < 0 {
			p.scan = uint32(len(buf))
			if len(buf) == limit {
				return 0, p.fail(p.tooLong(limit))
			}
			return 0, nil
		}
		lf += int(p.scan)
		start := int(p.line)
		p.line, p.scan = uint32(lf+1), uint32(lf+1)
		if lf == start || buf[lf-1] != '\r' {
			return 0, p.fail(bareLF.at(lf))
		}
		if e := p.take(buf[start:lf-1], start); e != nil {
			return 0, p.fail(e)
		}
		if p.state == headComplete {
			return lf + 1, nil
		}
	}
}

// take handles one line without its CR LF, which begins at offset base.
func (p *Parser) take(line []byte, base int) *Error {
	if p.state == atFields {
		if len(line) > 0 {
			return p.field(line, base)
		}
		p.state = headComplete
		return p.finish(base)
	}
	if len(line) == 0 {
		if p.blank++; p.blank > blankLines {
			return tooManyBlankLines.at(base)
		}
		return nil
	}
	p.state = atFields
	return p.requestLine(line, base)
}

// tooLong is what refuses a head that is not complete within limit: 414 as
// long as its target may be to blame (RFC 9110, 15.5.15), then 431.
func (p *Parser) tooLong(limit int) *Error {
	if p.state == atRequestLine {
		return lineTooLong.at(limit)
	}
	return headTooLarge.at(limit)
}

func (p *Parser) fail(e *Error) error {
	p.state, p.failed = headFailed, e
	return e
}
