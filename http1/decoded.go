package http1

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Decoded is the request's body without its content coding, gzip or none (RFC 9110,
// 8.4). Nothing else decodes bodies: Body, ParseForm and Multipart see what came, as a
// few bytes of gzip can stand for very many.
//
// limit bounds what comes out, in bytes; 0: as Server.MaxBody, which always bounds
// what goes in. Reading beyond it gives ErrBodyTooLarge, and an *HTTPError of status 400
// if the body is not gzip. It waits as Body.Read does. The error here is an *HTTPError
// of status 415, for another coding.
func (r *Request) Decoded(limit int64) (io.Reader, error) {
	if limit == 0 {
		limit = r.Body.limit
	}
	body := &formBody{from: r.Body, limit: limit}
	coding := strings.Join(r.Header.Values("Content-Encoding"), ",")
	switch {
	case coding == "", sameCoding(coding, "identity"):
		return body, nil
	case sameCoding(coding, "gzip"):
		body.limit = 0
		return &decodedBody{body: body, by: takeDecoder(r.Body.ex.c.sv.l, "gzip", body), limit: limit}, nil
	}
	return nil, &HTTPError{Status: 415, Err: fmt.Errorf("http1: a body in the coding %q", coding)}
}

// A decodedBody is a request's body that is gzip. It belongs to the loop.
type decodedBody struct {
	body  *formBody
	by    *decoder // nil once err is set
	limit int64    // 0 or less: none
	read  int64
	err   error
}

func (d *decodedBody) Read(p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 && d.err == nil {
		n, d.err = d.next(p)
	}
	if d.err != nil && d.by != nil {
		d.by.give()
		d.by = nil
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

func (d *decodedBody) next(p []byte) (n int, err error) {
	n, err = d.by.Read(p[:min(len(p), maxPiece)])
	d.read += int64(n)
	switch {
	case d.limit > 0 && d.read > d.limit:
		return n - int(d.read-d.limit), ErrBodyTooLarge
	case err == nil, err == io.EOF && d.body.read > 0,
		errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded): // of a turn
		return n, err
	case d.body.err != nil && d.body.err != io.EOF: // behind what gzip makes of it
		return n, d.body.err
	}
	return n, &HTTPError{Status: 400, Err: err}
}
