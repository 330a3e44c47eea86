package httpwire

// Text is what tokens are compared in.
type Text interface{ ~string | ~[]byte }

// EqualFold reports whether a and b are equal when ASCII letters of both
// cases are taken for the same, as in field names, connection options and
// codings. Other bytes are compared as they are, so that no letter outside
// ASCII folds into one inside it.
func EqualFold[A, B Text](a A, b B) bool {
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

// HasToken reports whether list, the value of a comma-separated field such as
// Connection, contains token in either case (RFC 9110, 5.6.1). Empty elements
// are skipped, parameters are not taken off.
func HasToken[L, T Text](list L, token T) bool {
	for more := true; more; {
		var element L
		element, list, more = cutElement(list)
		if len(element) > 0 && EqualFold(element, token) {
			return true
		}
	}
	return false
}

// cutElement takes the first element off a comma-separated list, without the
// blanks around it, and reports whether a comma came after it.
func cutElement[L Text](list L) (element, rest L, more bool) {
	comma := 0
	for comma < len(list) && list[comma] != ',' {
		comma++
	}
	start, end := trimBlanks(list[:comma])
	if comma < len(list) {
		return list[start:end], list[comma+1:], true
	}
	return list[start:end], list[comma:], false
}

// trimBlanks gives where b begins and ends without the blanks around it (OWS
// of RFC 9110, 5.6.3).
func trimBlanks[B Text](b B) (start, end int) {
	end = len(b)
	for start < end && isBlank(b[start]) {
		start++
	}
	for start < end && isBlank(b[end-1]) {
		end--
	}
	return start, end
}

// nameIs compares a field name with a usual spelling of one. Most peers use
// just that, and then it is one comparison of a few words.
func nameIs(name []byte, usual string) bool {
	return string(name) == usual || EqualFold(name, usual)
}

func lower(c byte) byte {
	if 'A' <= c && c <= 'Z' {
		return c | 0x20
	}
	return c
}
