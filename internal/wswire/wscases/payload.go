package wscases

import (
	"bytes"
	"compress/flate"
	"fmt"
	"strings"
)

// good is text, and bad is none: beside each bad one is at which byte that is certain.
var good = []string{
	"hello", "\x00", "\x7f", "\u0080", "\u07ff", "\u0800", "\uffff", "\ud7ff", "\ue000", "\U00010000", "\U0010ffff",
	"\ufffd", "κόσμε", "äöü", "日本語", "😀 smile", "\ufeffbom", strings.Repeat("é", 70), "a\u0300",
}

var bad = []struct {
	text string
	at   int
}{
	{"\x80", 1}, {"\xbf", 1}, {"abc\x80def", 4}, {"\xff", 1}, {"\xfe", 1}, {"\xc0\xaf", 1}, {"\xc1\xbf", 1},
	{"\xe0\x80\xaf", 2}, {"\xe0\x9f\xbf", 2}, {"\xf0\x80\x80\xaf", 2}, {"\xf0\x8f\xbf\xbf", 2},
	{"\xf8\x88\x80\x80\x80", 1}, {"\xfc\x84\x80\x80\x80\x80", 1}, {"\xed\xa0\x80", 2}, {"\xed\xad\xbf", 2},
	{"\xed\xae\x80", 2}, {"\xed\xbf\xbf", 2}, {"\xf4\x90\x80\x80", 2}, {"\xf5\x80\x80\x80", 1}, {"\xf7\xbf\xbf\xbf", 1},
	{"\xc3\x28", 2}, {"\xe2\x28\xa1", 2}, {"\xe2\x82\x28", 3}, {"\xf0\x28\x8c\xbc", 2}, {"\xf0\x90\x28\xbc", 3},
	{"\xf0\x90\x8c\x28", 4}, {"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80\x65", 13},
}

func (b *builder) texts() {
	for _, s := range good {
		b.add(fmt.Sprintf("text %.12q", s), b.f(fin|text, s), Show("text", []byte(s)))
	}
	for _, s := range []string{"é", "日", "😀"} {
		for cut := 1; cut < len(s); cut++ {
			b.add(fmt.Sprintf("%s cut at %d", s, cut), join(b.f(text, "x"+s[:cut]), b.f(fin|ping, "p"), b.f(fin|cont, s[cut:]+"y")),
				`pong "p"`, Show("text", []byte("x"+s+"y")))
			b.add(fmt.Sprintf("%s ends at %d", s, cut), b.f(fin|text, "x"+s[:cut]), "close 1007")
			b.add(fmt.Sprintf("%s ends at %d in the last fragment", s, cut), join(b.f(text, "x"), b.f(fin|cont, s[:cut])), "close 1007")
			b.add(fmt.Sprintf("%s ends at %d, then nothing", s, cut), join(b.f(text, s[:cut]), b.f(fin|cont, "")), "close 1007")
		}
	}
	for _, t := range bad {
		b.add(fmt.Sprintf("not text %q", t.text), b.f(fin|text, t.text), "close 1007")
		b.add(fmt.Sprintf("not text %q, no end", t.text), b.f(text, t.text[:t.at]), "close 1007")
		b.add(fmt.Sprintf("not text %q, in fragments", t.text), join(b.f(text, t.text[:t.at-1]), b.f(fin|cont, t.text[t.at-1:])), "close 1007")
		frame := b.f(fin|text, t.text+long(200))
		b.add(fmt.Sprintf("not text %q, the rest has not come", t.text), frame[:len(frame)-200-len(t.text)+t.at], "close 1007")
		b.add(fmt.Sprintf("bytes %q", t.text), b.f(fin|binary, t.text), Show("binary", []byte(t.text)))
	}
}

func code(n int) string { return string([]byte{byte(n >> 8), byte(n)}) }

