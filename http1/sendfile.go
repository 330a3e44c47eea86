package http1

import (
	"fmt"
	"io"
	"os"
)

// SendFile appends n bytes of f, from offset on, to the body, and waits until the
// system has them; f must be a regular file, and stay open until then. Neither may be
// negative.
//
// On a Linux socket the system copies from the file, when the body's length is known
// from its Content-Length and nothing encodes it. Otherwise goroutines read pieces of
// 64 KiB, and each waits for the client. A file that has become shorter breaks the
// connection off if the response has begun, since the client has been promised more.
// If the coroutine is cancelled meanwhile, the connection is broken off as well.
func (w *ResponseWriter) SendFile(f *os.File, offset, n int64) error {
	if offset < 0 || n < 0 {
		panic("http1: SendFile with a negative offset or length")
	}
	return w.sendAt(f, offset, n)
}

// sendAt is SendFile for whatever can be read at an offset.
func (w *ResponseWriter) sendAt(from io.ReaderAt, offset, n int64) error {
	if err := w.admit(n); err != nil {
		return err
	}
	if n == 0 || w.head {
		return nil
	}
	if f, ok := from.(*os.File); ok && (w.begun || w.length >= 0) {
		if err := w.push(nil); err != nil {
			return err
		}
		if !w.chunked && !w.coding.encodes() {
			return w.sendDirect(f, offset, n)
		}
	}
	return w.sendPieces(from, offset, n)
}

// sendDirect has the stream send from the file.
func (w *ResponseWriter) sendDirect(f *os.File, offset, n int64) error {
	c := w.ex.c
	sent := c.s.Sendfile(f, offset, n, nil)
	err := outlast(c, sent)
	if err != nil && !sent.Done() {
		c.s.Abort() // or it would go on reading from a file that its owner closes now
	}
	return err
}

// sendPieces sends what goroutines read.
func (w *ResponseWriter) sendPieces(from io.ReaderAt, offset, n int64) error {
	buf := make([]byte, min(n, maxPiece))
	for n > 0 {
		piece := buf[:min(n, maxPiece)]
		got, err := offload(w.ex.c.sv.l, func() (int, error) {
			got, err := from.ReadAt(piece, offset)
			if err == io.EOF {
				err = nil
			}
			return got, err
		})
		if err == nil && got < len(piece) {
			err = fmt.Errorf("http1: %d bytes of the file are missing: %w", n-int64(got), io.ErrUnexpectedEOF)
		}
		if err == nil {
			err = w.push(piece)
		}
		if err != nil {
			return err
		}
		offset += int64(got)
		n -= int64(got)
	}
	return nil
}
