package proxyproto

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
)

// binaryHeader is version 2 with the given bytes 13 and 14, and what follows the length.
func binaryHeader(verCmd, fam byte, rest string) string {
	b := append([]byte(signature), verCmd, fam)
	b = binary.BigEndian.AppendUint16(b, uint16(len(rest)))
	return string(b) + rest
}

func header(source, destination string) Header {
	return Header{netip.MustParseAddrPort(source), netip.MustParseAddrPort(destination)}
}

const (
	inet  = "\xc0\x00\x02\x01\xcb\x00\x71\x07\x30\x39\x01\xbb"
	inet6 = "\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" +
		"\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x02\xff\xff\x00\x01"
	mapped = "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xc0\x00\x02\x01" +
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\xcb\x00\x71\x07\x30\x39\x01\xbb"
	remark = "\x04\x00\x01x\x20\x00\x02ab"
)

var (
	v4    = header("192.0.2.1:12345", "203.0.113.7:443")
	v6    = header("[2001:db8::1]:65535", "[2001:db8::2]:1")
	names = strings.Repeat("/tmp/socket\x00", 18) // two of 108 bytes
)

// accepted is headers, and what they say.
var accepted = map[string]struct {
	text string
	want Header
}{
	"TCP4":              {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\r\n", v4},
	"TCP4, longest":     {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", header("255.255.255.255:65535", "255.255.255.255:65535")},
	"TCP4, port 0":      {"PROXY TCP4 192.0.2.1 203.0.113.7 0 0\r\n", header("192.0.2.1:0", "203.0.113.7:0")},
	"TCP6":              {"PROXY TCP6 2001:db8::1 2001:DB8:0:0:0:0:0:2 65535 1\r\n", v6},
	"TCP6, mapped":      {"PROXY TCP6 ::ffff:192.0.2.1 ::ffff:cb00:7107 12345 443\r\n", v4},
	"UNKNOWN":           {"PROXY UNKNOWN\r\n", Header{}},
	"UNKNOWN and more":  {"PROXY UNKNOWN 192.0.2.1 whatever\r\n", Header{}},
	"UNKNOWN, 107":      {"PROXY UNKNOWN " + strings.Repeat("x", maxLine-16) + "\r\n", Header{}},
	"LOCAL":             {binaryHeader(0x20, 0, ""), Header{}},
	"LOCAL and more":    {binaryHeader(0x20, 0x11, inet+remark), Header{}},
	"LOCAL, any family": {binaryHeader(0x20, 0xff, "xyz"), Header{}},
	"INET":              {binaryHeader(0x21, 0x11, inet), v4},
	"INET, datagrams":   {binaryHeader(0x21, 0x12, inet), v4},
	"INET, remarks":     {binaryHeader(0x21, 0x11, inet+remark), v4},
	"INET, unspecified": {binaryHeader(0x21, 0x10, "x"), Header{}},
	"INET6":             {binaryHeader(0x21, 0x21, inet6), v6},
	"INET6, remarks":    {binaryHeader(0x21, 0x21, inet6+remark), v6},
	"INET6, mapped":     {binaryHeader(0x21, 0x21, mapped), v4},
	"UNIX":              {binaryHeader(0x21, 0x31, names), Header{}},
	"UNIX, remarks":     {binaryHeader(0x21, 0x32, names+remark), Header{}},
	"UNSPEC":            {binaryHeader(0x21, 0x00, ""), Header{}},
	"UNSPEC, remarks":   {binaryHeader(0x21, 0x01, remark), Header{}},
	"longest":           {binaryHeader(0x21, 0x11, inet+strings.Repeat("x", MaxHeader-fixed-len(inet))), v4},
}

// refused is one case for each rule, which is broken nowhere else; begin is how many bytes
// show it.
var refused = map[string]struct {
	text  string
	begin int
	want  error
}{
	"nothing like it":      {"GET / HTTP/1.1\r\n", 1, errNone},
	"lower case":           {"proxy TCP4 192.0.2.1 203.0.113.7 12345 443\r\n", 1, errNone},
	"no blank":             {"PROXYTCP4 192.0.2.1 203.0.113.7 12345 443\r\n", 6, errNone},
	"blank before":         {" PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\r\n", 1, errNone},
	"LF alone":             {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\n", 43, errLine},
	"CR alone":             {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 443\rx", 44, errLine},
	"CR in what is unread": {"PROXY UNKNOWN a\rb\r\n", 17, errLine},
	"line of 108":          {"PROXY UNKNOWN " + strings.Repeat("x", maxLine-15) + "\r\n", maxLine, errLine},
	"line without end":     {"PROXY UNKNOWN " + strings.Repeat("x", maxLine), maxLine, errLine},
	"another protocol":     {"PROXY UDP4 192.0.2.1 203.0.113.7 12345 443\r\n", 44, errFields},
	"nothing":              {"PROXY \r\n", 8, errFields},
	"like UNKNOWN":         {"PROXY UNKNOWNX\r\n", 16, errFields},
	"two blanks":           {"PROXY TCP4  192.0.2.1 203.0.113.7 12345 443\r\n", 45, errFields},
	"blank at the end":     {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 443 \r\n", 45, errFields},
	"a field less":         {"PROXY TCP4 192.0.2.1 203.0.113.7 12345\r\n", 40, errFields},
	"v6 as TCP4":           {"PROXY TCP4 2001:db8::1 2001:db8::2 12345 443\r\n", 46, errAddress},
	"v4 as TCP6":           {"PROXY TCP6 192.0.2.1 203.0.113.7 12345 443\r\n", 44, errAddress},
	"zero in front":        {"PROXY TCP4 192.0.02.1 203.0.113.7 12345 443\r\n", 45, errAddress},
	"byte of 256":          {"PROXY TCP4 192.0.2.1 203.0.113.256 12345 443\r\n", 46, errAddress},
	"zone":                 {"PROXY TCP6 fe80::1%eth0 2001:db8::2 12345 443\r\n", 47, errAddress},
	"name":                 {"PROXY TCP4 localhost 203.0.113.7 12345 443\r\n", 44, errAddress},
	"port of 65536":        {"PROXY TCP4 192.0.2.1 203.0.113.7 65536 443\r\n", 44, errPort},
	"port with zero":       {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 0443\r\n", 45, errPort},
	"port with sign":       {"PROXY TCP4 192.0.2.1 203.0.113.7 +12345 443\r\n", 45, errPort},
	"no port":              {"PROXY TCP4 192.0.2.1 203.0.113.7 12345 \r\n", 41, errPort},
	"signature":            {"\r\n\r\n\x00\r\nQUIT\r\x21\x11\x00\x0c" + inet, 12, errNone},
	"version 1 in binary":  {binaryHeader(0x11, 0x11, inet), 13, errVersion},
	"version 3":            {binaryHeader(0x31, 0x11, inet), 13, errVersion},
	"command 2":            {binaryHeader(0x22, 0x11, inet), 13, errCommand},
	"family 4":             {binaryHeader(0x21, 0x41, inet), 14, errProtocol},
	"protocol 3":           {binaryHeader(0x21, 0x13, inet), 14, errProtocol},
	"INET of 11 bytes":     {binaryHeader(0x21, 0x11, inet[:11]), 16, errShort},
	"INET6 of 35 bytes":    {binaryHeader(0x21, 0x21, inet6[:35]), 16, errShort},
	"UNIX of 215 bytes":    {binaryHeader(0x21, 0x31, names[:215]), 16, errShort},
	"longer than longest":  {binaryHeader(0x21, 0x11, inet+strings.Repeat("x", MaxHeader-fixed-len(inet)+1)), 16, errLong},
	"longest of all":       {binaryHeader(0x20, 0x00, strings.Repeat("x", 65535)), 16, errLong},
}

// Cut off at any byte, a header needs more; what comes after it is not touched.
func TestAccepted(t *testing.T) {
	for name, c := range accepted {
		t.Run(name, func(t *testing.T) {
			text := []byte(c.text)
			for cut := range text {
				if h, n, err := Parse(text[:cut]); h != (Header{}) || n != 0 || err != nil {
					t.Fatalf("of %d bytes, %d give %v, %d, %v", len(c.text), cut, h, n, err)
				}
			}
			for _, after := range []string{"", "\r\n", "PROXY UNKNOWN\r\n", strings.Repeat("x", MaxHeader)} {
				if h, n, err := Parse([]byte(c.text + after)); h != c.want || n != len(c.text) || err != nil {
					t.Errorf("before %.9q: %v, %d, %v", after, h, n, err)
				}
			}
		})
	}
}

// What breaks a rule is refused with the first byte that shows it, and from then on.
func TestRefused(t *testing.T) {
	for name, c := range refused {
		t.Run(name, func(t *testing.T) {
			text := []byte(c.text)
			for cut := range len(text) + 1 {
				want := c.want
				if cut < c.begin {
					want = nil
				}
				if h, n, err := Parse(text[:cut]); h != (Header{}) || n != 0 || err != want {
					t.Fatalf("of %d bytes, %d give %v, %d, %v", len(c.text), cut, h, n, err)
				}
			}
		})
	}
}

// Every error has its case.
func TestRefusedHasAll(t *testing.T) {
	var seen []error
	for _, c := range refused {
		seen = append(seen, c.want)
	}
	for _, err := range []error{errNone, errLine, errFields, errAddress, errPort, errVersion, errCommand, errProtocol, errShort, errLong} {
		if !slices.Contains(seen, err) {
			t.Errorf("no case for %v", err)
		}
	}
}

// FuzzParse holds for any bytes: a header does not depend on what follows, each beginning
// of one needs more, an error stays, and a header written anew says the same.
func FuzzParse(f *testing.F) {
	for _, c := range accepted {
		f.Add([]byte(c.text), []byte("GET"))
	}
	for _, c := range refused {
		f.Add([]byte(c.text), []byte("\r\n"))
	}
	f.Fuzz(func(t *testing.T, p, more []byte) {
		h, n, err := Parse(p)
		if n < 0 || n > len(p) || n > MaxHeader || err != nil && n != 0 || n == 0 && h != (Header{}) {
			t.Fatalf("%v, %d, %v", h, n, err)
		}
		if n == 0 && err == nil {
			return
		}
		if h2, n2, err2 := Parse(slices.Concat(p, more)); h2 != h || n2 != n || err2 != err {
			t.Errorf("%v, %d, %v; with more behind it %v, %d, %v", h, n, err, h2, n2, err2)
		}
		for cut := range n {
			if h, n, err := Parse(p[:cut]); h != (Header{}) || n != 0 || err != nil {
				t.Errorf("cut to %d: %v, %d, %v", cut, h, n, err)
			}
		}
		if n == 0 || !h.Source.IsValid() {
			return
		}
		for _, text := range []string{line(h), binaryOf(h)} {
			if again, n, err := Parse([]byte(text)); again != h || n != len(text) || err != nil {
				t.Errorf("%v, written as %q: %v, %d, %v", h, text, again, n, err)
			}
		}
	})
}

// line is h in version 1. Addresses of two families are written as IPv6.
func line(h Header) string {
	kind := "TCP4"
	src, dst := h.Source.Addr(), h.Destination.Addr()
	if src.Is6() || dst.Is6() {
		kind = "TCP6"
		src, dst = netip.AddrFrom16(src.As16()), netip.AddrFrom16(dst.As16())
	}
	ports := fmt.Sprint(h.Source.Port(), h.Destination.Port())
	return "PROXY " + kind + " " + src.String() + " " + dst.String() + " " + ports + "\r\n"
}

// binaryOf is h in version 2, as IPv6.
func binaryOf(h Header) string {
	src, dst := h.Source.Addr().As16(), h.Destination.Addr().As16()
	b := slices.Concat(src[:], dst[:])
	b = binary.BigEndian.AppendUint16(b, h.Source.Port())
	b = binary.BigEndian.AppendUint16(b, h.Destination.Port())
	return binaryHeader(0x21, 0x21, string(b))
}
