package wscases

import (
	"fmt"
	"strings"
)

// long is n bytes of text without a short period.
func long(n int) string {
	var s strings.Builder
	for i := 0; s.Len() < n; i++ {
		fmt.Fprintf(&s, "%d,", i)
	}
	return s.String()[:n]
}

var kinds = []struct {
	name string
	op   byte
}{{"text", text}, {"binary", binary}, {"ping", ping}, {"pong", pong}, {"close", closes}}

func (b *builder) sizes() {
	for _, n := range []int{0, 1, 2, 3, 7, 8, 31, 32, 33, 124, 125, 126, 127, 128, 65535, 65536, 65537} {
		p := long(n)
		b.add(fmt.Sprintf("text of %d bytes", n), b.f(fin|text, p), Show("text", []byte(p)))
		b.add(fmt.Sprintf("binary of %d bytes", n), b.f(fin|binary, p), Show("binary", []byte(p)))
	}
	b.add("bytes that are no text", b.f(fin|binary, "\xff\xfe\x00\x80"), `binary "\xff\xfe\x00\x80"`)
	b.add("three messages at once", join(b.f(fin|text, "a"), b.f(fin|binary, "b"), b.f(fin|text, "c")),
		`text "a"`, `binary "b"`, `text "c"`)
	b.add("half a header", []byte{fin | text})
	half := b.f(fin|text, "hello")
	b.add("half a payload", half[:len(half)-3])
}

func (b *builder) fragments() {
	b.add("two fragments", join(b.f(text, "hel"), b.f(fin|cont, "lo")), `text "hello"`)
	b.add("two fragments, binary", join(b.f(binary, "\xff"), b.f(fin|cont, "\xfe")), `binary "\xff\xfe"`)
	b.add("three fragments", join(b.f(text, "a"), b.f(cont, "b"), b.f(fin|cont, "c")), `text "abc"`)
	b.add("first is empty", join(b.f(text, ""), b.f(fin|cont, "x")), `text "x"`)
	b.add("middle is empty", join(b.f(text, "x"), b.f(cont, ""), b.f(fin|cont, "y")), `text "xy"`)
	b.add("last is empty", join(b.f(text, "x"), b.f(fin|cont, "")), `text "x"`)
	b.add("all are empty", join(b.f(text, ""), b.f(cont, ""), b.f(fin|cont, "")), `text ""`)
	b.add("no end yet", join(b.f(text, "x"), b.f(cont, "y")))
	b.add("two messages in fragments", join(b.f(text, "a"), b.f(fin|cont, "b"), b.f(binary, "c"), b.f(fin|cont, "d")),
		`text "ab"`, `binary "cd"`)
	b.add("ping between", join(b.f(text, "a"), b.f(fin|ping, "p"), b.f(fin|cont, "b")), `pong "p"`, `text "ab"`)
	b.add("pong between", join(b.f(text, "a"), b.f(fin|pong, "p"), b.f(fin|cont, "b")), `text "ab"`)
	b.add("pings everywhere", join(b.f(fin|ping, "1"), b.f(text, "a"), b.f(fin|ping, "2"), b.f(cont, "b"), b.f(fin|ping, "3"),
		b.f(fin|cont, "c"), b.f(fin|ping, "4")), `pong "1"`, `pong "2"`, `pong "3"`, `pong "4"`, `text "abc"`)
	b.add("close between", join(b.f(text, "a"), b.f(fin|closes, "\x03\xe8")), "close 1000")
	many := make([][]byte, 0, 300)
	many = append(many, b.f(text, "x"))
	for range 298 {
		many = append(many, b.f(cont, "x"))
	}
	many = append(many, b.f(fin|cont, "x"))
	b.add("300 fragments", join(many...), Show("text", []byte(strings.Repeat("x", 300))))
	p := long(70000)
	b.add("long fragments", join(b.f(binary, p[:66000]), b.f(fin|cont, p[66000:])), Show("binary", []byte(p)))
}

