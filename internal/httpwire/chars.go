package httpwire

// A byteSet answers for each byte whether it belongs to a class.
type byteSet [256]bool

func setOf(chars string) (s byteSet) {
	for i := range len(chars) {
		s[chars[i]] = true
	}
	return s
}

const (
	decimals = "0123456789"
	letters  = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// The tables are filled once and never written again.
var (
	// tokenByte is tchar of RFC 9110, 5.6.2.
	tokenByte = setOf("!#$%&'*+-.^_`|~" + decimals + letters)

	// hostByte is what a registered name may hold (RFC 3986, 3.2.2) without
	// the comma, which joins two Host fields into one, without the quote, and
	// without percent escapes, which one recipient decodes and another not.
	hostByte = setOf("-._~!$&()*+;=" + decimals + letters)

	// addressByte is what stands between the brackets of an IPv6 address.
	addressByte = setOf(":." + decimals + "abcdefABCDEF")

	// schemeByte is scheme of RFC 3986, 3.1, after its first letter.
	schemeByte = setOf("+-." + decimals + letters)
)

func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
func isBlank(c byte) bool  { return c == ' ' || c == '\t' }

// isControl holds for CTL of RFC 5234 without HT, which field values may
// contain (RFC 9110, 5.5).
func isControl(c byte) bool { return c < 0x20 && c != '\t' || c == 0x7f }

// targetByte holds for what a request target may consist of. More than the
// RFC has: bytes that ought to be escaped pass, as from most browsers.
func targetByte(c byte) bool { return c > ' ' && c != 0x7f && c != '#' }

// controlAt gives the index of the first control byte other than HT, or -1.
// Bytes from 0x80 on are no control bytes (obs-text in RFC 9110, 5.5).
func controlAt[T Text](b T) int {
	i := 0
	for ; i+8 <= len(b); i += 8 {
		if lowOrDel(load8(b[i:])) {
			if j := slowControlAt(b[i : i+8]); j >= 0 {
				return i + j
			}
		}
	}
	if i > 0 && i < len(b) && !lowOrDel(load8(b[len(b)-8:])) {
		return -1 // the last eight bytes, some of them for the second time
	}
	if j := slowControlAt(b[i:]); j >= 0 {
		return i + j
	}
	return -1
}

func slowControlAt[T Text](b T) int {
	for i := range len(b) {
		if isControl(b[i]) {
			return i
		}
	}
	return -1
}

// controlOffence names the control byte c.
func controlOffence(c byte) offence {
	switch c {
	case '\r':
		return bareCR
	case 0:
		return nulByte
	}
	return controlByte
}

// load8 takes eight bytes as one word. Their order does not matter here.
func load8[T Text](b T) uint64 {
	_ = b[7]
	return uint64(b[0]) | uint64(b[1])<<8 | uint64(b[2])<<16 | uint64(b[3])<<24 |
		uint64(b[4])<<32 | uint64(b[5])<<40 | uint64(b[6])<<48 | uint64(b[7])<<56
}

// lowOrDel reports whether one of the eight bytes of x is below 0x20 or is
// 0x7f. A borrow can mark a byte wrongly only above one that is rightly
// marked, so the answer for the word as a whole is exact.
func lowOrDel(x uint64) bool {
	const (
		ones  = 0x0101010101010101
		highs = 0x80 * ones
	)
	del := x ^ 0x7f*ones
	return ((x-0x20*ones)&^x|(del-ones)&^del)&highs != 0
}
