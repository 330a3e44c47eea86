package wscases

import (
	"fmt"
	"strings"
)

// suite are conversations of the kinds that public fuzzing suites hold, as far as the other
// parts have none: several rules in one conversation, and what comes behind an end.
func (b *builder) suite() {
	b.behind()
	b.interleaved()
	b.failFast()
	b.characters()
	b.bulk()
}

// behind is what comes behind a broken rule or a close frame: it is not looked at.
func (b *builder) behind() {
	hello, ask := b.f(fin|text, "Hello"), b.f(fin|ping, "p")
	for _, k := range kinds {
		b.add("reserved bits of a "+k.name+" between texts", join(hello, b.f(fin|rsv2|k.op, "\x03\xe8"), hello, ask), `text "Hello"`, "close 1002")
	}
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		b.add(fmt.Sprintf("opcode %d without bytes", op), join(b.f(fin|op, ""), hello), "close 1002")
		b.add(fmt.Sprintf("opcode %d within a message", op), join(b.f(text, "a"), b.f(fin|op, "b"), b.f(fin|cont, "c")), "close 1002")
		b.add(fmt.Sprintf("opcode %d, not the last frame", op), join(b.f(op, "b"), ask), "close 1002")
	}
	bye := b.f(fin|closes, code(1000))
	b.add("close in the middle, then the rest", join(b.f(text, "a"), bye, b.f(fin|cont, "b")), "close 1000")
	b.add("close, then messages and pings", join(hello, bye, hello, ask, hello), `text "Hello"`, "close 1000")
	b.add("a long message, a close, a ping", join(b.f(fin|text, long(256<<10)), bye, ask), Show("text", []byte(long(256<<10))), "close 1000")
	b.add("close with a reason of 124 bytes", b.f(fin|closes, code(1000)+long(124)), "close 1002")
	b.add("close within a half of a character", join(b.f(text, "\xe6"), bye), "close 1000")
	b.add("ping, then close", join(ask, bye), `pong "p"`, "close 1000")
	b.add("a broken rule behind a broken rule", join(b.f(fin|text, "\xff"), b.f(fin|closes, "\x00")), "close 1007")
	b.add("a close, broken", join(b.f(fin|closes, code(1005)), bye), "close 1002")
}

// interleaved are fragments with other frames between them.
func (b *builder) interleaved() {
	frag := func(s string) []byte { return b.f(cont, s) }
	for _, k := range kinds[2:4] {
		b.add("fragmented "+k.name+", then a text", join(b.f(k.op, "a"), b.f(fin|cont, "b"), b.f(fin|text, "c")), "close 1002")
		b.add("fragmented "+k.name+" within a message", join(b.f(text, "a"), b.f(k.op, "x"), b.f(fin|cont, "b")), "close 1002")
	}
	for _, first := range []byte{cont, fin | cont} {
		for _, second := range []byte{text, fin | text} {
			b.add(fmt.Sprintf("continuation %x of nothing, then a text %x", first, second), join(b.f(first, "a"), b.f(second, "b"), b.f(fin|cont, "c")), "close 1002")
		}
	}
	b.add("two continuations of nothing, with messages", join(b.f(cont, "a"), b.f(text, "b"), frag("c"), b.f(fin|cont, "d")), "close 1002")
	b.add("two messages, begun twice", join(b.f(text, "a"), frag("b"), b.f(text, "c"), b.f(fin|cont, "d")), "close 1002")
	b.add("five fragments, pings between", join(b.f(text, "1"), frag("2"), b.f(fin|ping, "p1"), frag("3"), frag("4"), b.f(fin|ping, "p2"), b.f(fin|cont, "5")),
		`pong "p1"`, `pong "p2"`, `text "12345"`)
	b.add("pings with bytes of a message", join(b.f(text, "\xe6\x97"), b.f(fin|ping, "\xa5"), b.f(fin|cont, "\xa5")), `pong "\xa5"`, `text "日"`)
	b.add("pongs of nothing", join(b.f(fin|pong, ""), b.f(fin|pong, "x"), b.f(fin|pong, long(125)), b.f(fin|ping, "y")), `pong "y"`)
	b.add("each byte a fragment", b.shredded(text, "κόσμε ☺ 😀"), Show("text", []byte("κόσμε ☺ 😀")))
	b.add("each byte a fragment, empty ones between", join(b.f(binary, ""), frag(""), frag("a"), frag(""), b.f(fin|cont, "")), `binary "a"`)
}

// shredded is a message with a fragment for each byte.
func (b *builder) shredded(op byte, s string) (all []byte) {
	for i := range len(s) {
		first := byte(cont)
		if i == 0 {
			first = op
		}
		if i == len(s)-1 {
			first |= fin
		}
		all = append(all, b.f(first, s[i:i+1])...)
	}
	return all
}

