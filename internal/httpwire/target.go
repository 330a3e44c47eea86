package httpwire

import "bytes"

// TargetForm is one of the four forms of a request target (RFC 9112, 3.2).
type TargetForm uint8

const (
	Origin    TargetForm = iota // /path?query
	Absolute                    // scheme://authority/path?query
	Authority                   // host:port, with CONNECT and nothing else
	Asterisk                    // *, with OPTIONS and nothing else
)

// classify finds the form of a target that is not empty and holds no blanks,
// and the part of it that is an authority. Where a target breaks a rule, the
// offset is counted from its first byte.
func classify(method, target []byte) (form TargetForm, authority Span, err *Error) {
	// CONNECT first: for it a path or an absolute URI is an error as well
	// (RFC 9110, 9.3.6).
	if string(method) == "CONNECT" {
		if port, ok := splitAuthority(target); !ok || port < 1 || port > 65535 {
			return 0, Span{}, authorityForm.at(0)
		}
		return Authority, Span{0, uint32(len(target))}, nil
	}
	switch {
	case target[0] == '/':
		return Origin, Span{}, nil
	case string(target) == "*":
		if string(method) != "OPTIONS" { // RFC 9112, 3.2.4
			return 0, Span{}, asteriskForm.at(0)
		}
		return Asterisk, Span{}, nil
	}
	authority, err = absolute(target)
	return Absolute, authority, err
}

// absolute finds the authority of a target in absolute form (RFC 9112,
// 3.2.2). URIs without an authority are refused: this server could not tell
// for whom they are.
func absolute(target []byte) (Span, *Error) {
	i := 0
	for i < len(target) && schemeByte[target[i]] {
		i++
	}
	if !isLetter(target[0]) || !bytes.HasPrefix(target[i:], []byte("://")) {
		return Span{}, badTargetForm.at(0)
	}
	start := i + len("://")
	end := start
	for end < len(target) && target[end] != '/' && target[end] != '?' {
		end++
	}
	authority := target[start:end]
	if at := bytes.IndexByte(authority, '@'); at >= 0 {
		return Span{}, targetUserinfo.at(start + at) // RFC 9110, 4.2.4
	}
	if _, ok := splitAuthority(authority); !ok {
		return Span{}, badTargetHost.at(start) // an empty host too: RFC 9110, 4.2.1
	}
	return Span{uint32(start), uint32(end)}, nil
}

// ValidHost reports whether s could be the value of a field Host: host, or host and port.
func ValidHost(s string) bool {
	_, ok := splitAuthority([]byte(s))
	return ok
}

// splitAuthority checks host [":" port] with a host that is not empty, and
// gives the port: 0 without one, and more than 65535 if it is too large, which
// only CONNECT minds. Whether an address in brackets is a possible one is left
// to whoever connects to it.
func splitAuthority(b []byte) (port int, ok bool) {
	i := 0
	if len(b) > 0 && b[0] == '[' {
		i++
		for i < len(b) && addressByte[b[i]] {
			i++
		}
		if i < len("[::") || i == len(b) || b[i] != ']' {
			return 0, false
		}
		i++
	} else {
		for i < len(b) && hostByte[b[i]] {
			i++
		}
	}
	if i == 0 || i < len(b) && b[i] != ':' {
		return 0, false
	}
	for j := i + 1; j < len(b); j++ {
		if !isDigit(b[j]) {
			return 0, false
		}
		port = min(port*10+int(b[j]-'0'), 1<<16)
	}
	return port, true
}
