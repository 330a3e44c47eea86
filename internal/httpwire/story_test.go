package httpwire

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

// headStory tells everything a parser found in a head, in one line.
func headStory(r *Request, buf []byte) string {
	var b strings.Builder
	form := [...]string{"origin", "absolute", "authority", "asterisk"}[r.Form]
	fmt.Fprintf(&b, "%s %s %s 1.%d host=%q", r.Method.Of(buf), r.Target.Of(buf), form, r.Minor, r.Host.Of(buf))
	switch r.Framing {
	case Length:
		fmt.Fprintf(&b, " length=%d", r.Length)
	case Chunked:
		b.WriteString(" chunked")
	}
	for _, flag := range []struct {
		set  bool
		name string
	}{{r.KeepAlive, " keep"}, {r.Expect100, " expect"}, {r.Upgrade, " upgrade"}} {
		if flag.set {
			b.WriteString(flag.name)
		}
	}
	fieldsStory(&b, r.Fields, buf)
	return b.String()
}

func fieldsStory(b *strings.Builder, fields []Field, buf []byte) {
	for _, f := range fields {
		fmt.Fprintf(b, " [%s=%s]", f.Name.Of(buf), f.Value.Of(buf))
	}
}

// readHead gives the story of the head at the beginning of buf, or the error,
// and the length of the head; 0 and "need more" if it is not complete.
func readHead(buf []byte, maxHead int) (story string, n int) {
	var p Parser
	return readHeadIn(&p, buf, maxHead)
}

func readHeadIn(p *Parser, buf []byte, maxHead int) (story string, n int) {
	n, err := p.Head(buf, maxHead)
	switch {
	case err != nil:
		return err.Error(), n
	case n == 0:
		return "need more", 0
	}
	return headStory(&p.Request, buf), n
}

// readBody reads a chunked body whose bytes come in pieces that end at the
// cuts, and gives its data, its trailers, the bytes consumed and the rule of
// the error, if any.
func readBody(body []byte, cuts []int) (story string, consumed int) {
	var c Chunks
	var data, trailers strings.Builder
	for _, end := range append(cuts, len(body)) {
		for {
			buf := body[consumed:end]
			piece, n, done, err := c.Next(buf)
			data.Write(piece)
			if f, ok := c.Trailer(); ok {
				fmt.Fprintf(&trailers, " [%s=%s]", f.Name.Of(buf), f.Value.Of(buf))
			}
			consumed += n
			if e, ok := errors.AsType[*Error](err); ok {
				return fmt.Sprintf("%q%s %s %d at %d", data.String(), trailers.String(), e.Rule, e.Status, consumed-n+e.Offset), consumed
			}
			if done {
				return fmt.Sprintf("%q%s done", data.String(), trailers.String()), consumed
			}
			if n == 0 {
				break
			}
		}
	}
	return fmt.Sprintf("%q%s need more", data.String(), trailers.String()), consumed
}

func everyByte(n int) []int {
	cuts := make([]int, n)
	for i := range cuts {
		cuts[i] = i
	}
	return cuts
}

// asError is the *Error in err; without one the test ends.
func asError(t *testing.T, err error) *Error {
	t.Helper()
	e, ok := errors.AsType[*Error](err)
	if !ok {
		t.Fatalf("got %v, want an *Error", err)
	}
	return e
}
