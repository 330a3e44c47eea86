// Package proxyproto reads the header with which a proxy begins a connection, to say whose
// it is: the PROXY protocol, https://www.haproxy.org/download/3.0/doc/proxy-protocol.txt,
// versions 1 (section 2.1) and 2 (2.2). It does no I/O: bytes in, addresses out.
package proxyproto

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net/netip"
	"strconv"
	"strings"
)

// MaxHeader is the most bytes that a header may have. The protocol allows 65,551, of which
// addresses are 232 at most; the rest are remarks that nobody here reads.
const MaxHeader = 16 << 10

var (
	errNone     = errors.New("proxyproto: no header")
	errLine     = errors.New("proxyproto: the line does not end with CRLF, or too late")
	errFields   = errors.New("proxyproto: malformed line")
	errAddress  = errors.New("proxyproto: malformed address")
	errPort     = errors.New("proxyproto: malformed port")
	errVersion  = errors.New("proxyproto: unknown version")
	errCommand  = errors.New("proxyproto: unknown command")
	errProtocol = errors.New("proxyproto: unknown family or protocol")
	errShort    = errors.New("proxyproto: too short for its addresses")
	errLong     = errors.New("proxyproto: too long")
)

// A Header says between whom a connection is. The zero value is one that names nobody, or
// nobody who has an address: the connection is the proxy's own, or its client came through
// a Unix socket, for instance.
type Header struct {
	Source      netip.AddrPort // the proxy's client
	Destination netip.AddrPort // whom that has connected to
}

const (
	lineStart = "PROXY "
	maxLine   = 107 // bytes, CRLF included
	signature = "\r\n\r\n\x00\r\nQUIT\n"
	fixed     = len(signature) + 4 // bytes of version 2 before the addresses
)

// Parse looks for a header at the beginning of p. n is its length; 0 without an error says
// that more bytes are needed. Once there is an error, more bytes do not change it.
func Parse(p []byte) (h Header, n int, err error) {
	switch {
	case begins(p, lineStart):
		return parseLine(p)
	case begins(p, signature):
		return parseBinary(p)
	}
	return Header{}, 0, errNone
}

// begins reports whether p begins with s, as far as it goes.
func begins(p []byte, s string) bool {
	n := min(len(p), len(s))
	return string(p[:n]) == s[:n]
}

// parseLine is for version 1.
func parseLine(p []byte) (h Header, n int, err error) {
	end := bytes.IndexAny(p[:min(len(p), maxLine)], "\r\n")
	switch {
	case end < 0 && len(p) < maxLine, end >= 0 && end+1 == len(p) && p[end] == '\r' && len(p) < maxLine:
		return Header{}, 0, nil
	case end < 0 || end+2 > maxLine || p[end] != '\r' || p[end+1] != '\n':
		return Header{}, 0, errLine
	}
	h, err = parseFields(string(p[len(lineStart):end]))
	if err != nil {
		return Header{}, 0, err
	}
	return h, end + 2, nil
}

// parseFields reads what a line says. What follows UNKNOWN is to be ignored.
func parseFields(line string) (h Header, err error) {
	f := strings.Split(line, " ")
	switch {
	case f[0] == "UNKNOWN":
		return Header{}, nil
	case len(f) != 5 || f[0] != "TCP4" && f[0] != "TCP6":
		return Header{}, errFields
	}
	if h.Source, err = parseEnd(f[1], f[3], f[0] == "TCP4"); err != nil {
		return Header{}, err
	}
	if h.Destination, err = parseEnd(f[2], f[4], f[0] == "TCP4"); err != nil {
		return Header{}, err
	}
	return h, nil
}

func parseEnd(addr, port string, v4 bool) (netip.AddrPort, error) {
	a, err := netip.ParseAddr(addr)
	if err != nil || a.Is4() != v4 || a.Zone() != "" {
		return netip.AddrPort{}, errAddress
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil || len(port) > 1 && port[0] == '0' {
		return netip.AddrPort{}, errPort
	}
	return netip.AddrPortFrom(a.Unmap(), uint16(n)), nil
}

// parseBinary is for version 2. Each byte is looked at as soon as it is there, but for the
// addresses.
func parseBinary(p []byte) (h Header, n int, err error) {
	length := 0 // of the addresses
	switch at := len(signature); {
	case len(p) > at && p[at]>>4 != 2:
		return Header{}, 0, errVersion
	case len(p) > at && p[at]&15 > 1:
		return Header{}, 0, errCommand
	case len(p) > at+1 && p[at]&15 == 1:
		family, protocol := p[at+1]>>4, p[at+1]&15
		if family > 3 || protocol > 2 {
			return Header{}, 0, errProtocol
		}
		if protocol != 0 { // else what there is says nothing
			length = [...]int{0, 12, 36, 216}[family]
		}
	}
	if len(p) < fixed {
		return Header{}, 0, nil
	}
	n = fixed + int(binary.BigEndian.Uint16(p[fixed-2:]))
	switch {
	case n > MaxHeader:
		return Header{}, 0, errLong
	case n < fixed+length:
		return Header{}, 0, errShort
	case len(p) < n:
		return Header{}, 0, nil
	}
	return addresses(p[fixed : fixed+length]), n, nil
}

// addresses are those of IP; the paths of Unix sockets are none.
func addresses(b []byte) Header {
	size := 0 // of one of them
	switch len(b) {
	case 12:
		size = 4
	case 36:
		size = 16
	default:
		return Header{}
	}
	end := func(i int) netip.AddrPort {
		a, _ := netip.AddrFromSlice(b[i*size : (i+1)*size]) // of that size it always is one
		return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(b[2*size+2*i:]))
	}
	return Header{Source: end(0), Destination: end(1)}
}
