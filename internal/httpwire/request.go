package httpwire

// blankLines may precede a request line. RFC 9112, 2.2 asks for at least one,
// for clients that send CR LF after a body; more than a few is noise.
const blankLines = 4

// Request is a request head in pieces.
type Request struct {
	Method Span
	Target Span
	Form   TargetForm

	// Host is the authority the request is for: that of the target where it
	// has one, else the value of the field Host (RFC 9112, 3.3). It is empty
	// for an HTTP/1.0 request without the field.
	Host Span

	Message

	Expect100 bool // a body follows, and the client may wait for 100 (Continue)
}

// Parser reads one request head, line by line, and keeps offsets only. It
// belongs to one goroutine at a time. The zero value is ready; after a
// complete head, Reset makes it ready for the next one.
type Parser struct {
	// Request is complete once Head has returned n > 0.
	Request Request

	// Skipped counts the empty lines before the request line. Who drops a
	// parser that is Blank, and its buffer, passes the number on to the next
	// parser, or the limit does not hold for lines that come one by one.
	Skipped uint8

	headReader
}

// Reset forgets the head and keeps the room for its fields, unless that is
// unusually large.
func (p *Parser) Reset() {
	room := p.Request.room()
	*p = Parser{}
	p.Request.Fields = room
}

// Blank reports whether nothing but complete empty lines has come so far: the
// peer has not begun a request, and both parser and buffer may be dropped.
func (p *Parser) Blank(buf []byte) bool {
	return p.state == atStart && int(p.line) == len(buf)
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
	buf, full := within(buf, maxHead)
	for p.state < headComplete {
		base := int(p.line)
		line := p.next(buf)
		if line == nil {
			if full && p.state < headComplete {
				p.fail(p.tooLong(len(buf)))
			}
			break
		}
		var e *Error
		switch p.move(line) {
		case blankLine:
			e = p.blankLine(base)
		case startLine:
			e = p.requestLine(line, base)
		case aField:
			e = p.field(line, base, &p.Request.Message, &p.Request)
		case headEnd:
			e = p.finish(base)
		}
		if e != nil {
			p.fail(e)
		}
	}
	return p.result()
}

func (p *Parser) blankLine(base int) *Error {
	if p.Skipped++; p.Skipped > blankLines {
		return tooManyBlankLines.at(base)
	}
	return nil
}

// tooLong is what refuses a head that is not complete within limit: 414 as
// long as its target may be to blame (RFC 9110, 15.5.15), then 431.
func (p *Parser) tooLong(limit int) *Error {
	if p.state == atStart {
		return lineTooLong.at(limit)
	}
	return headTooLarge.at(limit)
}