func (b *builder) closings() {
	b.add("close", b.f(fin|closes, ""), "close none")
	b.add("close of one byte", b.f(fin|closes, "\x03"), "close 1002")
	for _, n := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999} {
		b.add(fmt.Sprintf("close %d", n), b.f(fin|closes, code(n)), fmt.Sprint("close ", n))
	}
	for _, n := range []int{0, 1, 999, 1004, 1005, 1006, 1015, 1016, 1100, 1999, 2000, 2999, 5000, 65535} {
		b.add(fmt.Sprintf("close %d", n), b.f(fin|closes, code(n)+"why"), "close 1002")
	}
	b.add("close with a reason", b.f(fin|closes, code(1000)+"bye ☺"), "close 1000")
	b.add("close with the longest reason", b.f(fin|closes, code(4000)+long(123)), "close 4000")
	for _, t := range bad[:12] {
		b.add(fmt.Sprintf("close with %q", t.text), b.f(fin|closes, code(1000)+t.text), "close 1007")
	}
	b.add("close with half a character", b.f(fin|closes, code(1000)+"\xe2\x98"), "close 1007")
	b.add("close behind a message", join(b.f(fin|text, "a"), b.f(fin|closes, code(1000))), `text "a"`, "close 1000")
	b.add("message behind a close", join(b.f(fin|closes, code(1000)), b.f(fin|text, "a")), "close 1000")
	b.add("ping behind a close", join(b.f(fin|closes, code(1001)), b.f(fin|ping, "a")), "close 1001")
	b.add("close behind a close", join(b.f(fin|closes, code(1001)), b.f(fin|closes, code(1000))), "close 1001")
	b.add("nonsense behind a close", join(b.f(fin|closes, code(1000)), []byte("\xff\xff\xff")), "close 1000")
	b.add("half a close", b.f(fin|closes, code(1000)+"because")[:5])
}

func (b *builder) limits() {
	b.message = 100
	b.add("message as long as the limit", b.f(fin|binary, long(100)), Show("binary", []byte(long(100))))
	b.add("message above the limit", b.f(fin|binary, long(101)), "close 1009")
	b.add("message above the limit, its header", b.head(fin|binary, 101, b.server, 0), "close 1009")
	b.add("fragments as long as the limit", join(b.f(text, long(60)), b.f(fin|cont, long(40))), Show("text", []byte(long(60)+long(40))))
	b.add("fragments above the limit", join(b.f(text, long(60)), b.f(fin|cont, long(41))), "close 1009")
	b.add("fragments above the limit, without end", join(b.f(text, long(100)), b.f(cont, ""), b.f(cont, "x")), "close 1009")
	b.add("the limit is each message's", join(b.f(fin|text, long(99)), b.f(fin|text, long(99))),
		Show("text", []byte(long(99))), Show("text", []byte(long(99))))
	b.add("the longest length", b.head(fin|binary, 1<<63-1, b.server, 8), "close 1009")
	b.add("lengths whose sum is beyond 63 bits", join(b.f(text, "abc"), b.head(fin|cont, 1<<63-1, b.server, 8)), "close 1009")
	b.add("a ping is no message", join(b.f(text, long(100)), b.f(fin|ping, "p"), b.f(fin|cont, "")), `pong "p"`, Show("text", []byte(long(100))))
	b.message, b.frame = 0, 50
	b.add("frame as long as the limit", b.f(fin|binary, long(50)), Show("binary", []byte(long(50))))
	b.add("frame above the limit", b.f(fin|binary, long(51)), "close 1009")
	b.add("message of such frames", join(b.f(binary, long(50)), b.f(cont, long(50)), b.f(fin|cont, long(50))),
		Show("binary", []byte(strings.Repeat(long(50), 3))))
	b.frame = 0
}

// squeeze compresses a message as RFC 7692, 7.2.1 has it.
func squeeze(s string) string {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, 9)
	if err != nil {
		panic(err) // the level is one
	}
	_, _ = w.Write([]byte(s)) // a buffer takes everything
	_ = w.Flush()
	return strings.TrimSuffix(out.String(), "\x00\x00\xff\xff")
}