// failFast are texts that cannot become any: the rest of the message never comes.
func (b *builder) failFast() {
	const before = "κόσμε"
	for _, bad := range []string{"\xed\xa0", "\xf4\x90", "\xff", "\xc0", "\xe0\x80"} {
		b.add(fmt.Sprintf("%q within a text, the second of three fragments", bad), join(b.f(text, before), b.f(cont, bad)), "close 1007")
		frame := b.f(fin|text, before+bad+"edited and more")
		b.add(fmt.Sprintf("%q within a frame whose rest is missing", bad), frame[:len(frame)-len("edited and more")], "close 1007")
		cut := join(b.f(text, before+bad[:1]), b.f(cont, bad[1:]+"x"))
		b.add(fmt.Sprintf("%q cut by fragments", bad), cut, "close 1007")
		b.add(fmt.Sprintf("%q each byte a fragment", bad), b.shredded(text, before+bad+"x"), "close 1007")
	}
}

// characters are the first and the last of each length, and those that are no characters but
// may be in a text.
func (b *builder) characters() {
	for _, r := range []rune{0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x10ffff} {
		b.add(fmt.Sprintf("character %x in fragments", r), b.shredded(text, "a"+string(r)+"b"), Show("text", []byte("a"+string(r)+"b")))
	}
	for plane := rune(0); plane <= 16; plane++ {
		for _, r := range []rune{plane<<16 | 0xfffe, plane<<16 | 0xffff} {
			b.add(fmt.Sprintf("noncharacter %x", r), b.f(fin|text, string(r)), Show("text", []byte(string(r))))
		}
	}
	for lead, last := range map[string]string{"\xc2": "\xbf", "\xe0\xa0": "\xbf", "\xed\x9f": "\xbf", "\xf0\x90\x80": "\xbf", "\xf4\x8f\xbf": "\xbf"} {
		b.add(fmt.Sprintf("last of %q", lead), b.f(fin|text, lead+last), Show("text", []byte(lead+last)))
		b.add(fmt.Sprintf("behind the last of %q", lead), b.f(fin|text, lead+"\xc0"), "close 1007")
		b.add(fmt.Sprintf("%q and no more", lead), b.f(fin|text, lead), "close 1007")
	}
}

// bulk are long messages, and many.
func (b *builder) bulk() {
	p := long(1 << 20)
	for _, k := range kinds[:2] {
		b.add("a mebibyte, "+k.name, b.f(fin|k.op, p), Show(k.name, []byte(p)))
		for _, size := range []int{1300, 4 << 10} {
			s := p[:64*size]
			b.add(fmt.Sprintf("64 fragments of %d bytes, %s", size, k.name), b.fragmented(k.op, s, size), Show(k.name, []byte(s)))
		}
	}
	var many [][]byte
	var want []string
	for i := range 200 {
		s := long(i % 130)
		many = append(many, b.f(fin|text, s))
		want = append(want, Show("text", []byte(s)))
	}
	b.add("200 messages at once", join(many...), want...)
	b.add("1000 empty fragments", join(b.f(binary, "a"), []byte(strings.Repeat(string(b.f(cont, "")), 1000)), b.f(fin|cont, "b")), `binary "ab"`)
}

// fragmented is a message in fragments of size bytes.
func (b *builder) fragmented(op byte, s string, size int) (all []byte) {
	for len(s) > size {
		all = append(all, b.f(op, s[:size])...)
		op, s = cont, s[size:]
	}
	return append(all, b.f(fin|op, s)...)
}

// deflated are compressed messages of many sizes and in fragments, and rules that hold for
// them as for others.
func (b *builder) deflated() {
	b.deflate = true
	for _, n := range []int{1, 16, 64, 256, 1024, 4096, 8192, 16384, 32768, 65536, 131072} {
		s := long(n)
		z := squeeze(s)
		b.add(fmt.Sprintf("compressed, %d bytes", n), b.f(fin|rsv1|text, z), Show("text", []byte(s)))
		if n < 1024 {
			continue
		}
		first := b.f(rsv1|binary, z[:256])
		b.add(fmt.Sprintf("compressed, %d bytes in fragments", n), append(first, b.fragmented(cont, z[256:], 256)...), Show("binary", []byte(s)))
	}
	z := squeeze("Hello")
	b.add("compressed within a message", join(b.f(text, "a"), b.f(fin|rsv1|text, z)), "close 1002")
	b.add("compressed, with the wrong mask", b.raw(fin|rsv1|text, z, !b.server, 0), "close 1002")
	b.add("compressed pong", b.f(fin|rsv1|pong, z), "close 1002")
	b.add("compressed, an unknown opcode", b.f(fin|rsv1|3, z), "close 1002")
	b.add("compressed, close within", join(b.f(rsv1|text, z[:3]), b.f(fin|closes, code(1001))), "close 1001")
	b.add("compressed, without any bytes", b.f(fin|rsv1|text, ""), "close 1007") // an empty message is a zero: RFC 7692, 7.2.3.6
	b.add("compressed, with what the sender must take off", b.f(fin|rsv1|text, z+"\x00\x00\xff\xff"), "close 1007")
	b.add("many compressed", join(b.f(fin|rsv1|text, z), b.f(fin|rsv1|binary, z), b.f(fin|text, "x"), b.f(fin|rsv1|text, z)),
		`text "Hello"`, `binary "Hello"`, `text "x"`, `text "Hello"`)
	b.deflate = false
}
