package wswire

import "unicode/utf8"

// MaxReason is how many bytes of reason a close frame has room for.
const MaxReason = maxControl - 2

// SendableCode reports whether a close frame may carry the code: those of RFC 6455, 7.4.1
// and of IANA's registry that are for endpoints, and those for libraries and applications,
// 3000 to 4999. 1004 has no meaning, 1005, 1006 and 1015 are never sent.
func SendableCode(code uint16) bool {
	switch {
	case code >= 3000:
		return code <= 4999
	case code >= 1007:
		return code <= 1014
	}
	return code >= 1000 && code <= 1003
}

// AppendClose appends the payload of a close frame; code 0 is one without a code. Of a
// reason that is too long as much is taken as fits, in whole characters.
func AppendClose(b []byte, code uint16, reason string) []byte {
	if code == 0 {
		return b
	}
	if len(reason) > MaxReason {
		end := MaxReason
		for end > 0 && !utf8.RuneStart(reason[end]) {
			end--
		}
		reason = reason[:end]
	}
	return append(append(b, byte(code>>8), byte(code)), reason...)
}

// ParseClose takes the payload of a close frame apart that a Reader has let pass. code is
// 0 if there is none.
func ParseClose(p []byte) (code uint16, reason []byte) {
	if len(p) < 2 {
		return 0, nil
	}
	return uint16(p[0])<<8 | uint16(p[1]), p[2:]
}
