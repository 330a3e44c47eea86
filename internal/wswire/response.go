package wswire

import (
	"bytes"
	"strings"
)

// A Response is the head of a server's answer to a handshake.
type Response struct {
	Minor  int // version of HTTP/1
	Status int
	Reason string
	Fields []Field
}

// A Field is one line of it.
type Field struct{ Name, Value string }

// Values are the values of the fields of a name, in order.
func (r *Response) Values(name string) []string {
	var vs []string
	for _, f := range r.Fields {
		if EqualFold(f.Name, name) {
			vs = append(vs, f.Value)
		}
	}
	return vs
}

// ParseResponse takes the head at the beginning of p apart, if it is whole, and says how
// many bytes it has: 0 means that more must come. It is strict, as a request's parser is:
// lines end in CR LF, no line is folded, no blank stands before a colon. wrong says what is
// wrong; "": nothing.
func ParseResponse(p []byte) (r *Response, n int, wrong string) {
	end := bytes.Index(p, []byte("\r\n\r\n"))
	if i := bytes.IndexByte(p, '\n'); i == 0 || i > 0 && p[i-1] != '\r' {
		return nil, 0, "a line that does not end in CR LF"
	}
	if end < 0 {
		return nil, 0, ""
	}
	line, rest, _ := strings.Cut(string(p[:end+2]), "\r\n")
	r = &Response{}
	if !r.statusLine(line) {
		return nil, 0, "the first line is not a status line of HTTP/1"
	}
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\r\n")
		name, value, ok := strings.Cut(line, ":")
		if !ok || !IsToken(name) {
			return nil, 0, "a line that is not a field"
		}
		value = strings.Trim(value, " \t")
		if strings.ContainsFunc(value, isControl) {
			return nil, 0, "a control byte in a field"
		}
		r.Fields = append(r.Fields, Field{name, value})
	}
	return r, end + 4, ""
}

func (r *Response) statusLine(line string) bool {
	const version = "HTTP/1.1 "
	if len(line) < len(version)+3 || strings.ContainsFunc(line, isControl) {
		return false
	}
	switch line[:len(version)] {
	case version:
		r.Minor = 1
	case "HTTP/1.0 ": // of a proxy
	default:
		return false
	}
	line = line[len(version):]
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return false
		}
		r.Status = 10*r.Status + int(c-'0')
	}
	if len(line) > 3 && line[3] != ' ' {
		return false
	}
	r.Reason = strings.TrimPrefix(line[3:], " ")
	return true
}

func isControl(c rune) bool { return c < 0x20 && c != '\t' || c == 0x7f }
