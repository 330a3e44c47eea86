package http1

import (
	"io"
	"net/http"
	"os"

	"github.com/zonda-go/zonda/loop"
)

// This file is what a net/http handler sends before it ends: each time a job for the
// loop.

// send has the loop write what was collected, and p.
func (w *stdWriter) send(p []byte, flush bool) error {
	w.begun = true
	if len(w.buf) > 0 {
		w.begin(w.buf)
	} else {
		w.begin(p)
	}
	buf := w.buf
	w.buf = w.buf[:0]
	return w.c.ask(writing, func() error {
		w.tell()
		_, err := w.to.Write(buf)
		if err == nil {
			_, err = w.to.Write(p)
		}
		if err == nil && flush {
			err = w.to.Flush()
		}
		return err
	})
}

func (w *stdWriter) Flush() { _ = w.FlushError() }

// FlushError is what http.ResponseController's Flush calls.
func (w *stdWriter) FlushError() error {
	if w.hijacked {
		return http.ErrHijacked
	}
	if w.to.status == http.StatusSwitchingProtocols {
		return nil // Hijack sends it
	}
	return w.send(nil, true)
}

// EnableFullDuplex is what http.ResponseController's calls. It is always so.
func (w *stdWriter) EnableFullDuplex() error { return nil }

// copyBuffer is how much ReadFrom reads at a time.
const copyBuffer = 32 << 10

// ReadFrom copies src. Where it is a file and the response's length is known, the system
// does that (stream.Stream.Sendfile).
func (w *stdWriter) ReadFrom(src io.Reader) (n int64, err error) {
	f, limit := fileOf(src)
	if f == nil {
		return w.copyFrom(src)
	}
	if !w.wrote {
		w.fix(http.StatusOK)
	}
	if !w.typed || w.length < 0 || w.hijacked {
		return w.copyFrom(src)
	}
	offset, left := fileRest(f)
	left = min(left, limit, w.length-w.written)
	if left <= copyBuffer {
		return w.copyFrom(src)
	}
	if n, err = w.sendFile(f, offset, left); n > 0 {
		if _, err := f.Seek(offset+n, io.SeekStart); err != nil {
			return n, err
		}
		if l, ok := src.(*io.LimitedReader); ok {
			l.N -= n
		}
	}
	if err != nil {
		return n, err
	}
	more, err := w.copyFrom(src) // what the file has got since, or what is too much
	return n + more, err
}

// copyFrom copies through memory.
func (w *stdWriter) copyFrom(src io.Reader) (int64, error) {
	return io.CopyBuffer(struct{ io.Writer }{w}, struct{ io.Reader }{src}, make([]byte, copyBuffer))
}

// fileOf is the file that src reads, and how much of it.
func fileOf(src io.Reader) (f *os.File, limit int64) {
	limit = 1<<63 - 1
	if l, ok := src.(*io.LimitedReader); ok {
		src, limit = l.R, l.N
	}
	f, _ = src.(*os.File)
	return f, limit
}

// fileRest is where f is read next, and how much is there; nothing if it is no
// ordinary file.
func fileRest(f *os.File) (offset, left int64) {
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return 0, 0
	}
	offset, err = f.Seek(0, io.SeekCurrent)
	if err != nil {
		return 0, 0
	}
	return offset, info.Size() - offset
}

// sendFile has the loop send n bytes of f.
func (w *stdWriter) sendFile(f *os.File, offset, n int64) (sent int64, err error) {
	w.begin(nil)
	buf := w.buf
	w.buf = w.buf[:0]
	w.written += n
	err = w.c.ask(writing, func() error {
		w.tell()
		if _, err := w.to.Write(buf); err != nil {
			return err
		}
		sent, err = w.to.sendFile(f, offset, n)
		return err
	})
	return sent, err
}

// sendFile sends n bytes of f as part of a body whose length is known.
func (w *ResponseWriter) sendFile(f *os.File, offset, n int64) (int64, error) {
	if err := w.admit(n); err != nil {
		return 0, err
	}
	if w.head {
		return n, nil
	}
	if err := w.push(nil); err != nil {
		return 0, err
	}
	c := w.ex.c
	sent, err := loop.Await(c.sv.l.Current(), c.s.Sendfile(f, offset, n, nil))
	c.lost = c.lost || err != nil
	return sent, err
}
