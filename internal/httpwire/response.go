package httpwire

// Response is a response head in pieces.
type Response struct {
	Status int  // 100 to 999; above 599 a client takes it for 5xx (RFC 9110, 15)
	Reason Span // may be empty; it says nothing to programs (RFC 9112, 4)

	Message

	// Tunnel is true when the connection speaks another protocol from here on:
	// after 101 (Switching Protocols), and 2xx to CONNECT (RFC 9110, 9.3.6).
	// What follows the head belongs to that.
	Tunnel bool
}

// ResponseParser reads one response head, line by line, and keeps offsets
// only. It belongs to one goroutine at a time. The zero value is ready; after
// a complete head, Reset makes it ready for the next one, which follows at
// once when Status is 1xx and not 101.
type ResponseParser struct {
	// Response is complete once Head has returned n > 0.
	Response Response

	headReader
}

// Reset forgets the head and keeps the room for its fields, unless that is
// unusually large.
func (p *ResponseParser) Reset() {
	room := p.Response.room()
	*p = ResponseParser{}
	p.Response.Fields = room
}

// Head is [Parser.Head] for the response to a request with this method, on
// which the framing depends. It does not take empty lines before the status
// line: a client knows where the last response ended.
//
// A folded field is accepted, as user agents must (RFC 9112, 5.2): Head
// overwrites CR LF within it with blanks in buf, and further calls must find
// them there.
func (p *ResponseParser) Head(buf []byte, method string, maxHead int) (n int, err error) {
	buf, full := within(buf, maxHead)
	for p.state < headComplete {
		base := int(p.line)
		line := p.unfolded(buf)
		if line == nil {
			if full && p.state < headComplete {
				p.fail(headTooLarge.at(len(buf)))
			}
			break
		}
		var e *Error
		switch p.move(line) {
		case blankLine:
			e = badStatusLine.at(base)
		case startLine:
			e = p.statusLine(line)
		case aField:
			e = p.field(line, base, &p.Response.Message, nil)
		case headEnd:
			e = p.finish(method, base)
		}
		if e != nil {
			p.fail(e)
		}
	}
	if p.failed != nil {
		p.failed.Status = 502
	}
	return p.result()
}

// unfolded is next for fields that may be folded: a field goes on as long as
// the line after it begins with a blank. So the byte behind a field must have
// come before the field is complete.
func (p *ResponseParser) unfolded(buf []byte) (line []byte) {
	start := p.line
	for {
		line = p.next(buf)
		if len(line) == 0 || p.state != atFields {
			return line
		}
		behind := int(p.line)
		if behind == len(buf) {
			p.line, p.scan = start, uint32(behind-1)
			return nil
		}
		if !isBlank(buf[behind]) {
			return line
		}
		buf[behind-2], buf[behind-1] = ' ', ' '
		p.line = start
	}
}

// statusLine takes the first line apart into version, status code and reason
// phrase (RFC 9112, 4). The space behind the code may be missing with the
// phrase: many servers drop both, and nothing can be mistaken for it.
func (p *ResponseParser) statusLine(line []byte) *Error {
	const code = len("HTTP/1.1 ")
	if i := controlAt(line); i >= 0 {
		return controlOffence(line[i]).at(i)
	}
	if len(line) < code+3 || line[code-1] != ' ' {
		return badStatusLine.at(0)
	}
	r := &p.Response
	var err *Error
	if r.Minor, err = version(line[:code-1], 0); err != nil {
		return err
	}
	for _, c := range line[code : code+3] {
		if !isDigit(c) {
			return badStatusCode.at(code)
		}
		r.Status = r.Status*10 + int(c-'0')
	}
	switch rest := line[code+3:]; {
	case r.Status < 100:
		return badStatusCode.at(code)
	case len(rest) == 0:
		r.Reason = span(len(line), len(line))
	case rest[0] != ' ': // a fourth digit, for example
		return badReason.at(code + 3)
	default:
		r.Reason = span(code+4, len(line))
	}
	return nil
}

// finish draws the conclusions of all fields of a response together, at the
// empty line, which begins at offset (RFC 9112, 6.3).
func (p *ResponseParser) finish(method string, offset int) *Error {
	r := &p.Response
	p.persistence(&r.Message)
	r.Tunnel = r.Status == 101 || r.Status/100 == 2 && method == "CONNECT"
	chunked := p.seen&sawCoding != 0
	switch {
	case r.Status < 200 || r.Status == 204:
		// Such a response has no body. One that announces it all the same is
		// read with it by others, so nobody knows where the next one begins
		// (RFC 9110, 8.6; RFC 9112, 6.1).
		if chunked || r.Length > 0 {
			return contentForbidden.at(offset)
		}
	case r.Status == 304 || method == "HEAD" || r.Tunnel:
		// The fields are about the response to GET; a tunnel has none that
		// count (RFC 9110, 9.3.6).
	case chunked:
		r.Framing = Chunked
	case r.Length > 0:
		r.Framing = Length
	case p.seen&sawLength == 0:
		r.Framing, r.KeepAlive = UntilClose, false
	}
	return nil
}
