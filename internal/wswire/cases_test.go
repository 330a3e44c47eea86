package wswire

import (
	"bytes"
	"compress/flate"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/zonda-go/zonda/internal/wswire/wscases"
)

// tell is what a Reader makes of a case, of which it is shown so many bytes at a time; 0: all
// there are. A peer that sends nothing more after its last byte must be answered by then.
func tell(c *wscases.Case, step int, off offence) (s wscases.Story) {
	rules := &Rules{Server: c.Server, Deflate: c.Deflate, MaxFrame: c.MaxFrame, MaxMessage: c.MaxMessage, off: off}
	input := bytes.Clone(c.Input)
	var (
		r       Reader
		message []byte
		have    int // bytes shown
	)
	for at := 0; ; {
		ev, n, err := r.Next(rules, input[at:have])
		at += n
		switch {
		case err != nil:
			s.Close = fmt.Sprint(err.Code)
			return s
		case ev.Kind == NeedMore:
			if have == len(input) {
				return s
			}
			if have += step; step == 0 || have > len(input) {
				have = len(input)
			}
		case ev.Kind == Data:
			message = append(message, ev.Payload...)
			if !ev.Last {
				continue
			}
			data, code := inflated(message, ev.Compressed, ev.Opcode == Text, c.MaxMessage)
			if message = nil; code != "" {
				s.Close = code
				return s
			}
			kind := "binary"
			if ev.Opcode == Text {
				kind = "text"
			}
			s.Messages = append(s.Messages, wscases.Show(kind, data))
		case ev.Opcode == Ping:
			s.Pongs = append(s.Pongs, wscases.Show("pong", ev.Payload))
		case ev.Opcode == Close:
			s.Close = "none"
			if code, _ := ParseClose(ev.Payload); code != 0 {
				s.Close = fmt.Sprint(code)
			}
			return s
		}
	}
}

// inflated is a plain way to decompress, which is not part of the grammar.
func inflated(p []byte, compressed, text bool, limit int64) ([]byte, string) {
	if !compressed {
		return p, ""
	}
	data, err := io.ReadAll(flate.NewReader(io.MultiReader(bytes.NewReader(p), strings.NewReader("\x00\x00\xff\xff\x01\x00\x00\xff\xff"))))
	var u UTF8
	switch {
	case limit > 0 && int64(len(data)) > limit:
		return nil, "1009"
	case err != nil, text && !(u.Feed(data) && u.Whole()):
		return nil, "1007"
	}
	return data, ""
}

func TestCases(t *testing.T) {
	all := wscases.All()
	if len(all) < 300 {
		t.Errorf("%d cases, 300 are promised", len(all))
	}
	names := map[string]bool{}
	for i := range all {
		c := &all[i]
		if names[c.Name] {
			t.Errorf("two cases are called %s", c.Name)
		}
		names[c.Name] = true
		for _, step := range []int{0, 1, 2, 3, 5, 1000} {
			if step > 0 && step < 1000 && len(c.Input) > 5000 {
				continue // each piece is looked at once; the short ones have shown it
			}
			if got := tell(c, step, 0); got.String() != c.Want.String() {
				t.Errorf("%s, %d bytes at a time:\n got %v\nwant %v", c.Name, step, got, c.Want)
			}
		}
	}
}

// TestRulesBite switches each rule off, and wants a case of either role to notice, where the
// rule is for both.
func TestRulesBite(t *testing.T) {
	all := wscases.All()
	for o := reservedBits; o <= closeNotUTF8; o++ {
		noticed := map[bool]string{}
		for i := range all {
			c := &all[i]
			if got := tell(c, 0, o+1); got.String() != c.Want.String() {
				noticed[c.Server] = c.Name
			}
		}
		if noticed[true] == "" && o != maskPresent || noticed[false] == "" && o != maskMissing {
			t.Errorf("no case of a role needs the rule %s: %v", offences[o].Rule, noticed)
		}
	}
}

// TestOffences: each has a name of its own, and a reason that fits into a close frame.
func TestOffences(t *testing.T) {
	names := map[string]bool{}
	for i := range offences {
		o := &offences[i]
		if o.Rule == "" || names[o.Rule] || o.Reason == "" || len(o.Reason) > MaxReason || !SendableCode(o.Code) {
			t.Errorf("offence %d: %v", i, o)
		}
		names[o.Rule] = true
	}
}
