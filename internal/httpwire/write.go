package httpwire

import "strconv"

// AppendStatusLine appends the status line with its CR LF. The version is
// always HTTP/1.1, also to a client that spoke 1.0 (RFC 9110, 6.2). An
// unregistered code has no reason phrase, which is permitted (RFC 9112, 4). A
// code that has not three digits is a mistake of the program, and panics.
func AppendStatusLine(dst []byte, code int) []byte {
	if code < 100 || code > 999 {
		panic("httpwire: status code " + strconv.Itoa(code) + " has not three digits")
	}
	if code == 200 {
		return append(dst, "HTTP/1.1 200 OK\r\n"...) // most are
	}
	dst = append(dst, "HTTP/1.1 "...)
	dst = append(dst, byte('0'+code/100), byte('0'+code/10%10), byte('0'+code%10), ' ')
	dst = append(dst, StatusText(code)...)
	return append(dst, "\r\n"...)
}

// AppendRequestLine appends the request line of HTTP/1.1 with its CR LF (RFC
// 9112, 3). What did not come from the program itself must have passed
// ValidFieldName, for the method, and ValidTarget, or it may end the line.
func AppendRequestLine(dst []byte, method, target string) []byte {
	dst = append(dst, method...)
	dst = append(dst, ' ')
	dst = append(dst, target...)
	return append(dst, " HTTP/1.1\r\n"...)
}

// AppendField appends a field line with its CR LF. Name and value are taken
// as they are: what did not come from the program itself must have passed
// ValidFieldName and ValidFieldValue, or it may end the line.
func AppendField(dst []byte, name, value string) []byte {
	dst = append(dst, name...)
	dst = append(dst, ": "...)
	dst = append(dst, value...)
	return append(dst, "\r\n"...)
}

// AppendContentLength appends the field Content-Length for a body of n bytes,
// n >= 0.
func AppendContentLength(dst []byte, n int64) []byte {
	dst = append(dst, "Content-Length: "...)
	dst = strconv.AppendInt(dst, n, 10)
	return append(dst, "\r\n"...)
}

// AppendHeadEnd appends the empty line that ends a head or a trailer section.
func AppendHeadEnd(dst []byte) []byte { return append(dst, "\r\n"...) }

// AppendChunk appends p as one chunk. Without bytes it appends nothing,
// because an empty chunk would end the body.
func AppendChunk(dst, p []byte) []byte {
	if len(p) == 0 {
		return dst
	}
	dst = AppendChunkSize(dst, len(p))
	dst = append(dst, p...)
	return append(dst, "\r\n"...)
}

// AppendChunkSize appends the line before n > 0 bytes of data, for data that
// is written by itself; CR LF must follow it.
func AppendChunkSize(dst []byte, n int) []byte {
	dst = strconv.AppendUint(dst, uint64(n), 16)
	return append(dst, "\r\n"...)
}

// AppendTrailers begins the trailer section, which ends a body in the chunked
// coding (RFC 9112, 7.1.2). Any number of fields follow it, and AppendHeadEnd;
// a name that did not come from the program itself must have passed
// ValidTrailerName.
func AppendTrailers(dst []byte) []byte { return append(dst, "0\r\n"...) }

// AppendLastChunk ends a body in the chunked coding that has no trailers.
func AppendLastChunk(dst []byte) []byte { return append(dst, "0\r\n\r\n"...) }

// ValidFieldName reports whether name is a token (RFC 9110, 5.6.2), as field
// names and methods are.
func ValidFieldName[T Text](name T) bool {
	for i := range len(name) {
		if !tokenByte[name[i]] {
			return false
		}
	}
	return len(name) > 0
}

// notAfterBody are further names whose fields are of no use, or of harm, when
// they come after the body: they tell how to treat the message, who sent it, or
// what its content is (RFC 9110, 6.5.1).
var notAfterBody = [...]string{
	"Age", "Authorization", "Cache-Control", "Content-Encoding", "Content-Range",
	"Content-Type", "Cookie", "Date", "Expires", "If-Match", "If-Modified-Since",
	"If-None-Match", "If-Range", "If-Unmodified-Since", "Location", "Max-Forwards",
	"Pragma", "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection",
	"Range", "Retry-After", "Set-Cookie", "Vary", "WWW-Authenticate",
}

// ValidTrailerName reports whether a field of this name may be sent as a
// trailer: it is a token, and none of those that must come before the body.
// Trailers that come are measured less strictly; see [Chunks.Trailer].
func ValidTrailerName[T Text](name T) bool {
	for _, other := range notAfterBody {
		if EqualFold(name, other) {
			return false
		}
	}
	return ValidFieldName(name) && !forbiddenTrailer(name)
}

// ValidTarget reports whether target can be sent as a request target: it is
// not empty and holds no blank, no control byte and no fragment (RFC 9112,
// 3.2). Whether it has one of the four forms is not looked at.
func ValidTarget[T Text](target T) bool {
	for i := range len(target) {
		if !targetByte(target[i]) {
			return false
		}
	}
	return len(target) > 0
}

// ValidFieldValue reports whether value can be sent: it holds no control byte
// but HT, so it cannot end its line (RFC 9110, 5.5). Bytes from 0x80 on pass.
func ValidFieldValue[T Text](value T) bool {
	return controlAt(value) < 0
}