func (b *builder) controls() {
	b.add("ping", b.f(fin|ping, ""), `pong ""`)
	b.add("ping with bytes", b.f(fin|ping, "\x00\xff\xfe\xfd"), `pong "\x00\xff\xfe\xfd"`)
	p := long(125)
	b.add("ping of 125 bytes", b.f(fin|ping, p), Show("pong", []byte(p)))
	b.add("ping of 126 bytes", b.f(fin|ping, long(126)), "close 1002")
	b.add("pong of 126 bytes", b.f(fin|pong, long(126)), "close 1002")
	b.add("close of 126 bytes", b.f(fin|closes, "\x03\xe8"+long(124)), "close 1002")
	b.add("ping of 126 bytes, its header", b.f(fin|ping, long(126))[:2], "close 1002")
	b.add("ping with a length of 8 bytes", b.raw(fin|ping, "abc", b.server, 8), "close 1002")
	b.add("pong that nobody asked for", join(b.f(fin|pong, "x"), b.f(fin|ping, "y")), `pong "y"`)
	half := b.f(fin|ping, "hello")
	b.add("half a ping", half[:len(half)-1])
	var pings [][]byte
	var pongs []string
	for i := range 10 {
		d := fmt.Sprint("n", i)
		pings = append(pings, b.f(fin|ping, d))
		pongs = append(pongs, Show("pong", []byte(d)))
	}
	b.add("ten pings", join(pings...), pongs...)
	for _, k := range kinds[2:] {
		b.add("fragmented "+k.name, join(b.f(k.op, "\x03\xe8"), b.f(fin|cont, "b")), "close 1002")
	}
	b.add("message, ping, message", join(b.f(fin|text, "a"), b.f(fin|ping, "p"), b.f(fin|text, "b")), `text "a"`, `pong "p"`, `text "b"`)
}

func (b *builder) reserved() {
	for _, bits := range []byte{rsv1, rsv2, rsv3, rsv1 | rsv2, rsv2 | rsv3, rsv1 | rsv2 | rsv3} {
		for _, k := range kinds {
			b.add(fmt.Sprintf("reserved bits %x of a %s", bits>>4, k.name), b.f(fin|bits|k.op, "\x03\xe8"), "close 1002")
		}
		b.add(fmt.Sprintf("reserved bits %x of a continuation", bits>>4), join(b.f(text, "a"), b.f(fin|bits|cont, "b")), "close 1002")
	}
	b.add("reserved bit behind a message", join(b.f(fin|text, "a"), b.f(fin|rsv3|text, "b"), b.f(fin|text, "c")), `text "a"`, "close 1002")
	b.add("reserved bit, the first byte", []byte{fin | rsv2 | text}, "close 1002")
}

func (b *builder) opcodes() {
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		b.add(fmt.Sprintf("opcode %d", op), b.f(fin|op, "a"), "close 1002")
		b.add(fmt.Sprintf("opcode %d behind a message", op), join(b.f(fin|text, "a"), b.f(fin|op, ""), b.f(fin|ping, "")), `text "a"`, "close 1002")
	}
}

func (b *builder) order() {
	b.add("continuation of nothing", b.f(fin|cont, "a"), "close 1002")
	b.add("continuation of nothing, without fin", b.f(cont, "a"), "close 1002")
	b.add("continuation of a whole message", join(b.f(fin|text, "a"), b.f(fin|cont, "b")), `text "a"`, "close 1002")
	b.add("continuation behind the last", join(b.f(text, "a"), b.f(fin|cont, "b"), b.f(cont, "c")), `text "ab"`, "close 1002")
	b.add("continuation behind a ping", join(b.f(fin|ping, ""), b.f(fin|cont, "b")), `pong ""`, "close 1002")
	b.add("text within a text", join(b.f(text, "a"), b.f(fin|text, "b")), "close 1002")
	b.add("binary within a text", join(b.f(text, "a"), b.f(fin|binary, "b")), "close 1002")
	b.add("text without fin within a binary", join(b.f(binary, "a"), b.f(text, "b")), "close 1002")
}

func (b *builder) lengths() {
	for _, n := range []int{0, 1, 125} {
		b.add(fmt.Sprintf("%d bytes with a length of 2", n), b.raw(fin|text, long(n), b.server, 2), "close 1002")
	}
	for _, n := range []int{0, 125, 126, 65535} {
		b.add(fmt.Sprintf("%d bytes with a length of 8", n), b.raw(fin|binary, long(n), b.server, 8), "close 1002")
	}
	b.add("a length of 64 bits", b.head(fin|binary, 1<<63|5, b.server, 8), "close 1002")
	b.add("a length of 64 bits, all set", b.head(fin|text, 1<<64-1, b.server, 8), "close 1002")
	b.add("a ping with a length of 64 bits", b.head(fin|ping, 1<<63|5, b.server, 8), "close 1002")
}

func (b *builder) masks() {
	for _, k := range kinds {
		b.add("wrong mask of a "+k.name, b.raw(fin|k.op, "\x03\xe8", !b.server, 0), "close 1002")
	}
	b.add("wrong mask of a continuation", join(b.f(text, "a"), b.raw(fin|cont, "b", !b.server, 0)), "close 1002")
	b.add("wrong mask, empty", b.raw(fin|text, "", !b.server, 0), "close 1002")
	b.add("wrong mask, two bytes", b.raw(fin|text, long(300), !b.server, 0)[:2], "close 1002")
	if b.server {
		b.add("a key of zeros", join([]byte{fin | text, 0x80 | 2, 0, 0, 0, 0}, []byte("hi")), `text "hi"`)
	}
}
