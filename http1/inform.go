package http1

import (
	"fmt"

	"github.com/zonda-go/zonda/internal/httpwire"
)

// Inform sends an informational response (RFC 9110, 15.2) before the final one, at once:
// 103 (Early Hints) with fields Link, which RFC 8297 describes, or 102. 100 (Continue)
// is sent without it when the handler first waits for the body, and for 101 there is
// Upgrade; that one panics, and so does a status which is not informational.
//
// It waits as Write does. HTTP/1.0 knows no such responses: to such a client nothing is
// sent. When the response has begun, the error is ErrBegun.
func (w *ResponseWriter) Inform(status int, fields ...Field) error {
	if status < 100 || status > 199 || status == 101 {
		panic(fmt.Sprintf("http1: Inform with status %d", status))
	}
	if err := w.ex.ended(); err != nil {
		return err
	}
	if w.begun {
		return ErrBegun
	}
	if err := checkFields(fields); err != nil {
		return err
	}
	if w.ex.req.Minor == 0 {
		return nil
	}
	b := httpwire.AppendStatusLine(nil, status)
	for _, f := range fields {
		if !framingField(f.Name) {
			b = httpwire.AppendField(b, f.Name, f.Value)
		}
	}
	if status == 100 {
		w.ex.body.expect = false
	}
	w.ex.c.uncork()
	w.ex.c.s.Write(httpwire.AppendHeadEnd(b))
	return w.wait()
}
