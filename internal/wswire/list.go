package wswire

import "strings"

// An Element is one element of a list of extensions (RFC 6455, 9.1): a name with
// parameters.
type Element struct {
	Name   string
	Params []Param
}

// A Param is a parameter. One without a value is not one with an empty value.
type Param struct {
	Name, Value string
	HasValue    bool
}

// ParseExtensions takes the values of all fields Sec-WebSocket-Extensions of a message
// apart; false if they are not such a list.
func ParseExtensions(values []string) ([]Element, bool) {
	var list []Element
	for _, v := range values {
		s := scanner{rest: v}
		for {
			s.blanks()
			if s.rest == "" {
				break
			}
			if s.take(',') { // an empty element (RFC 9110, 5.6.1.2)
				continue
			}
			e, ok := s.element()
			if !ok {
				return nil, false
			}
			list = append(list, e)
			if !s.take(',') && s.rest != "" {
				return nil, false
			}
		}
	}
	return list, true
}

// A scanner takes a field's value apart from the left.
type scanner struct{ rest string }

func (s *scanner) blanks() { s.rest = strings.TrimLeft(s.rest, " \t") }

// take takes c if it comes next.
func (s *scanner) take(c byte) bool {
	if s.rest == "" || s.rest[0] != c {
		return false
	}
	s.rest = s.rest[1:]
	return true
}

func (s *scanner) element() (e Element, ok bool) {
	if e.Name = s.token(); e.Name == "" {
		return e, false
	}
	for s.blanks(); s.take(';'); s.blanks() {
		s.blanks()
		p := Param{Name: s.token()}
		if p.Name == "" {
			return e, false
		}
		s.blanks()
		if s.take('=') {
			s.blanks()
			if p.Value, p.HasValue = s.value(); !p.HasValue {
				return e, false
			}
		}
		e.Params = append(e.Params, p)
	}
	return e, true
}

func (s *scanner) token() string {
	n := 0
	for n < len(s.rest) && isTokenByte(s.rest[n]) {
		n++
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// value is a token, or one in quotes: without them it must be a token too (RFC 6455, 9.1).
func (s *scanner) value() (string, bool) {
	if !s.take('"') {
		v := s.token()
		return v, v != ""
	}
	var b strings.Builder
	for !s.take('"') {
		s.take('\\')
		if s.rest == "" || !isTokenByte(s.rest[0]) {
			return "", false
		}
		b.WriteByte(s.rest[0])
		s.rest = s.rest[1:]
	}
	return b.String(), b.Len() > 0
}

// isTokenByte holds for tchar of RFC 9110, 5.6.2.
func isTokenByte(c byte) bool {
	switch {
	case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z':
		return true
	}
	return strings.IndexByte("!#$%&'*+-.^_`|~", c) >= 0
}

// IsToken reports whether s is a token, as the name of a subprotocol must be.
func IsToken(s string) bool {
	for i := range len(s) {
		if !isTokenByte(s[i]) {
			return false
		}
	}
	return s != ""
}

// HasToken reports whether one of the lists contains token, in either case.
func HasToken(lists []string, token string) bool {
	for _, t := range Tokens(lists) {
		if EqualFold(t, token) {
			return true
		}
	}
	return false
}

// Tokens are the elements of comma-separated lists, without the empty ones.
func Tokens(lists []string) []string {
	var all []string
	for _, list := range lists {
		for t := range strings.SplitSeq(list, ",") {
			if t = strings.Trim(t, " \t"); t != "" {
				all = append(all, t)
			}
		}
	}
	return all
}

// EqualFold compares without regard to the case of ASCII letters, and of no others.
func EqualFold(a, b string) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range len(a) {
		if lower(a[i]) != lower(b[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
