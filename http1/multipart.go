package http1

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/textproto"
)

const (
	formMemory   = 1 << 20
	formParts    = 1000
	formPartHead = 10 << 10
)

// FormLimits bound what a form may cost. nil, or the zero value, is a good choice for
// forms that people fill in. Beyond a limit the error matches ErrBodyTooLarge, which is
// answered 413.
type FormLimits struct {
	// MaxBody bounds the whole body in bytes. Default: Server.MaxBody alone does.
	MaxBody int64
	// MaxMemory bounds in bytes what ParseForm keeps in memory: names, values, and
	// files of up to 64 KiB as long as they fit. Default: 1 MiB.
	MaxMemory int64
	// MaxParts bounds the number of fields and files. Default: 1000.
	MaxParts int
	// MaxPartHead bounds the header of one part in bytes. Default: 10 KiB.
	MaxPartHead int
	// TempDir is where ParseForm puts the files that are larger than what stays in
	// memory. Default: os.TempDir.
	TempDir string
}

func (l *FormLimits) filled() FormLimits {
	var f FormLimits
	if l != nil {
		f = *l
	}
	f.MaxMemory = cmp.Or(f.MaxMemory, formMemory)
	f.MaxParts = cmp.Or(f.MaxParts, formParts)
	f.MaxPartHead = cmp.Or(f.MaxPartHead, formPartHead)
	return f
}

// A MultipartReader gives the parts of a multipart/form-data body as they come
// (RFC 7578): nothing is collected, and a client waits for whoever reads. It belongs to
// the loop.
type MultipartReader struct {
	limits FormLimits
	body   *formBody
	mr     *multipart.Reader
	part   *Part // the one that was given last
	parts  int
}

// A Part is one field or file of a form. It can be read until the next one is asked
// for, and what was not read is skipped then. It belongs to the loop.
type Part struct {
	// Name is the field's name.
	Name string
	// Filename is the name of the file at the client, without folders; "": it is no
	// file. It is the client's word: make a name of your own to store it.
	Filename string
	// Header has the fields of the part, such as Content-Type.
	Header textproto.MIMEHeader

	m *MultipartReader
	p *multipart.Part
}

// Multipart reads the body as a form whose files may be large, part by part. The error
// is an *HTTPError, of status 415 if the body is something else.
func (r *Request) Multipart(limits *FormLimits) (*MultipartReader, error) {
	kind, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case kind != "multipart/form-data" || encoded(r):
		return nil, unsupportedForm(r)
	case err != nil || params["boundary"] == "" || len(params["boundary"]) > 70: // RFC 2046, 5.1.1
		return nil, &HTTPError{Status: 400, Err: errors.New("http1: a form without a good boundary")}
	}
	m := &MultipartReader{limits: limits.filled()}
	if m.body, err = r.formBody(m.limits.MaxBody); err != nil {
		return nil, err
	}
	m.mr = multipart.NewReader(m.body, params["boundary"])
	return m, nil
}

// encoded reports whether the body has a content coding, which would have to be taken
// off first.
func encoded(r *Request) bool {
	v := r.Header.Get("Content-Encoding")
	return v != "" && !sameCoding(v, "identity")
}

// unsupportedForm refuses a body that is no form (RFC 9110, 15.5.16).
func unsupportedForm(r *Request) error {
	return &HTTPError{Status: 415, Err: fmt.Errorf("http1: no form: Content-Type %q, Content-Encoding %q",
		r.Header.Get("Content-Type"), r.Header.Get("Content-Encoding"))}
}

// Next waits for the next part; io.EOF says that there are no more. Other errors are
// the body's, ErrBodyTooLarge for a limit, or an *HTTPError of status 400 if the body is
// not what it should be, such as a part without a name.
func (m *MultipartReader) Next() (*Part, error) {
	if m.part != nil {
		// Here, where it may be long; NextPart is to find a head, and no more.
		if _, err := io.Copy(io.Discard, m.part); err != nil {
			return nil, err
		}
		m.part = nil
	}
	m.body.head = m.limits.MaxPartHead
	p, err := m.mr.NextPart()
	m.body.head = 0
	if err != nil {
		return nil, m.failure(err)
	}
	if m.parts++; m.parts > m.limits.MaxParts {
		return nil, fmt.Errorf("%w: more than %d parts", ErrBodyTooLarge, m.limits.MaxParts)
	}
	if headSize(p.Header) > m.limits.MaxPartHead {
		return nil, errPartHead
	}
	name := p.FormName()
	if name == "" {
		return nil, &HTTPError{Status: 400, Err: errors.New("http1: a part of the form without a name")}
	}
	m.part = &Part{Name: name, Filename: p.FileName(), Header: p.Header, m: m, p: p}
	return m.part, nil
}

// Read reads the part's content, and waits for it; io.EOF is its end. Errors are as
// those of MultipartReader.Next.
func (p *Part) Read(b []byte) (int, error) {
	n, err := p.p.Read(b)
	if err != nil && err != io.EOF {
		err = p.m.failure(err)
	}
	return n, err
}

// failure is an error of mime/multipart, or the one of the body that was behind it.
func (m *MultipartReader) failure(err error) error {
	switch {
	case m.body.err != nil && m.body.err != io.EOF:
		return m.body.err
	case err == io.EOF:
		return err
	}
	return &HTTPError{Status: 400, Err: err}
}

// errPartHead: what is not limited elsewhere, mime/multipart takes up to 10 MB of.
var errPartHead = fmt.Errorf("%w: the header of a part", ErrBodyTooLarge)

func headSize(h textproto.MIMEHeader) (n int) {
	for name, values := range h {
		for _, v := range values {
			n += len(name) + len(v) + len(": \r\n")
		}
	}
	return n
}

// A formBody is a body within limits, which keeps its error: mime/multipart may wrap
// that, or make another of it.
type formBody struct {
	from  *Body
	limit int64 // 0: none
	read  int64
	head  int // bytes that may come before the next part's content begins; 0: any
	err   error
}

// formBody is the request's body for a form of up to limit bytes.
func (r *Request) formBody(limit int64) (*formBody, error) {
	if limit > 0 && r.ContentLength > limit {
		return nil, ErrBodyTooLarge // before the client is told to go on
	}
	return &formBody{from: r.Body, limit: limit}, nil
}

func (b *formBody) Read(p []byte) (n int, err error) {
	if b.err != nil {
		return 0, b.err
	}
	n, err = b.from.Read(p)
	b.read += int64(n)
	switch {
	case b.limit > 0 && b.read > b.limit:
		n, err = 0, ErrBodyTooLarge
	case b.head > 0 && b.head <= n && err == nil:
		// This piece may still hold the end of the head; the next one would not.
		b.head = -1
	case b.head > 0:
		b.head -= n
	case b.head < 0:
		n, err = 0, errPartHead
	}
	b.err = err
	return n, err
}
