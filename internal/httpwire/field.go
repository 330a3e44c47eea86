package httpwire

// Field is one field line of a head or trailer section: its name as it was
// sent, and its value without the blanks around it (RFC 9110, 5.5).
type Field struct{ Name, Value Span }

// fieldLine checks line, which begins at offset base and has lost its CR LF,
// and finds its name and value (RFC 9112, 5).
func fieldLine(line []byte, base int) (Field, *Error) {
	colon := 0
	for colon < len(line) && tokenByte[line[colon]] {
		colon++
	}
	if colon == 0 || colon == len(line) || line[colon] != ':' {
		return Field{}, nameOffence(line, colon, base)
	}
	value := line[colon+1:]
	if i := controlAt(value); i >= 0 {
		return Field{}, controlOffence(value[i]).at(base + colon + 1 + i)
	}
	start, end := trimBlanks(value)
	return Field{
		Name:  span(base, base+colon),
		Value: span(base+colon+1+start, base+colon+1+end),
	}, nil
}

// nameOffence names what is wrong with a line whose first i bytes are a
// token, but are not a field name followed by a colon.
func nameOffence(line []byte, i, base int) *Error {
	switch {
	case i == len(line):
		return noColon.at(base + i)
	case isControl(line[i]):
		return controlOffence(line[i]).at(base + i)
	case i == 0 && line[0] == ':':
		return emptyName.at(base)
	case i == 0 && isBlank(line[0]):
		// A folded line, or a blank after the request line (RFC 9112, 2.2
		// and 5.2).
		return foldedLine.at(base)
	case isBlank(line[i]): // RFC 9112, 5.1
		return blankBeforeColon.at(base + i)
	}
	return badNameByte.at(base + i)
}

// field takes one line of the field section of m. r is the request it heads,
// nil for a response.
func (h *headReader) field(line []byte, base int, m *Message, r *Request) *Error {
	f, err := fieldLine(line, base)
	if err != nil {
		return err
	}
	if m.Fields == nil {
		m.Fields = make([]Field, 0, firstFields)
	}
	m.Fields = append(m.Fields, f)
	if n := f.Name.Len(); n < 32 && framingLengths>>n&1 != 0 {
		name := line[:n]
		value := line[int(f.Value.Start)-base : int(f.Value.End)-base]
		return h.known(name, value, f.Value, m, r)
	}
	return nil
}
