package httpwire

// Framing says how the end of a body is found (RFC 9112, 6.3).
type Framing uint8

const (
	NoBody     Framing = iota // there is no body, or its length is 0
	Length                    // Message.Length bytes follow, more than 0
	Chunked                   // the chunked coding follows, to be read by Chunks
	UntilClose                // all bytes until the connection ends; responses only
)

// The fields and connection options a head has shown so far.
const (
	sawHost uint8 = 1 << iota
	sawLength
	sawCoding
	sawUpgrade
	sawExpect
	optClose
	optKeepAlive
	optUpgrade
)

// framingLengths has a bit for the length of each name that known looks for,
// so that most other fields cost one shift.
const framingLengths = 1<<len("Host") | 1<<len("Expect") | 1<<len("Upgrade") |
	1<<len("Connection") | 1<<len("Content-Length") | 1<<len("Transfer-Encoding")

// known reads the fields that decide about routing, framing and the life of
// the connection; the others are the application's. In a response, where r is
// nil, Host and Expect say nothing.
func (h *headReader) known(name, value []byte, at Span, m *Message, r *Request) *Error {
	switch len(name) {
	case len("Host"):
		if r != nil && nameIs(name, "Host") {
			return h.host(value, at, r)
		}
	case len("Expect"):
		if r != nil && nameIs(name, "Expect") {
			return h.expect(value, at)
		}
	case len("Upgrade"):
		if nameIs(name, "Upgrade") && len(value) > 0 {
			h.seen |= sawUpgrade
		}
	case len("Connection"):
		if nameIs(name, "Connection") {
			h.connection(value)
		}
	case len("Content-Length"):
		if nameIs(name, "Content-Length") {
			return h.contentLength(value, at, m)
		}
	case len("Transfer-Encoding"):
		if nameIs(name, "Transfer-Encoding") {
			return h.transferEncoding(value, at, m)
		}
	}
	return nil
}

func (h *headReader) host(value []byte, at Span, r *Request) *Error {
	if h.seen&sawHost != 0 { // RFC 9112, 3.2
		return hostRepeated.at(int(at.Start))
	}
	h.seen |= sawHost
	// An empty value is what a client sends whose URI has no authority (RFC
	// 9112, 3.2).
	if _, ok := splitAuthority(value); !ok && len(value) > 0 {
		return badHost.at(int(at.Start))
	}
	// The authority of the target wins, and Host is then only checked (RFC
	// 9112, 3.2.2 and 3.3).
	if r.Form == Origin || r.Form == Asterisk {
		r.Host = at
	}
	return nil
}

func (h *headReader) connection(value []byte) {
	if string(value) == "keep-alive" { // the most common value, without a search
		h.seen |= optKeepAlive
		return
	}
	for more := true; more; {
		var option []byte
		option, value, more = cutElement(value)
		switch {
		case EqualFold(option, "close"):
			h.seen |= optClose
		case EqualFold(option, "keep-alive"):
			h.seen |= optKeepAlive
		case EqualFold(option, "upgrade"):
			h.seen |= optUpgrade
		}
	}
}

func (h *headReader) expect(value []byte, at Span) *Error {
	for more := true; more; {
		var member []byte
		member, value, more = cutElement(value)
		switch {
		case EqualFold(member, "100-continue"):
			h.seen |= sawExpect
		case len(member) > 0: // RFC 9110, 10.1.1
			return otherExpectation.at(int(at.Start))
		}
	}
	return nil
}

// contentLength takes one number, or several equal ones in one field or in
// several (RFC 9110, 8.6).
func (h *headReader) contentLength(value []byte, at Span, m *Message) *Error {
	if h.seen&sawCoding != 0 { // RFC 9112, 6.1
		return codingAndLength.at(int(at.Start))
	}
	for more := true; more; {
		var number []byte
		number, value, more = cutElement(value)
		n, o, ok := decimal(number)
		switch {
		case !ok:
			return o.at(int(at.Start))
		case h.seen&sawLength != 0 && n != m.Length:
			return lengthDiffers.at(int(at.Start))
		}
		h.seen |= sawLength
		m.Length = n
	}
	return nil
}

// decimal reads digits and nothing else: a sign, a blank or an underscore
// would be read differently by another recipient.
func decimal(b []byte) (n int64, o offence, ok bool) {
	if len(b) == 0 {
		return 0, badLength, false
	}
	overflow := false
	for _, c := range b {
		if !isDigit(c) {
			return 0, badLength, false
		}
		d := int64(c - '0')
		overflow = overflow || n > (1<<63-1-d)/10
		n = n*10 + d
	}
	if overflow {
		return 0, lengthTooLarge, false
	}
	return n, 0, true
}

// transferEncoding takes the one coding chunked. All other values are
// refused, each with the status that the RFC has for it.
func (h *headReader) transferEncoding(value []byte, at Span, m *Message) *Error {
	offset := int(at.Start)
	switch {
	case m.Minor == 0: // RFC 9112, 6.1: the framing of such a message is faulty
		return codingOn10.at(offset)
	case h.seen&sawLength != 0:
		return codingAndLength.at(offset)
	case h.seen&sawCoding != 0:
		return codingRepeated.at(offset)
	case EqualFold(value, "chunked"):
		h.seen |= sawCoding
		return nil
	}
	return codingOffence(value).at(offset)
}

func codingOffence(value []byte) offence {
	chunked, final := 0, false
	for more := true; more; {
		var coding []byte
		coding, value, more = cutElement(value)
		if final = EqualFold(coding, "chunked"); final {
			chunked++
		}
	}
	switch {
	case !final: // RFC 9112, 6.3: the length of a request cannot be known, so 400
		return codingNotFinal
	case chunked > 1: // RFC 9112, 6.1
		return codingRepeated
	}
	return codingUnknown // RFC 9112, 6.1
}

// finish draws the conclusions of all fields of a request together, at the
// empty line, which begins at offset.
func (p *Parser) finish(offset int) *Error {
	r, seen := &p.Request, p.seen
	switch {
	case seen&sawCoding != 0:
		r.Framing = Chunked
	case r.Length > 0:
		r.Framing = Length
	}
	p.persistence(&r.Message)
	// HTTP/1.0 has no expectations (RFC 9110, 10.1.1). A client does not wait
	// with a body that it does not have.
	r.Expect100 = r.Minor == 1 && seen&sawExpect != 0 && r.Framing != NoBody
	if r.Minor == 1 && seen&sawHost == 0 { // RFC 9112, 3.2
		return hostMissing.at(offset)
	}
	return nil
}

// persistence says what becomes of the connection. HTTP/1.0 knows no upgrade
// (RFC 9110, 7.8).
func (h *headReader) persistence(m *Message) {
	seen := h.seen
	m.KeepAlive = seen&optClose == 0 && (m.Minor == 1 || seen&optKeepAlive != 0) // RFC 9112, 9.3
	m.Upgrade = m.Minor == 1 && seen&optUpgrade != 0 && seen&sawUpgrade != 0
}
