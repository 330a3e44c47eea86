package wswire

import "unicode/utf8"

// UTF8 checks text that comes in pieces, which may cut characters. It says no at the first
// byte with which the text cannot be UTF-8 any more. The zero value is ready for use.
type UTF8 struct {
	cut  [utf8.UTFMax - 1]byte // of a character, its first bytes
	have uint8                 // so many
}

// Feed takes the next piece, and reports whether the text can still be UTF-8.
func (u *UTF8) Feed(p []byte) bool {
	for u.have > 0 && len(p) > 0 {
		var b [utf8.UTFMax]byte
		n := copy(b[:], u.cut[:u.have])
		b[n] = p[0]
		p = p[1:]
		switch n++; {
		case utf8.Valid(b[:n]):
			u.have = 0
		case !mayBegin(b[:n]):
			return false
		default:
			u.have = uint8(copy(u.cut[:], b[:n]))
		}
	}
	end := len(p) - tail(p)
	if !utf8.Valid(p[:end]) {
		return false
	}
	if end < len(p) {
		u.have = uint8(copy(u.cut[:], p[end:]))
		return mayBegin(p[end:])
	}
	return true
}

// Whole reports whether the text ends with a whole character.
func (u *UTF8) Whole() bool { return u.have == 0 }

// tail is how many bytes at the end of p are the first ones of a character that has more.
func tail(p []byte) int {
	for n := 1; n < utf8.UTFMax && n <= len(p); n++ {
		if c := p[len(p)-n]; utf8.RuneStart(c) {
			if n < length(c) {
				return n
			}
			return 0
		}
	}
	return 0
}

// length is how many bytes a character has that begins with c, as far as c can begin one.
func length(c byte) int {
	switch {
	case c >= 0xf0:
		return 4
	case c >= 0xe0:
		return 3
	case c >= 0xc0:
		return 2
	}
	return 1
}

// mayBegin reports whether b is the beginning of a character (table 3-7 of the Unicode
// standard): not of one that could be shorter, of a surrogate, or beyond U+10FFFF.
func mayBegin(b []byte) bool {
	first := b[0]
	if first < 0xc2 || first > 0xf4 {
		return false
	}
	low, high := byte(0x80), byte(0xbf)
	switch first {
	case 0xe0:
		low = 0xa0
	case 0xed:
		high = 0x9f
	case 0xf0:
		low = 0x90
	case 0xf4:
		high = 0x8f
	}
	for _, c := range b[1:] {
		if c < low || c > high {
			return false
		}
		low, high = 0x80, 0xbf
	}
	return len(b) < length(first)
}
