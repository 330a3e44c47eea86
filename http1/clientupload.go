package http1

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/zonda-go/zonda/internal/httpwire"
	"github.com/zonda-go/zonda/loop"
)

const (
	// continueTime is how long a body waits for 100 (Continue): many servers do not
	// know it, and never send it (RFC 9110, 10.1.1).
	continueTime = time.Second
	// uploadPiece is how much of a body is read at a time.
	uploadPiece = 64 << 10
)

// A BodyWriter is where a Producer writes a request's body. It belongs to the loop.
type BodyWriter struct {
	x       *clientExchange
	trailer Header
	left    int64 // of the declared length; -1: chunked
	broken  bool  // the connection takes no more
	over    bool
}

var _ io.Writer = (*BodyWriter)(nil)

// Write sends p, and waits when the server is slow to take it. More than the declared
// length is ErrContentLength. When the server has answered without waiting for the
// whole body, or the request is cancelled, the error is as Await's.
func (w *BodyWriter) Write(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		piece := p[n:min(len(p), n+maxPiece)]
		if err = w.write(piece); err == nil {
			n += len(piece)
		}
	}
	return n, err
}

func (w *BodyWriter) write(p []byte) error {
	if w.over {
		return errOver
	}
	if w.left >= 0 {
		if int64(len(p)) > w.left {
			return fmt.Errorf("%w: a request's is longer than BodyLength", ErrContentLength)
		}
		w.left -= int64(len(p))
		return w.push(p)
	}
	pool := w.x.call.p
	b := httpwire.AppendChunk(pool.scratch[:0], p)
	err := w.push(b)
	pool.scratch = keep(b)
	return err
}

// push gives b to the stream, and waits until that wants more.
func (w *BodyWriter) push(b []byte) error {
	s := w.x.c.s
	s.Write(b)
	co := w.x.call.p.l.Current()
	if co == nil {
		panic("http1: BodyWriter used outside a coroutine")
	}
	f := s.Writable()
	_, err := loop.Await(co, f)
	w.broken = err != nil && f.Done()
	return err
}

// Trailer is the fields that are sent behind a body whose length was not declared.
// They may be set until the Producer returns.
func (w *BodyWriter) Trailer() *Header { return &w.trailer }

// finish ends the body.
func (w *BodyWriter) finish() error {
	w.over = true
	if w.left > 0 {
		return fmt.Errorf("%w: %d bytes of a request are missing", ErrContentLength, w.left)
	}
	if w.left == 0 {
		return nil
	}
	b := httpwire.AppendTrailers(nil)
	for name, value := range w.trailer.All() {
		if !httpwire.ValidTrailerName(name) || !httpwire.ValidFieldValue(value) {
			return fmt.Errorf("%w: trailer %q: %q", ErrBadField, name, value)
		}
		b = httpwire.AppendField(b, name, value)
	}
	return w.push(httpwire.AppendHeadEnd(b))
}

// A clientUpload is the coroutine that sends a body, beside the one that waits for the
// response: a server may answer before it has read all.
type clientUpload struct {
	x     *clientExchange
	w     BodyWriter
	co    *loop.Co
	asked *loop.Promise[struct{}] // 100 (Continue); nil: it is not waited for
}

func (x *clientExchange) startUpload() {
	r := x.call.req
	u := &clientUpload{x: x, w: BodyWriter{x: x, left: x.hop.length(r)}}
	if r.Expect100 {
		u.asked = loop.NewPromise[struct{}](x.call.p.l)
	}
	x.upload = u
	x.call.uploads = true
	if u.co = loop.SpawnJob(x.call.parent, u); u.co == nil {
		u.Ended(loop.ErrClosed)
	}
}

// Run sends the body.
func (u *clientUpload) Run(co *loop.Co) error {
	if u.waits() {
		_, err := loop.Await(co, loop.WithTimeout(continueTime, u.asked.Future()))
		if co.Err() != nil {
			return err
		}
		u.asked = nil
	}
	r := u.x.call.req
	var err error
	switch {
	case r.Producer != nil:
		err = r.Producer(co, &u.w)
	case r.Reader != nil:
		err = sendReader(co, &u.w, r.Reader, loop.Offload)
	default:
		_, err = u.w.Write(r.Body)
	}
	if err != nil {
		return err
	}
	return u.w.finish()
}

// Ended hears that the body is sent, or will not be.
func (u *clientUpload) Ended(err error) {
	x := u.x
	u.w.over = true
	if x.call.sentBody != nil {
		x.call.sentBody()
	}
	switch {
	case x.upload != u:
		return // it was stopped
	case err == nil:
		x.upload = nil
		x.call.look()
		x.watchHead()
	case u.w.broken:
		// The server may have said why; what is left of its answer comes first, and
		// then the stream's end.
	case x.head:
		x.keep = false // there is a response, which may know better than we do
	default:
		x.fail(PhaseSend, err)
	}
}

// waits reports whether nothing of the body was sent, for want of 100 (Continue).
func (u *clientUpload) waits() bool { return u.asked != nil }

// goAhead hears of 100 (Continue).
func (u *clientUpload) goAhead() {
	if u.asked != nil {
		u.asked.TrySet(struct{}{})
	}
}

// stopUpload ends the sending of the body, if it is under way. The connection is of no
// use afterwards.
func (x *clientExchange) stopUpload() {
	if u := x.upload; u != nil {
		x.upload, x.keep = nil, false
		u.w.over = true
		if u.co != nil {
			u.co.Cancel(errUploadStopped)
		}
	}
}

var errUploadStopped = errors.New("http1: the server wants no more of the body")

// A pieceRead is one read of a body. An error is part of the value: the future of a read
// that was given up must not fail, as nobody would look.
type pieceRead struct {
	p   []byte
	err error
}

// offLoop is loop.Offload or loop.FromFunc.
type offLoop func(*loop.Loop, func(context.Context) (pieceRead, error)) *loop.Future[pieceRead]

// sendReader sends what a reader has. It is read off the loop, unless it reads memory.
func sendReader(co *loop.Co, w *BodyWriter, r io.Reader, off offLoop) error {
	switch r.(type) {
	case *bytes.Reader, *bytes.Buffer, *strings.Reader:
		_, err := io.CopyBuffer(w, struct{ io.Reader }{r}, make([]byte, uploadPiece))
		return err
	}
	for {
		// A piece of its own each time: a read that is given up may still go on.
		piece, err := loop.Await(co, off(co.Loop(), func(context.Context) (pieceRead, error) {
			buf := make([]byte, uploadPiece)
			n, err := r.Read(buf)
			return pieceRead{buf[:n], err}, nil
		}))
		if err != nil {
			return err
		}
		if _, err := w.Write(piece.p); err != nil {
			return err
		}
		switch {
		case piece.err == io.EOF:
			return nil
		case piece.err != nil:
			return piece.err
		}
	}
}
