package wswire

import (
	"testing"

	"github.com/zonda-go/zonda/internal/wswire/wscases"
)

// FuzzFrames wants the same story of any bytes, however they are cut, and no more memory than
// there are bytes.
func FuzzFrames(f *testing.F) {
	for _, c := range wscases.All() {
		if len(c.Input) < 300 {
			f.Add(c.Input, c.Server, c.Deflate, uint8(3))
		}
	}
	f.Fuzz(func(t *testing.T, input []byte, server, deflate bool, step uint8) {
		c := &wscases.Case{Server: server, Deflate: deflate, MaxMessage: 1000, MaxFrame: 600, Input: input}
		whole := tell(c, 0, 0)
		if got := tell(c, int(step%8)+1, 0); got.String() != whole.String() {
			t.Errorf("%q, %d bytes at a time:\n got %v\nwant %v", input, step%8+1, got, whole)
		}
	})
}

func FuzzExtensions(f *testing.F) {
	f.Add("permessage-deflate; client_max_window_bits=\"10\", x; y=z")
	f.Fuzz(func(t *testing.T, s string) {
		list, ok := ParseExtensions([]string{s})
		if !ok {
			return
		}
		if d, ok := Agree(list, Deflate{}); ok {
			again, ok := ParseExtensions([]string{d.Offer()})
			if !ok {
				t.Fatalf("the answer %q is no list", d.Offer())
			}
			offer := Deflate{ServerNoTakeover: d.ServerNoTakeover, ServerBits: d.ServerBits, ClientBitsKnown: true}
			if _, on, wrong := CheckAgreed(again, &offer); !on || wrong != "" {
				t.Errorf("the answer %q is refused: %s", d.Offer(), wrong)
			}
		}
	})
}
