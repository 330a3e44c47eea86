package httpwire

import "testing"

// TestRulesBite switches each rule off in turn, and wants a case of the tables
// to be accepted then, or waited for: so each rule is what stands between its
// cases and acceptance, and a parser that lost it would fail the tests.
func TestRulesBite(t *testing.T) {
	for o := none + 1; int(o) < len(offences); o++ {
		rule, cases, passed := offences[o].rule, 0, 0
		try := func(c refusal, read func(bad []byte) *Error) {
			if c.rule != rule {
				return
			}
			cases++
			switch e := read(c.changed(t)); {
			case e == nil:
				passed++
			case e.Rule == rule:
				t.Errorf("%s is off, and still refuses %.120q instead of %.40q", rule, c.new, c.old)
			}
		}
		for _, c := range headRefusals {
			try(c, func(bad []byte) *Error {
				p := Parser{headReader: headReader{off: o}}
				p.Head(bad, limit)
				return p.failed
			})
		}
		for _, c := range responseRefusals {
			try(c, func(bad []byte) *Error {
				p := ResponseParser{headReader: headReader{off: o}}
				p.Head(bad, "GET", limit)
				return p.failed
			})
		}
		for _, c := range chunkRefusals {
			try(c, func(bad []byte) *Error {
				chunks := Chunks{off: o}
				for {
					_, n, done, err := chunks.Next(bad)
					if err != nil {
						return asError(t, err)
					}
					if done || n == 0 {
						return nil
					}
					bad = bad[n:]
				}
			})
		}
		if passed == 0 {
			t.Errorf("%s is off, and none of its %d cases passes", rule, cases)
		}
	}
}
