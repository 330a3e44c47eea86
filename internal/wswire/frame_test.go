package wswire

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"
)

// maskPlain is RFC 6455, 5.3, byte by byte.
func maskPlain(key uint32, b []byte) {
	for i := range b {
		b[i] ^= byte(key >> (8 * (i % 4)))
	}
}

// TestMaskVectors are Tornado's (W27).
func TestMaskVectors(t *testing.T) {
	for _, tt := range []struct{ key, in, want string }{
		{"abcd", "", ""}, {"abcd", "b", "\x03"}, {"abcd", "54321", "TVPVP"}, {"ZXCV", "98765432", "c`t`olpd"},
		{"\x00\x01\x02\x03", "\xff\xfb\xfd\xfc\xfe\xfa", "\xff\xfa\xff\xff\xfe\xfb"},
		{"\xff\xfb\xfd\xfc", "\x00\x01\x02\x03\x04\x05", "\xff\xfa\xff\xff\xfb\xfe"},
	} {
		got := []byte(tt.in)
		k := []byte(tt.key)
		Mask(uint32(k[0])|uint32(k[1])<<8|uint32(k[2])<<16|uint32(k[3])<<24, got)
		if string(got) != tt.want {
			t.Errorf("%q masked with %q is %q, want %q", tt.in, tt.key, got, tt.want)
		}
	}
}

// TestMask compares with the plain way, for all lengths, places in memory, and cuts.
func TestMask(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	room := make([]byte, 300)
	for i := range room {
		room[i] = byte(r.Uint32())
	}
	for n := range 140 {
		for at := range 9 {
			key := r.Uint32()
			want := bytes.Clone(room[at : at+n])
			maskPlain(key, want)
			b := bytes.Clone(room)
			cut := r.IntN(n + 1)
			Mask(Mask(key, b[at:at+cut]), b[at+cut:at+n])
			if !bytes.Equal(b[at:at+n], want) {
				t.Fatalf("%d bytes at %d cut at %d with %08x: %x, want %x", n, at, cut, key, b[at:at+n], want)
			}
			if !bytes.Equal(b[:at], room[:at]) || !bytes.Equal(b[at+n:], room[at+n:]) {
				t.Fatalf("%d bytes at %d: others were changed", n, at)
			}
		}
	}
}

// TestUTF8 cuts strings at all places, and compares with package unicode/utf8.
func TestUTF8(t *testing.T) {
	alphabet := []string{"a", "é", "日", "😀", "\x80", "\xc3", "\xe0\xa0", "\xed\xa0\x80", "\xf0\x90", "\xf4\x90", "\xff", "\xe0\x80", "\xc1"}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		var s string
		for range 1 + r.IntN(5) {
			s += alphabet[r.IntN(len(alphabet))]
		}
		var u UTF8
		ok := true
		for rest := s; ok && rest != ""; {
			n := 1 + r.IntN(len(rest))
			ok = u.Feed([]byte(rest[:n]))
			rest = rest[n:]
			if ok != mayBecomeText(s[:len(s)-len(rest)]) {
				t.Fatalf("after %q of %q: %v", s[:len(s)-len(rest)], s, ok)
			}
		}
		if got := ok && u.Whole(); got != utf8.ValidString(s) {
			t.Fatalf("%q: %v", s, got)
		}
	}
}

// mayBecomeText tries what could follow.
func mayBecomeText(s string) bool {
	for _, more := range []string{"", "\x80", "\x80\x80", "\x80\x80\x80", "\xa0\x80", "\x90\x80\x80", "\x90\x80"} {
		if utf8.ValidString(s + more) {
			return true
		}
	}
	return false
}

func TestAppendClose(t *testing.T) {
	for _, tt := range []struct {
		code   uint16
		reason string
		want   string
	}{
		{0, "not sent", ""}, {1000, "", "\x03\xe8"}, {1001, "bye", "\x03\xe9bye"},
		{1000, strings.Repeat("x", 124), "\x03\xe8" + strings.Repeat("x", 123)},
		{1000, strings.Repeat("x", 122) + "é", "\x03\xe8" + strings.Repeat("x", 122)},
		{1000, strings.Repeat("x", 120) + "日本", "\x03\xe8" + strings.Repeat("x", 120) + "日"},
	} {
		if got := string(AppendClose(nil, tt.code, tt.reason)); got != tt.want {
			t.Errorf("close %d %q is %q, want %q", tt.code, tt.reason, got, tt.want)
		}
	}
}

// TestHeaderRoundTrip writes headers and reads them in either role.
func TestHeaderRoundTrip(t *testing.T) {
	for _, n := range []int64{0, 1, 125, 126, 65535, 65536, 1 << 40, 1<<63 - 1} {
		for _, masked := range []bool{false, true} {
			h := Header{Opcode: Binary, Fin: true, RSV1: true, Masked: masked, Length: n}
			if masked {
				h.Key = 0x87654321
			}
			b := AppendHeader(nil, h)
			if len(b) > MaxHeader || len(b) != size(b[1]) || decode(b) != h {
				t.Errorf("%+v is %x, which is %+v", h, b, decode(b))
			}
		}
	}
}

// TestReaderAllocates nothing.
func TestReaderAllocates(t *testing.T) {
	rules := &Rules{Server: true, MaxMessage: 1 << 20}
	frame := AppendHeader(nil, Header{Opcode: Text, Fin: true, Masked: true, Length: 64})
	frame = append(frame, make([]byte, 64)...)
	var r Reader
	if n := testing.AllocsPerRun(100, func() {
		if ev, _, err := r.Next(rules, frame); err != nil || !ev.Last {
			t.Fatal(ev, err)
		}
	}); n != 0 {
		t.Errorf("%v allocations for a frame", n)
	}
}

func FuzzMask(f *testing.F) {
	f.Add(uint32(1), []byte("hello, this is more than eight bytes"), uint8(3))
	f.Fuzz(func(t *testing.T, key uint32, b []byte, cut uint8) {
		want, got := bytes.Clone(b), bytes.Clone(b)
		maskPlain(key, want)
		n := min(int(cut), len(b))
		Mask(Mask(key, got[:n]), got[n:])
		if !bytes.Equal(got, want) {
			t.Errorf("%x, want %x", got, want)
		}
	})
}

func FuzzUTF8(f *testing.F) {
	f.Add([]byte("日本\xe6"), uint8(2))
	f.Fuzz(func(t *testing.T, b []byte, cut uint8) {
		var u UTF8
		n := min(int(cut), len(b))
		if got := u.Feed(b[:n]) && u.Feed(b[n:]) && u.Whole(); got != utf8.Valid(b) {
			t.Errorf("%q cut at %d: %v", b, n, got)
		}
	})
}
