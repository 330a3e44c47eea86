package http1

import (
	"compress/gzip"
	"fmt"
	"io"
	"strings"

	"github.com/zonda-go/zonda/loop"
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
		return &bodyDecoder{l: r.Body.ex.c.sv.l, body: body, limit: limit}, nil
	}
	return nil, &HTTPError{Status: 415, Err: fmt.Errorf("http1: a body in the coding %q", coding)}
}

// A bodyDecoder is a body that is gzip. It belongs to the loop.
type bodyDecoder struct {
	l     *loop.Loop
	body  *formBody
	gz    *gzip.Reader // nil before the first Read
	limit int64        // 0 or less: none
	read  int64
	turn  int // bytes since others had their turn
	err   error
}

func (d *bodyDecoder) Read(p []byte) (n int, err error) {
	for n == 0 && len(p) > 0 && d.err == nil {
		n, d.err = d.next(p[:min(len(p), maxPiece)])
	}
	if n > 0 {
		return n, nil
	}
	return 0, d.err
}

func (d *bodyDecoder) next(p []byte) (n int, err error) {
	if d.gz == nil {
		if d.gz, err = gzip.NewReader(d.body); err != nil {
			return 0, d.failure(err)
		}
	}
	n, err = d.gz.Read(p)
	d.read += int64(n)
	if d.limit > 0 && d.read > d.limit {
		return n - int(d.read-d.limit), ErrBodyTooLarge
	}
	if d.turn += n; d.turn >= maxPiece {
		d.turn = 0
		_ = loop.Yield(d.l.Current()) // who is cancelled finds out when it waits
	}
	if err != nil && err != io.EOF {
		err = d.failure(err)
	}
	return n, err
}

// failure is an error of gzip, or the one of the body that was behind it.
func (d *bodyDecoder) failure(err error) error {
	if d.body.err != nil && d.body.err != io.EOF {
		return d.body.err
	}
	return &HTTPError{Status: 400, Err: err}
}
