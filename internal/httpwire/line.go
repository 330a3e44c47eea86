package httpwire

import "bytes"

// requestLine takes line, which begins at offset base of the head and has
// lost its CR LF, apart into method, target and version (RFC 9112, 3).
func (p *Parser) requestLine(line []byte, base int) *Error {
	m := 0
	for m < len(line) && tokenByte[line[m]] {
		m++
	}
	// The version has a fixed length, so the line is cut from both ends, and
	// a blank too many shows up inside the target.
	v := len(line) - len("HTTP/1.1")
	if m == 0 || v < m+len(" / ") || line[m] != ' ' || line[v-1] != ' ' {
		return requestLineOffence(line, m, base)
	}
	method, target := line[:m], line[m+1:v-1]
	for i, c := range target {
		if !targetByte(c) {
			return targetOffence(c, base+m+1+i)
		}
	}
	minor, err := version(line[v:], base+v)
	if err != nil {
		return err
	}

	r := &p.Request
	r.Minor = minor
	r.Method = span(base, base+m)
	r.Target = span(base+m+1, base+v-1)
	form, authority, err := classify(method, target)
	if err != nil {
		err.Offset += base + m + 1
		return err
	}
	r.Form = form
	if form == Absolute || form == Authority {
		r.Host = span(base+m+1+int(authority.Start), base+m+1+int(authority.End))
	}
	return nil
}

// version reads HTTP/major.minor. Of the major version 1 every minor version
// from 1 on is handled as 1.1, the highest that is spoken here (RFC 9110,
// 2.5).
func version(v []byte, offset int) (minor uint8, err *Error) {
	switch {
	case string(v) == "HTTP/1.1":
		return 1, nil
	case string(v) == "HTTP/1.0":
		return 0, nil
	case controlAt(v) >= 0:
		i := controlAt(v)
		return 0, controlOffence(v[i]).at(offset + i)
	case !bytes.HasPrefix(v, []byte("HTTP/")) || !isDigit(v[5]) || v[6] != '.' || !isDigit(v[7]):
		return 0, badVersion.at(offset)
	case v[5] != '1':
		return 0, otherMajor.at(offset)
	}
	return 1, nil
}

// requestLineOffence names what is wrong with a line that does not have the
// shape of a request line; its first m bytes are a token.
func requestLineOffence(line []byte, m, base int) *Error {
	if i := controlAt(line); i >= 0 {
		return controlOffence(line[i]).at(base + i)
	}
	if m < len(line) && line[m] != ' ' || m == 0 {
		return badMethod.at(base + m)
	}
	return badRequestLine.at(base)
}

func targetOffence(c byte, offset int) *Error {
	switch {
	case c == '#': // not part of any target form: RFC 9112, 3.2
		return targetFragment.at(offset)
	case isControl(c):
		return controlOffence(c).at(offset)
	}
	return badTargetByte.at(offset)
}
