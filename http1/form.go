package http1

import (
	"bytes"
	"fmt"
	"io"
	"mime"
	"net/url"

	"github.com/zonda-go/zonda/loop"
)

const (
	// perPart is what a field takes in memory besides its text, about.
	perPart = 200
	// filePiece is how much of a file stays in memory, and is written at once.
	filePiece = 64 << 10
)

// A Form is what a client has entered. It belongs to the loop. Its files are there
// until the handler returns.
type Form struct {
	// Values are the fields of the body, in order for each name. Those of the URL are
	// Request.QueryValues.
	Values url.Values
	// Files are the files of the body, in order for each name.
	Files map[string][]*FormFile

	err    error // what ParseForm has returned
	memory int64 // that may still be used
	buf    []byte
}

// QueryValues are the fields of the target's query. If it is malformed, they are those
// that could be read, and the error is an *HTTPError of status 400.
func (r *Request) QueryValues() (url.Values, error) {
	v, err := url.ParseQuery(r.Query())
	if err != nil {
		err = &HTTPError{Status: 400, Err: err}
	}
	return v, err
}

// ParseForm reads the body as a form, application/x-www-form-urlencoded or
// multipart/form-data, and waits for all of it. Files larger than 64 KiB go to the disk
// meanwhile; their temporary files are gone when the handler has returned, or the
// program died. For files that are to be stored elsewhere, or looked at as they come,
// see Multipart.
//
// Called again, it returns the same. A request without a body has an empty form. The
// error is ErrBodyTooLarge beyond a limit, an *HTTPError of status 400 for a malformed
// body and 415 for another type or a content coding, or the body's; a handler may simply return it.
func (r *Request) ParseForm(limits *FormLimits) (*Form, error) {
	if r.form == nil {
		l := limits.filled()
		r.form = &Form{Values: url.Values{}, Files: map[string][]*FormFile{}, memory: l.MaxMemory}
		r.form.err = r.form.parse(r, &l)
		r.form.buf = nil
	}
	if r.form.err != nil {
		return nil, r.form.err
	}
	return r.form, nil
}

func (f *Form) parse(r *Request, l *FormLimits) error {
	v := r.Header.Get("Content-Type")
	kind, _, _ := mime.ParseMediaType(v)
	switch {
	case r.ContentLength == 0 && v == "":
		return nil
	case kind == "application/x-www-form-urlencoded" && !encoded(r):
		return f.parseURLEncoded(r, l)
	case kind == "multipart/form-data":
		return f.parseMultipart(r, l)
	}
	return unsupportedForm(r)
}

func (f *Form) parseURLEncoded(r *Request, l *FormLimits) error {
	limit := l.MaxMemory
	if l.MaxBody > 0 {
		limit = min(limit, l.MaxBody)
	}
	body, err := r.formBody(limit)
	if err != nil {
		return err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	if bytes.Count(text, []byte("&")) >= l.MaxParts {
		return fmt.Errorf("%w: more than %d fields", ErrBodyTooLarge, l.MaxParts)
	}
	parse := func() (url.Values, error) { return url.ParseQuery(string(text)) }
	if len(text) > maxPiece {
		f.Values, err = offload(r.Body.ex.c.sv.l, parse) // it would take milliseconds
	} else {
		f.Values, err = parse()
	}
	if err != nil {
		return &HTTPError{Status: 400, Err: err}
	}
	return nil
}

func (f *Form) parseMultipart(r *Request, l *FormLimits) error {
	m, err := r.Multipart(l)
	if err != nil {
		return err
	}
	for {
		p, err := m.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return err
		case p.Filename != "":
			err = f.takeFile(r.Body.ex.c.sv.l, p, l)
		default:
			err = f.takeValue(p)
		}
		if err != nil {
			return err
		}
	}
}

// use counts n bytes of memory.
func (f *Form) use(n int) error {
	if f.memory -= int64(n) + perPart; f.memory < 0 {
		return fmt.Errorf("%w: the fields of the form", ErrBodyTooLarge)
	}
	return nil
}

func (f *Form) takeValue(p *Part) error {
	value, err := io.ReadAll(io.LimitReader(p, f.memory+1))
	if err != nil {
		return err
	}
	if err := f.use(len(p.Name) + len(value)); err != nil {
		return err
	}
	f.Values.Add(p.Name, string(value))
	return nil
}

// takeFile keeps a small file in memory, if there is room, and brings a large one to
// the disk.
func (f *Form) takeFile(l *loop.Loop, p *Part, limits *FormLimits) error {
	if err := f.use(len(p.Name) + headSize(p.Header)); err != nil {
		return err
	}
	if f.buf == nil {
		f.buf = make([]byte, filePiece)
	}
	file := &FormFile{Filename: p.Filename, Header: p.Header, l: l}
	f.Files[p.Name] = append(f.Files[p.Name], file)
	n, err := io.ReadFull(p, f.buf)
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		if f.memory >= int64(n) {
			f.memory -= int64(n)
			file.text, file.Size = bytes.Clone(f.buf[:n]), int64(n)
			return nil
		}
	} else if err != nil {
		return err
	}
	if err := file.create(limits.TempDir); err != nil {
		return err
	}
	for {
		if n > 0 {
			if err := file.append(f.buf[:n]); err != nil {
				return err
			}
		}
		n, err = io.ReadFull(p, f.buf)
		switch {
		case n == 0 && err == io.EOF:
			return nil
		case err != nil && err != io.ErrUnexpectedEOF:
			return err
		}
	}
}

// release gives the files back when the handler has ended.
func (f *Form) release() {
	if f == nil {
		return
	}
	var onDisk []*FormFile
	for _, files := range f.Files {
		for _, file := range files {
			if file.disk != nil {
				onDisk = append(onDisk, file)
			}
		}
	}
	remove(onDisk)
}