func (b *builder) compression() {
	b.deflate = true
	const hello = "\xf2\x48\xcd\xc9\xc9\x07\x00" // of RFC 7692, 7.2.3.1
	z := byte(fin | rsv1)
	b.add("compressed", b.f(z|text, hello), `text "Hello"`)
	b.add("compressed, binary", b.f(z|binary, hello), `binary "Hello"`)
	b.add("compressed in fragments", join(b.f(rsv1|text, hello[:3]), b.f(fin|cont, hello[3:])), `text "Hello"`)
	b.add("compressed in empty fragments", join(b.f(rsv1|text, ""), b.f(cont, hello), b.f(fin|cont, "")), `text "Hello"`)
	b.add("compressed, with a ping", join(b.f(rsv1|text, hello[:3]), b.f(fin|ping, "p"), b.f(fin|cont, hello[3:])), `pong "p"`, `text "Hello"`)
	b.add("stored", b.f(z|text, "\x00\x05\x00\xfa\xffHello\x00"), `text "Hello"`)
	b.add("final block", b.f(z|text, "\xf3\x48\xcd\xc9\xc9\x07\x00\x00"), `text "Hello"`)
	b.add("two blocks", b.f(z|text, "\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"), `text "Hello"`)
	b.add("empty", b.f(z|text, "\x00"), `text ""`)
	b.add("each for itself", join(b.f(z|text, hello), b.f(z|text, hello)), `text "Hello"`, `text "Hello"`)
	b.add("not compressed", b.f(fin|text, "Hello"), `text "Hello"`)
	b.add("compressed and not", join(b.f(z|text, hello), b.f(fin|text, "x"), b.f(z|binary, hello)), `text "Hello"`, `text "x"`, `binary "Hello"`)
	p := long(100_000)
	b.add("long", b.f(z|binary, squeeze(p)), Show("binary", []byte(p)))
	b.add("text cut by fragments", join(b.f(rsv1|text, squeeze("日本")[:4]), b.f(fin|cont, squeeze("日本")[4:])), `text "日本"`)
	b.add("not text", b.f(z|text, squeeze("\xff\xff")), "close 1007")
	b.add("half a character", b.f(z|text, squeeze("\xe6\x97")), "close 1007")
	b.add("bytes", b.f(z|binary, squeeze("\xff\xff")), `binary "\xff\xff"`)
	b.add("nonsense", b.f(z|text, "\xff\xff\xff\xff"), "close 1007")
	b.add("cut off", b.f(z|text, squeeze(long(300))[:40]), "close 1007")
	b.add("refers to what is not there", b.f(z|text, "\xf2\x00\x11\x00\x00"), "close 1007") // the second of two in RFC 7692, 7.2.3.2
	b.add("said in a continuation", join(b.f(rsv1|text, hello[:3]), b.f(fin|rsv1|cont, hello[3:])), "close 1002")
	b.add("said in a continuation only", join(b.f(text, "a"), b.f(fin|rsv1|cont, hello)), "close 1002")
	b.add("compressed ping", b.f(z|ping, hello), "close 1002")
	b.add("compressed close", b.f(z|closes, code(1000)), "close 1002")
	b.add("another reserved bit", b.f(z|rsv2|text, hello), "close 1002")
	b.message = 1000
	b.add("as long as the limit", b.f(z|binary, squeeze(long(1000))), Show("binary", []byte(long(1000))))
	b.add("above the limit", b.f(z|binary, squeeze(long(1001))), "close 1009")
	b.add("a bomb", b.f(z|binary, squeeze(strings.Repeat("0", 500_000))), "close 1009")
	b.add("above the limit before it is decompressed", b.head(z|binary, 1001, b.server, 0), "close 1009")
	b.message, b.deflate = 0, false
}
